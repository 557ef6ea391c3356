// What was seen on a host and on its wires, as plain values: the shells (src/probe) look, the judges here conclude.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "kernel/ruleset.h"

namespace baton::doctor {

// A look that was not made, and why: never passed over in silence.
struct NotLooked {
  std::string look;  // "the firewall"
  std::string why;
  std::string mend;

  bool operator==(const NotLooked&) const = default;
};

// A port of a bridge.
struct BridgePort {
  std::string name;
  bool is_forwarding = true;
  bool floods_multicast = true;
  bool is_isolated = false;
};

// A bridge that an interface is, or belongs to.
struct Bridge {
  std::string name;
  bool snoops = false;
  bool has_querier = false;       // itself
  bool hears_querier_v4 = false;  // another one
  bool hears_querier_v6 = false;
  std::vector<BridgePort> ports;
};

struct HeldAddress {
  IpPrefix address;
  bool is_duplicate = false;  // the kernel found another owner (IPv6, DAD)
  bool is_host_scope = false;
};

struct Interface {
  std::string name;
  std::uint32_t index = 0;
  MacAddress mac;
  bool is_enabled = true;     // IFF_UP
  bool has_carrier = true;    // IFF_RUNNING
  bool has_multicast = true;  // IFF_MULTICAST
  bool is_ethernet = true;
  std::uint32_t group = 0;
  std::string kind;
  std::string base;    // the interface it stands on
  std::string bridge;  // that it is a port of
  std::vector<HeldAddress> addresses;
  int reverse_path_filter = 0;  // as it counts: the larger of `all` and its own
  int arp_ignore = 0;           // likewise
  bool has_ipv6 = true;         // not disable_ipv6
};

// By which interface an answer to this address would leave.
struct RouteBack {
  IpAddress to;
  std::string interface;  // empty: no route
};

// A process that speaks VRRP or CARP on this host, in our network namespace.
struct RivalDaemon {
  enum class Kind : std::uint8_t { batond, keepalived, frr, other };
  Kind kind = Kind::other;
  std::string name;
  int pid = 0;
  bool lacks_raw = false;    // CAP_NET_RAW, of the process that sends
  bool lacks_admin = false;  // CAP_NET_ADMIN
};

struct HostFacts {
  std::map<std::string, Interface> interfaces;  // all of them
  std::map<std::string, Bridge> bridges;
  std::vector<RouteBack> routes_back;
  bool forwards_v4 = false;
  bool forwards_v6 = false;
  bool binds_foreign_v4 = false;  // ip_nonlocal_bind
  bool binds_foreign_v6 = false;
  std::set<IpAddress> listened_addresses;  // a local service listens on this very address
  std::vector<RivalDaemon> daemons;        // the first process of each
  bool may_have_raw = true;                // CAP_NET_RAW can be had here at all (the bounding set)
  bool may_have_admin = true;
  std::optional<kernel::Ruleset> ruleset;  // nullopt: not looked
};

}  // namespace baton::doctor
