#include "kernel/route_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "kernel/packet_filter.h"
#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Routing : public Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    run("ip link add name dmy0 type veth peer name dmy1 && ip link set dmy0 up && ip link set dmy1 up");
    run("ip address add 10.9.0.1/24 dev dmy0 && ip -6 address add 2001:db8::1/64 dev ens1 nodad");
    monitor = NetlinkSocket::open(NetlinkSocket::Purpose::monitor).value();
    EXPECT_TRUE(monitor->watch_routing(std::array<std::uint8_t, 1>{routing::protocol_keepalived}));
    requests = NetlinkSocket::open(NetlinkSocket::Purpose::requests).value();
    interfaces = table();
  }

  // What ip(8) says of something.
  static std::string told(const std::string& command) {
    std::string text;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::array<char, 1024> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
    (void)::pclose(pipe);
    return text;
  }
  static std::string told(const Route& route) {
    return told(std::string(route.family == Family::ipv4 ? "ip -4" : "ip -6") + " -d route show table all exact " +
                to_string(route.destination));
  }
  int carry_out(RouteRequest::Operation operation, const Route& route) {
    const auto refused = requests->carry_out(std::array{RouteRequest{operation, route}}, interfaces);
    EXPECT_TRUE(refused);
    return refused && !refused->empty() ? refused->front().code : 0;
  }
  int carry_out(RuleRequest::Operation operation, const Rule& rule) {
    const auto refused = requests->carry_out(std::array{RuleRequest{operation, rule}});
    EXPECT_TRUE(refused);
    return refused && !refused->empty() ? refused->front().code : 0;
  }
  // Is set, found by ip(8) with these words, and removed without a trace.
  void expect_round_trip(const Route& route, const std::vector<std::string>& words) {
    EXPECT_EQ(carry_out(RouteRequest::Operation::add, route), 0) << to_string(route);
    const std::string text = told(route);
    for (const std::string& word : words) EXPECT_THAT(text, HasSubstr(word));
    EXPECT_EQ(carry_out(RouteRequest::Operation::remove, route), 0);
    EXPECT_THAT(told(route), Not(HasSubstr("proto keepalived")));
  }
  void expect_round_trip(const Rule& rule, const std::vector<std::string>& words) {
    const std::string list = rule.family == Family::ipv4 ? "ip -d rule" : "ip -6 -d rule";
    EXPECT_EQ(carry_out(RuleRequest::Operation::add, rule), 0) << to_string(rule);
    EXPECT_EQ(carry_out(RuleRequest::Operation::add, rule), 0);  // there already
    const std::string text = told(list);
    for (const std::string& word : words) EXPECT_THAT(text, HasSubstr(word));
    EXPECT_EQ(carry_out(RuleRequest::Operation::remove, rule), 0);
    EXPECT_EQ(carry_out(RuleRequest::Operation::remove, rule), 0);  // gone already
    EXPECT_THAT(told(list), Not(HasSubstr("keepalived")));
  }
  static IpPrefix prefix(const std::string& address, std::uint8_t length) { return {ip(address), length}; }
  Route to(const std::string& address, std::uint8_t length = 24) const {
    const IpPrefix destination = prefix(address, length);
    return {.family = destination.address.family(), .destination = destination, .nexthop = {.device = "ens1"}};
  }
  template <typename Wanted>
  std::optional<Wanted> hear() {
    while (wait_readable(monitor->fd())) {
      const auto changes = monitor->read_changes();
      EXPECT_TRUE(changes && *changes);
      if (!changes || !*changes) break;
      for (const Change& change : **changes) {
        if (const auto* it = std::get_if<Wanted>(&change)) return *it;
      }
    }
    return std::nullopt;
  }

  std::optional<NetlinkSocket> monitor;
  std::optional<NetlinkSocket> requests;
  InterfaceTable interfaces;
};

