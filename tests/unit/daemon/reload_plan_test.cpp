#include "daemon/reload_plan.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Event = ReloadPlan::Event;

const Instant now{1000s};

std::string instance(const std::string& name, int vrid, const std::string& addresses, const std::string& lines = "") {
  return "vrrp_instance " + name + " {\n  interface eth0\n  virtual_router_id " + std::to_string(vrid) +
         "\n  virtual_ipaddress {\n    " + addresses + "\n  }\n" + lines + "}\n";
}

RouterWill will_of(vrrp::State state, std::uint8_t priority = 100) {
  RouterWill will;
  will.router = {.state = state,
                 .reason = state == vrrp::State::fault ? vrrp::Reason::link_down : vrrp::Reason::master_down,
                 .since = now - 100s,
                 .last_advert_sent = now - 300ms,
                 .last_advert_accepted = now - 300ms,
                 .priority = priority};
  will.holds_addresses = state == vrrp::State::master;
  return will;
}

kernel::InterfaceTable machine(bool is_up) {
  kernel::InterfaceTable interfaces;
  interfaces.apply(kernel::LinkChange{{.index = 2, .name = "eth0", .is_up = is_up, .is_enabled = true}, false});
  interfaces.apply(kernel::AddressChange{
      .address = {.interface_index = 2, .address = {.address = *IpAddress::parse("10.0.0.14"), .length = 24}},
      .removed = false});
  return interfaces;
}

ReloadPlan planned(const std::string& old, const std::string& next, const RouterWills& wills, bool is_up = true) {
  return plan_reload(setup_of(old), setup_of(next), wills, machine(is_up), now);
}

TEST(ReloadPlan, of_the_same_configuration_is_empty) {
  const std::string text = instance("A", 1, "10.0.0.1");
  for (const auto state : {vrrp::State::master, vrrp::State::backup, vrrp::State::fault}) {
    const ReloadPlan plan = planned(text, text, {will_of(state)}, state != vrrp::State::fault);
    EXPECT_THAT(plan.changes, IsEmpty());
    EXPECT_THAT(plan.kernel, IsEmpty());
    EXPECT_THAT(plan.protocol, IsEmpty());
    EXPECT_EQ(plan.unchanged, 1U);
  }
}

TEST(ReloadPlan, a_master_says_its_new_priority_at_once) {
  const ReloadPlan plan = planned(instance("A", 1, "10.0.0.1"), instance("A", 1, "10.0.0.1", "  priority 150\n"),
                                  {will_of(vrrp::State::master)});
  ASSERT_EQ(plan.protocol.size(), 1U);
  EXPECT_THAT(plan.protocol[0].text, testing::StartsWith("stays MASTER; "));
  EXPECT_THAT(plan.protocol[0].text, testing::HasSubstr("sends an advert with priority 150 at once"));
  EXPECT_THAT(plan.kernel, IsEmpty());
}

TEST(ReloadPlan, only_a_master_touches_the_kernel) {
  const std::string old = instance("A", 1, "10.0.0.1");
  const std::string next = instance("A", 1, "10.0.0.2");
  EXPECT_THAT(planned(old, next, {will_of(vrrp::State::backup)}).kernel, IsEmpty());
  EXPECT_THAT(planned(old, next, {will_of(vrrp::State::master)}).kernel,
              ElementsAre("ip address del 10.0.0.1/32 dev eth0", "ip address add 10.0.0.2/32 dev eth0"));
}

TEST(ReloadPlan, a_master_that_is_taken_out_says_goodbye) {
  const ReloadPlan plan =
      planned(instance("A", 1, "10.0.0.1") + instance("B", 2, "10.0.0.2"), instance("B", 2, "10.0.0.2"),
              {will_of(vrrp::State::master), will_of(vrrp::State::backup)});
  EXPECT_THAT(
      plan.protocol,
      ElementsAre(Event{"A", "is taken out; sends a goodbye (priority 0), gives its addresses up; FAULT is told"}));
  EXPECT_THAT(plan.kernel, ElementsAre("ip address del 10.0.0.1/32 dev eth0"));
  EXPECT_EQ(plan.unchanged, 1U);
}

TEST(ReloadPlan, an_address_that_moves_between_two_masters_stays_in_the_kernel) {
  const ReloadPlan plan = planned(instance("A", 1, "10.0.0.1\n    10.0.0.9") + instance("B", 2, "10.0.0.2"),
                                  instance("A", 1, "10.0.0.1") + instance("B", 2, "10.0.0.2\n    10.0.0.9"),
                                  {will_of(vrrp::State::master), will_of(vrrp::State::master)});
  EXPECT_THAT(plan.kernel, IsEmpty());
}

TEST(ReloadPlan, routes_and_rules_go_before_addresses_and_come_after_them) {
  const std::string routing =
      "  virtual_routes {\n    default via 10.0.0.254 dev eth0\n  }\n  virtual_rules {\n    from 10.0.0.1 table 100\n  "
      "}\n";
  const std::string without = instance("A", 1, "10.0.0.2");
  const std::string with = instance("A", 1, "10.0.0.1", routing);
  const auto gone = planned(with, without, {will_of(vrrp::State::master)}).kernel;
  ASSERT_EQ(gone.size(), 4U);
  EXPECT_THAT(gone[0], testing::StartsWith("ip rule del pref "));
  EXPECT_THAT(gone[1], testing::StartsWith("ip route del default via 10.0.0.254"));
  EXPECT_EQ(gone[2], "ip address del 10.0.0.1/32 dev eth0");
  const auto come = planned(without, with, {will_of(vrrp::State::master)}).kernel;
  ASSERT_EQ(come.size(), 4U);
  EXPECT_THAT(come[3], testing::StartsWith("ip rule add pref "));
}

TEST(ReloadPlan, a_new_instance_is_a_backup_first) {
  const ReloadPlan plan =
      planned(instance("A", 1, "10.0.0.1"), instance("A", 1, "10.0.0.1") + instance("B", 2, "10.0.0.2"),
              {will_of(vrrp::State::master)});
  ASSERT_EQ(plan.protocol.size(), 1U);
  EXPECT_EQ(plan.protocol[0].instance, "B");
  EXPECT_THAT(plan.protocol[0].text, testing::StartsWith("is new; goes from INIT to BACKUP"));
  EXPECT_THAT(plan.kernel, IsEmpty());
}

TEST(ReloadPlan, who_lacks_its_interface_stays_in_fault) {
  const ReloadPlan plan = planned(instance("A", 1, "10.0.0.1"), instance("A", 1, "10.0.0.1", "  priority 150\n"),
                                  {will_of(vrrp::State::fault)}, false);
  ASSERT_EQ(plan.protocol.size(), 1U);
  EXPECT_THAT(plan.protocol[0].text, testing::StartsWith("stays FAULT"));
}

}  // namespace
}  // namespace baton::daemon
