// Interfaces that Baton makes: macvlan (a MAC address of its own on another interface) and ipvlan (an address of its
// own behind the other interface's MAC), as values; and what is asked of the kernel about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/mac_address.h"

struct nlmsghdr;

namespace baton::kernel {

enum class StackedKind : std::uint8_t { macvlan, ipvlan };
enum class IpvlanFlag : std::uint8_t { bridge, isolated, vepa };  // ip-link(8): bridge, private, vepa

// A macvlan is always in mode private: two routers on one interface do not hear each other, and a frame from outside
// that bears the interface's own MAC reaches it all the same (macvlan_handle_frame in Linux).
struct StackedInterface {
  StackedKind kind = StackedKind::macvlan;
  std::string name;  // at most 15 bytes
  std::uint32_t base_index = 0;
  std::optional<MacAddress> mac;  // macvlan
  IpvlanFlag ipvlan_flag = IpvlanFlag::bridge;
  std::uint32_t group = 0;   // link group, ip-link(8)
  std::uint32_t master = 0;  // VRF it belongs to; 0: none

  bool operator==(const StackedInterface&) const = default;
};

struct LinkRequest {
  enum class Operation : std::uint8_t { make, set_up, remove };
  Operation operation = Operation::make;
  StackedInterface interface;  // make
  std::uint32_t index = 0;     // set_up, remove
};

// Writes the request into a message's header and payload (at most netlink::most_a_request bytes). A made interface is
// down: its settings are made before it is set up.
void put_request(nlmsghdr* message, const LinkRequest& request);

}  // namespace baton::kernel