TEST_F(Routing, an_ipv4_route_has_what_it_was_given) {
  Route route = to("10.20.0.0");
  route.nexthop.gateway = ip("10.0.0.2");
  route.nexthop.realms = 5 << 16 | 10;
  route.preferred_source = ip("10.0.0.1");
  route.table = 6909;
  route.tos = 0x10;
  route.metric = 12;
  route.metrics = {{RouteMetric::mtu, 1300}, {RouteMetric::rtt, 5 * 8000}, {RouteMetric::features, 1}};
  route.locked_metrics = 1U << static_cast<unsigned>(RouteMetric::mtu);
  route.congestion_control = "reno";
  expect_round_trip(route, {"via 10.0.0.2 dev ens1", "table 6909", "proto keepalived", "tos 0x10", "metric 12",
                            "mtu lock 1300", "rtt 5s", "features ecn", "congctl reno", "realms 5/10", "src 10.0.0.1"});
}

TEST_F(Routing, an_ipv6_route_has_what_it_was_given) {
  Route route = to("2001:db8:5::", 64);
  route.nexthop.gateway = ip("2001:db8::9");
  route.source = prefix("2001:db8:8::", 64);
  route.metric = 5;
  route.preference = 1;
  route.expires_seconds = 100;
  expect_round_trip(route, {"from 2001:db8:8::/64", "via 2001:db8::9", "metric 5", "pref high", "expires"});
}

TEST_F(Routing, several_nexthops_share_the_packets) {
  Route route = to("10.21.0.0");
  route.nexthop = {};
  route.nexthops = {{.gateway = ip("10.0.0.2"), .device = "ens1", .weight = 3},
                    {.gateway = ip("10.9.0.2"), .device = "dmy0", .weight = 7}};
  expect_round_trip(route, {"via 10.0.0.2 dev ens1 weight 3", "via 10.9.0.2 dev dmy0 weight 7"});
}

TEST_F(Routing, routes_that_lead_nowhere_and_a_default_route) {
  for (const auto& [type, word] :
       {std::pair(RouteType::blackhole, "blackhole"), std::pair(RouteType::unreachable, "unreachable"),
        std::pair(RouteType::prohibit, "prohibit"), std::pair(RouteType::throw_on, "throw")}) {
    Route route = to("10.22.0.0");
    route.type = type;
    route.nexthop = {};
    expect_round_trip(route, {word});
  }
  Route route = to("0.0.0.0", 0);
  route.nexthop.gateway = ip("10.0.0.2");
  expect_round_trip(route, {"default via 10.0.0.2"});
}

TEST_F(Routing, a_tunnel_s_metadata) {
  Route route = to("10.23.0.0");
  route.nexthop.encapsulation =
      IpTunnel{.id = 7, .destination = ip("10.2.2.2"), .source = ip("10.3.3.3"), .tos = 4, .ttl = 5};
  expect_round_trip(route, {"encap ip id 7 src 10.3.3.3 dst 10.2.2.2 ttl 5 tos 4"});
  route = to("2001:db8:6::", 64);
  route.nexthop.encapsulation = IpTunnel{.family = Family::ipv6, .destination = ip("2001:db8::77"), .tos = 6, .ttl = 5};
  expect_round_trip(route, {"encap ip6", "dst 2001:db8::77", "hoplimit 5 tc 6"});
}

TEST_F(Routing, two_routes_to_one_place_stand_beside_each_other) {
  Route first = to("10.24.0.0");
  first.nexthop.gateway = ip("10.0.0.2");
  Route second = first;
  second.nexthop.gateway = ip("10.0.0.3");
  second.placing = Route::Placing::append;
  EXPECT_EQ(carry_out(RouteRequest::Operation::add, first), 0);
  EXPECT_EQ(carry_out(RouteRequest::Operation::add, second), 0);
  EXPECT_EQ(carry_out(RouteRequest::Operation::add, first), 0);  // there already
  EXPECT_EQ(carry_out(RouteRequest::Operation::remove, first), 0);
  EXPECT_THAT(told(first), Not(HasSubstr("10.0.0.2")));
  EXPECT_THAT(told(first), HasSubstr("10.0.0.3"));
}

TEST_F(Routing, an_equal_route_of_somebody_else_is_left_alone) {
  run("ip route add 10.25.0.0/24 dev ens1 proto static");
  EXPECT_EQ(carry_out(RouteRequest::Operation::remove, to("10.25.0.0")), 0);
  EXPECT_THAT(told(to("10.25.0.0")), HasSubstr("proto static"));
}

