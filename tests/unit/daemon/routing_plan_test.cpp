#include "daemon/routing_plan.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* two_that_share = R"(
track_group TG {
  group {
    B
  }
}
static_routes {
  10.50.0.0/24 via 10.0.0.254 track_group TG
}
vrrp_instance A {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    10.0.0.1/24
  }
  virtual_routes {
    10.60.0.0/24 via 10.0.0.254 dev eth0
    10.61.0.0/24 src 10.0.0.1 dev eth0
  }
  virtual_rules {
    from 10.60.0.0/24 table 9 preference 100
  }
}
vrrp_instance B {
  interface eth0
  virtual_router_id 2
  virtual_ipaddress {
    10.0.0.2/24
  }
  virtual_routes {
    10.60.0.0/24 via 10.0.0.254 dev eth0
    10.62.0.0/24 dev eth1 no_track
  }
}
)";
constexpr vrrp::RouterId a = 0;
constexpr vrrp::RouterId b = 1;

struct Bench {
  Setup setup = setup_of(two_that_share);
  kernel::InterfaceTable interfaces;
  RoutingPlan plan{setup};

  Bench() {
    link("eth0", 2);
    plan.begin();
    (void)settle();
  }
  void link(const char* name, std::uint32_t index) {
    interfaces.apply(kernel::LinkChange{{.index = index, .name = name, .is_up = true}, false});
  }
  template <typename Requests>
  void tell(const Requests& requests, std::vector<std::string>& done, int code) {
    for (const auto& request : requests) {
      using Operation = decltype(request.operation);
      std::string text = request.operation == Operation::add ? "+" : "-";
      if constexpr (requires { request.route; }) {
        text += to_string(request.route.destination);
      } else {
        text += std::to_string(request.rule.preference);
      }
      done.push_back(text);
      if (const auto line = plan.note(request, code)) log.push_back(*line);
    }
  }
  // A kernel that does what it is asked, or answers everything with `code`.
  std::vector<std::string> settle(int code = 0) {
    std::vector<std::string> done;
    for (int i = 0; i < 100 && !plan.is_settled(); ++i) {
      tell(plan.rules_to_remove(10), done, code);
      tell(plan.routes_to_remove(interfaces, 10), done, code);
      tell(plan.routes_to_add(interfaces, 10), done, code);
      tell(plan.rules_to_add(10), done, code);
    }
    EXPECT_TRUE(plan.is_settled());
    return done;
  }
  kernel::RouteChange gone(const char* destination) const {
    return {.slot = {.table = 254, .destination = {*IpAddress::parse(destination), 24}}, .removed = true};
  }
  std::vector<std::string> log;
};

TEST(RoutingPlan, rules_follow_routes_when_they_come_and_go_before_them) {
  Bench bench;
  bench.plan.set_holding(a, true);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.60.0.0/24", "+10.61.0.0/24", "+100"));
  bench.plan.set_holding(a, false);
  EXPECT_THAT(bench.settle(), ElementsAre("-100", "-10.60.0.0/24", "-10.61.0.0/24"));
}

TEST(RoutingPlan, what_an_earlier_life_may_have_left_is_removed_at_the_start) {
  const daemon::Setup setup = setup_of(two_that_share);
  RoutingPlan plan(setup);
  kernel::InterfaceTable interfaces;
  interfaces.apply(kernel::LinkChange{{.index = 2, .name = "eth0", .is_up = true}, false});
  plan.begin(
      {.routes = {Route{.destination = {IpAddress::v4(0x0a4d0000), 24}, .nexthop = {.device = "eth0"}}}, .rules = {}});
  EXPECT_EQ(plan.rules_to_remove(10).size(), 1U);
  EXPECT_EQ(plan.routes_to_remove(interfaces, 10).size(), 4U);  // eth1 is not there, and no route through it
  EXPECT_TRUE(plan.is_settled());
}

TEST(RoutingPlan, a_route_stays_as_long_as_one_of_its_routers_holds_it) {
  Bench bench;
  bench.plan.set_holding(a, true);
  bench.plan.set_holding(b, true);
  (void)bench.settle();
  bench.plan.set_holding(a, false);
  EXPECT_THAT(bench.settle(), ElementsAre("-100", "-10.61.0.0/24"));
}

TEST(RoutingPlan, what_somebody_removes_is_put_back_if_it_is_held) {
  Bench bench;
  bench.plan.on_change(bench.gone("10.60.0.0"), bench.interfaces);
  EXPECT_THAT(bench.settle(), IsEmpty());
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  bench.plan.on_change(bench.gone("10.60.0.0"), bench.interfaces);
  bench.plan.on_change({.family = Family::ipv4, .preference = 100});
  bench.plan.on_change({.family = Family::ipv6, .preference = 100});
  EXPECT_THAT(bench.settle(), ElementsAre("+10.60.0.0/24", "+100"));
}

TEST(RoutingPlan, routes_that_leave_without_a_word_are_put_back) {
  Bench bench;
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  bench.plan.on_address_removed(*IpAddress::parse("10.0.0.1"), "eth0", false);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.61.0.0/24"));
  bench.plan.on_address_removed(*IpAddress::parse("10.0.0.7"), "eth0", true);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.60.0.0/24", "+10.61.0.0/24"));
  bench.plan.on_link_change("eth0");
  EXPECT_THAT(bench.settle(), ElementsAre("+10.60.0.0/24", "+10.61.0.0/24"));
  bench.plan.on_link_change("veth1234");
  EXPECT_THAT(bench.settle(), testing::IsEmpty()) << "no container takes them along";
}

TEST(RoutingPlan, a_route_waits_for_its_interface) {
  Bench bench;
  bench.plan.set_holding(b, true);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.60.0.0/24"));
  bench.link("eth1", 3);
  bench.plan.on_link_change("eth1");
  EXPECT_THAT(bench.settle(), ElementsAre("+10.62.0.0/24"));
}

TEST(RoutingPlan, a_refusal_is_said_once_and_tried_again_when_an_address_comes) {
  Bench bench;
  bench.plan.hold_static(true);
  EXPECT_THAT(bench.settle(ENETUNREACH), ElementsAre("+10.50.0.0/24"));
  EXPECT_THAT(bench.log, ElementsAre(testing::HasSubstr("add route 10.50.0.0/24 via 10.0.0.254")));
  EXPECT_FALSE(bench.plan.lacks_static(a));
  EXPECT_TRUE(bench.plan.lacks_static(b));  // its track_group
  bench.plan.on_address_added();
  EXPECT_THAT(bench.settle(ENETUNREACH), ElementsAre("+10.50.0.0/24"));
  EXPECT_EQ(bench.log.size(), 1U);
  bench.plan.on_address_added();
  EXPECT_THAT(bench.settle(), ElementsAre("+10.50.0.0/24"));
  EXPECT_THAT(bench.log.back(), testing::HasSubstr("is set now"));
  EXPECT_FALSE(bench.plan.lacks_static(b));
  bench.plan.on_address_added();
  EXPECT_THAT(bench.settle(), IsEmpty());
}

TEST(Setup, interfaces_of_followed_routes_and_static_entries_are_links_of_a_router) {
  const daemon::Setup setup =
      setup_of(std::string(two_that_share) +
               "static_rules {\nfrom 10.1.0.0/16 iif eth5 table 9 preference 7 track_group TG\n}\n");
  EXPECT_THAT(setup.node.routers[a].links, ElementsAre("eth0"));
  EXPECT_THAT(setup.node.routers[b].links, ElementsAre("eth0", "eth5"));
}

}  // namespace
}  // namespace baton::daemon
