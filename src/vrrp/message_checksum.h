// The three ways VRRP sums a message. Each yields the value for the checksum field when that is 0, and 0 when the field
// holds the right one.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace baton::vrrp {

// VRRPv2 (RFC 3768 §5.3.8), VRRPv3 over IPv4 (RFC 9568 §5.2.8).
std::uint16_t message_checksum(ByteView message);

// With the pseudo-header: VRRPv3 over IPv6, and over IPv4 as keepalived reads RFC 5798 §5.2.8. keepalived up to 1.3.6
// put the multicast group there as the destination of its unicast adverts.
std::uint16_t pseudo_header_checksum(ByteView message, const IpAddress& source, const IpAddress& destination);

}  // namespace baton::vrrp