TEST_F(Routing, the_kernel_names_what_it_refuses) {
  Route route = to("10.26.0.0");
  route.nexthop = {.gateway = ip("192.0.2.1")};
  EXPECT_EQ(carry_out(RouteRequest::Operation::add, route), ENETUNREACH);
}

TEST_F(Routing, a_route_waits_for_its_interface) {
  Route route = to("10.27.0.0");
  EXPECT_TRUE(can_be_set(route, interfaces));
  route.nexthop.device = "ens9";
  EXPECT_FALSE(can_be_set(route, interfaces));
  route.nexthop.device = "ens1";
  route.vrf = "ens1";  // which is none
  EXPECT_FALSE(can_be_set(route, interfaces));
}

TEST_F(Routing, a_removed_route_is_told_where_it_stood) {
  Route route = to("2001:db8:7::", 64);
  EXPECT_EQ(carry_out(RouteRequest::Operation::add, route), 0);
  run("ip -6 route del 2001:db8:7::/64 dev ens1");
  const auto change = hear<RouteChange>();
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->removed);
  EXPECT_EQ(change->slot, slot_of(route, table_of(route, interfaces)));
}

TEST_F(Routing, one_that_takes_another_s_place_is_told_and_what_routing_daemons_do_is_not) {
  Route route = to("10.28.0.0");
  EXPECT_EQ(carry_out(RouteRequest::Operation::add, route), 0);
  run("ip route add 10.29.0.0/24 dev ens1 proto bird && ip route del 10.29.0.0/24");
  run("ip route replace 10.28.0.0/24 via 10.0.0.2 proto bird");
  const auto change = hear<RouteChange>();
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->removed);
  EXPECT_EQ(change->slot, slot_of(route, routing::main_table));
}

TEST_F(Routing, rules_have_what_they_were_given) {
  expect_round_trip(Rule{.preference = 100,
                         .is_inverted = true,
                         .source = prefix("10.30.0.0", 24),
                         .destination = prefix("10.31.0.0", 16),
                         .tos = 0x10,
                         .input_device = "ens1",
                         .mark = 5,
                         .mark_mask = 7,
                         .realms = 3 << 16 | 4,
                         .suppressed_prefix_length = 3,
                         .suppressed_group = 5,
                         .table = 6908},
                    {"100:", "not from 10.30.0.0/24 to 10.31.0.0/16", "tos 0x10", "fwmark 0x5/0x7", "iif ens1",
                     "lookup 6908", "suppress_prefixlength 3", "suppress_ifgroup 5", "realms 3/4"});
  expect_round_trip(Rule{.family = Family::ipv6,
                         .preference = 101,
                         .output_device = "ens1",
                         .users = Range<std::uint32_t>{10, 20},
                         .ip_protocol = 6,
                         .source_ports = Range<std::uint16_t>{5, 10},
                         .destination_ports = Range<std::uint16_t>{80, 80},
                         .table = 9},
                    {"101:", "oif ens1", "uidrange 10-20", "ipproto tcp", "sport 5-10", "dport 80", "lookup 9"});
  expect_round_trip(Rule{.preference = 102, .tunnel_id = 77, .is_l3mdev = true}, {"tun_id 77", "[l3mdev-table]"});
  expect_round_trip(Rule{.preference = 103, .action = RuleAction::go_to, .go_to_rule = 32766}, {"goto 32766"});
  for (const auto& [action, word] :
       {std::pair(RuleAction::nop, "nop"), std::pair(RuleAction::blackhole, "blackhole"),
        std::pair(RuleAction::unreachable, "unreachable"), std::pair(RuleAction::prohibit, "prohibit")}) {
    expect_round_trip(Rule{.preference = 104, .source = prefix("10.32.0.0", 24), .action = action}, {word});
  }
}

TEST_F(Routing, a_removed_rule_is_told) {
  const Rule rule{.preference = 105, .source = prefix("10.33.0.0", 24), .table = 9};
  EXPECT_EQ(carry_out(RuleRequest::Operation::add, rule), 0);
  run("ip rule del pref 105");
  const auto change = hear<RuleChange>();
  ASSERT_TRUE(change);
  EXPECT_EQ(change->preference, 105U);
  EXPECT_EQ(change->family, Family::ipv4);
}

}  // namespace
}  // namespace baton::kernel
