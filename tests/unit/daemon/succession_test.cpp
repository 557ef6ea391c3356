#include "daemon/succession.h"

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

std::string instance(const std::string& name, const std::string& vrid, const std::string& addresses) {
  return "vrrp_instance " + name + " {\n  interface eth0\n  virtual_router_id " + vrid + "\n  virtual_ipaddress {\n" +
         addresses + "  }\n}\n";
}

TEST(Succession, goes_by_the_virtual_router_id_and_not_by_name_or_order) {
  const auto old = setup_of(instance("A", "1", "    10.0.0.1\n") + instance("B", "2", "    10.0.0.2\n"));
  const auto next = setup_of(instance("C", "2", "    10.0.0.2\n") + instance("D", "3", "    10.0.0.3\n"));
  const auto places = successors(old, next);
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0], std::nullopt);
  EXPECT_EQ(places[1], 0U);
}

TEST(Succession, a_router_whose_every_address_was_mistyped_loses_all) {
  const auto old = setup_of(instance("A", "1", "    10.0.0.1\n"));
  EXPECT_EQ(loses_all_addresses(old, setup_of(instance("A", "1", "    10.0.0.999\n"))), "A");
  EXPECT_EQ(loses_all_addresses(old, setup_of(instance("A", "1", "    10.0.0.2\n"))), std::nullopt);
  EXPECT_EQ(loses_all_addresses(old, setup_of(instance("A", "2", "    10.0.0.2\n"))), std::nullopt);
}

TEST(Succession, who_has_no_successor_is_told_of_with_its_last_priority) {
  const auto old = setup_of(instance("A", "1", "    10.0.0.1\n") + instance("B", "2", "    10.0.0.2\n") +
                            instance("C", "3", "    10.0.0.3\n"));
  const auto next = setup_of(instance("B2", "2", "    10.0.0.2\n"));
  std::vector<std::optional<RouterWill>> wills(3);
  wills[0].emplace().router.priority = 104;
  const auto gone = vanished(old, next, wills);
  ASSERT_EQ(gone.size(), 2U);
  EXPECT_EQ(gone[0].name, "A");
  EXPECT_EQ(gone[0].priority, 104U);
  EXPECT_EQ(gone[1].name, "C");
  EXPECT_EQ(gone[1].priority, 100U);  // its base: it left no will
}

// What was told of a group is owed by that group alone: one that a reload makes has told nobody, and owes nothing for
// what its routers were before.
TEST(Succession, news_is_owed_to_the_group_that_was_there_before) {
  const std::string routers = instance("A", "1", "    10.0.0.1\n") + instance("B", "2", "    10.0.0.2\n");
  const auto old = setup_of("vrrp_sync_group G {\n  group {\n    A\n    B\n  }\n}\n" + routers);
  const auto next = setup_of("vrrp_sync_group H {\n  group {\n    A\n    B\n  }\n}\n" + routers);
  RouterWills wills(2);
  for (auto& will : wills) {
    will.emplace().router.state = vrrp::State::master;
    will->told = {.router = vrrp::State::backup, .group = vrrp::State::backup};
  }
  EXPECT_EQ(inheritance(old, old, wills).wills[0]->told.group, vrrp::State::backup) << "untold still";
  const auto inherited = inheritance(old, next, wills).wills;
  EXPECT_EQ(inherited[0]->told.group, vrrp::State::master);
  EXPECT_EQ(inherited[0]->told.router, vrrp::State::backup) << "the router is the same one";
}

}  // namespace
}  // namespace baton::daemon
