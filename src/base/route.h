// Routes and policy rules as rtnetlink(7) knows them, but with interfaces by their names: what is written in a
// configuration and what is told to the kernel speak of the same thing. Numbers are the kernel's
// (linux/rtnetlink.h, linux/fib_rules.h).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"

namespace baton {

namespace routing {

inline constexpr std::uint8_t protocol_keepalived = 18;  // RTPROT_KEEPALIVED: how such daemons mark what is theirs
inline constexpr std::uint32_t main_table = 254;         // RT_TABLE_MAIN
inline constexpr unsigned most_weight = 256;             // of a nexthop

}  // namespace routing

// RTN_*.
enum class RouteType : std::uint8_t {
  unicast = 1,
  local,
  broadcast,
  anycast,
  multicast,
  blackhole,
  unreachable,
  prohibit,
  throw_on,
  nat,
  xresolve,
};

// encap ip, encap ip6: metadata for a tunnel device.
struct IpTunnel {
  Family family = Family::ipv4;
  std::uint64_t id = 0;
  std::optional<IpAddress> destination;
  std::optional<IpAddress> source;
  std::uint8_t tos = 0;  // traffic class
  std::uint8_t ttl = 0;  // hop limit; 0: inherited
  std::uint16_t flags = 0;
  auto operator<=>(const IpTunnel&) const = default;
};
// encap mpls: outermost label first, 20 bits each.
struct MplsLabels {
  std::vector<std::uint32_t> labels;
  auto operator<=>(const MplsLabels&) const = default;
};
// encap ila.
struct IlaLocator {
  std::uint64_t locator = 0;  // as its four groups are read, most significant first
  auto operator<=>(const IlaLocator&) const = default;
};
using Encapsulation = std::variant<std::monostate, IpTunnel, MplsLabels, IlaLocator>;

struct Nexthop {
  std::optional<IpAddress> gateway;
  std::string device;   // empty: where the gateway is
  unsigned weight = 1;  // 1..256
  bool on_link = false;
  Encapsulation encapsulation;
  std::uint32_t realms = 0;  // source in the upper 16 bits
  auto operator<=>(const Nexthop&) const = default;
};

// RTAX_*, of those that are a number.
enum class RouteMetric : std::uint8_t {
  mtu = 2,
  window = 3,
  rtt = 4,     // 1/8 ms
  rttvar = 5,  // 1/4 ms
  ssthresh = 6,
  cwnd = 7,
  advmss = 8,
  reordering = 9,
  hoplimit = 10,
  initcwnd = 11,
  features = 12,
  rto_min = 13,  // ms
  initrwnd = 14,
  quickack = 15,
  fastopen_no_cookie = 17,
};

struct RouteMetricValue {
  RouteMetric metric = RouteMetric::mtu;
  std::uint32_t value = 0;
  auto operator<=>(const RouteMetricValue&) const = default;
};

struct Route {
  // How it is put beside routes to the same destination: before them, only where there are none, or behind them.
  enum class Placing : std::uint8_t { prepend, alone, append };

  Family family = Family::ipv4;
  RouteType type = RouteType::unicast;
  IpPrefix destination;                       // of `family`; 0/0 is the default route
  std::optional<IpPrefix> source;             // IPv6: for packets from there
  std::optional<IpAddress> preferred_source;  // of packets that leave by it
  Nexthop nexthop;                            // its weight does not count
  std::vector<Nexthop> nexthops;              // multipath: instead of `nexthop`
  std::uint8_t tos = 0;
  std::uint32_t table = routing::main_table;
  std::string vrf;  // the table of this device instead
  std::uint8_t protocol = routing::protocol_keepalived;
  std::uint8_t scope = 0;                        // 0 global, 200 site, 253 link, 254 host
  std::optional<std::uint32_t> metric;           // nullopt: the kernel's
  std::optional<std::uint32_t> expires_seconds;  // IPv6
  std::vector<RouteMetricValue> metrics;         // each at most once
  std::uint32_t locked_metrics = 0;              // bit N: metric N
  std::string congestion_control;
  std::optional<std::uint8_t> preference;     // IPv6, RFC 4191: 0 medium, 1 high, 3 low
  std::optional<std::uint8_t> ttl_propagate;  // MPLS: 0, 1
  Placing placing = Placing::prepend;

  auto operator<=>(const Route&) const = default;
};

// As `ip route` would be told it: "10.9.0.0/24 via 10.1.0.1 dev eth0 table 100 metric 5".
std::string to_string(const Route& route);
// The interfaces it names, each once.
std::vector<std::string> devices_of(const Route& route);

template <typename Number>
struct Range {
  Number first{};
  Number last{};
  auto operator<=>(const Range&) const = default;
};

// FR_ACT_*.
enum class RuleAction : std::uint8_t { lookup = 1, go_to = 2, nop = 3, blackhole = 6, unreachable = 7, prohibit = 8 };

struct Rule {
  Family family = Family::ipv4;
  std::uint32_t preference = 0;
  bool is_inverted = false;             // not
  std::optional<IpPrefix> source;       // nullopt: all
  std::optional<IpPrefix> destination;  // nullopt: all
  std::uint8_t tos = 0;
  std::string input_device;
  std::string output_device;
  std::optional<std::uint32_t> mark;
  std::optional<std::uint32_t> mark_mask;  // nullopt: all bits
  std::optional<std::uint64_t> tunnel_id;
  std::optional<Range<std::uint32_t>> users;
  std::optional<std::uint8_t> ip_protocol;
  std::optional<Range<std::uint16_t>> source_ports;
  std::optional<Range<std::uint16_t>> destination_ports;
  std::uint32_t realms = 0;
  std::optional<std::uint32_t> suppressed_prefix_length;
  std::optional<std::uint32_t> suppressed_group;
  std::uint8_t protocol = routing::protocol_keepalived;
  RuleAction action = RuleAction::lookup;
  std::uint32_t table = 0;       // lookup; 0 with l3mdev
  bool is_l3mdev = false;        // the table of the VRF the packet is in
  std::uint32_t go_to_rule = 0;  // go_to: its preference

  auto operator<=>(const Rule&) const = default;
};

// As `ip rule` prints it: "16384: from 10.0.0.0/24 lookup 100".
std::string to_string(const Rule& rule);
std::vector<std::string> devices_of(const Rule& rule);

}  // namespace baton
