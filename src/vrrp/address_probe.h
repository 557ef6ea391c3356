// Asking the LAN who has an address, without claiming it: an ARP probe (RFC 5227 §2.1.1) and a neighbour solicitation
// (RFC 4861 §4.3). Whole Ethernet frames for a packet socket; decode_announcement() reads the answers.
#pragma once

#include <optional>

#include "base/ip_address.h"
#include "base/mac_address.h"

namespace baton::vrrp {

// 42 bytes. The sender address is 0.0.0.0, so that nobody's cache learns anything.
Bytes arp_probe(const IpAddress& target, const MacAddress& mac);

// 86 bytes, from an address of ours: with the unspecified one (RFC 4862 §5.4) a node that is just putting the address
// on would take us for another owner and give it up.
Bytes neighbour_solicitation(const IpAddress& target, const IpAddress& source, const MacAddress& mac);

// A question that teaches: its sender is an address of ours, at `mac`. A neighbour whose MAC address is given alone
// hears an ARP request; a solicitation goes to the target's group, where few listen.
Bytes teaching_question(const IpAddress& ours, const MacAddress& mac, const IpAddress& target,
                        const std::optional<MacAddress>& to);

}  // namespace baton::vrrp
