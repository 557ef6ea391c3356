// Telling the LAN where a virtual address lives now: gratuitous ARP (RFC 826, as keepalived sends it) and unsolicited
// neighbour advertisement (RFC 4861 §7.2.6). Whole Ethernet frames for a packet socket.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "base/mac_address.h"

namespace baton::vrrp {

// 42 bytes. Request form, target hardware address all ones: what keepalived sends and every switch has seen.
Bytes gratuitous_arp(const IpAddress& address, const MacAddress& mac);

// 86 bytes. `router` sets the R flag: RFC 9568 §8.2.3 wants it for routers, hosts must not claim it.
Bytes unsolicited_neighbour_advertisement(const IpAddress& address, const MacAddress& mac, bool router);

// Somebody says where an address lives: any ARP packet (sender fields) or any neighbour advertisement with a target
// link-layer option. nullopt for every other frame.
struct HeardAnnouncement {
  IpAddress address;
  MacAddress mac;
  bool operator==(const HeardAnnouncement&) const = default;
};
std::optional<HeardAnnouncement> decode_announcement(ByteView frame);

// Of some virtual router, 00:00:5e:00:01:VRID or 00:00:5e:00:02:VRID (RFC 9568 §7.3).
bool is_virtual_router(const MacAddress& mac);

// An answer to a question whose sender was an address of ours (address_probe.h): an ARP reply, or a neighbour
// advertisement to that address.
struct HeardAnswer {
  IpAddress ours;
  MacAddress mac;  // where the neighbour believes that address to be
  IpAddress by;
  bool operator==(const HeardAnswer&) const = default;
};
std::optional<HeardAnswer> decode_answer(ByteView frame);

}  // namespace baton::vrrp
