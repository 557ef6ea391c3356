// What every VRRP daemon must do, asked of keepalived and of Baton alike: the lab measures, these tests believe only in
// who has the address. Times are judged in bench/.
#include "pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

class Failover : public testing::TestWithParam<Daemon> {
 protected:
  void SetUp() override {
    if (GetParam() == Daemon::batond && !has_batond()) GTEST_SKIP() << "batond is not built";
  }
  PairOptions both() const { return {.daemons = {GetParam(), GetParam()}}; }
};

TEST_P(Failover, start_ends_with_exactly_one_owner_the_better_one) {
  Pair pair(both());
  ASSERT_TRUE(pair);
  EXPECT_TRUE(pair.wait_for_owner(web1)) << pair.log();
}

TEST_P(Failover, sigterm_moves_the_address_and_a_start_brings_it_back) {
  Pair pair(both());
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  Pair::expect_done(pair->signal_daemon(web1, Role::guardian, SIGTERM));
  EXPECT_TRUE(pair.wait_for_owner(web2)) << pair.log();
  Pair::expect_done(pair->start_daemon(web1));
  EXPECT_TRUE(pair.wait_for_owner(web1)) << pair.log();
}

TEST_P(Failover, a_link_that_goes_down_moves_the_address) {
  Pair pair(both());
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  Pair::expect_done(pair->set_link(web1, "ens33", false));
  EXPECT_TRUE(pair.wait_for_owner(web2)) << pair.log();
  Pair::expect_done(pair->set_link(web1, "ens33", true));
  EXPECT_TRUE(pair.wait_for_owner(web1)) << pair.log();
}

TEST_P(Failover, a_cable_that_is_pulled_moves_the_address) {
  Pair pair(both());
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  Pair::expect_done(pair->set_carrier(web1, "ens33", false));
  EXPECT_TRUE(pair.wait_for_owner(web2)) << pair.log();
}

TEST_P(Failover, a_cut_at_the_switch_makes_two_owners_and_its_end_makes_one) {
  Pair pair(both());
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  Pair::expect_done(pair->set_forwarding(web1, "ens33", false));
  EXPECT_TRUE(pair->wait_until([&] { return pair.owners().size() == 2; }, 8s)) << pair.log();
  Pair::expect_done(pair->set_forwarding(web1, "ens33", true));
  EXPECT_TRUE(pair->wait_until([&] { return pair.owners() == std::set<NodeId>{web1}; }, 8s)) << pair.log();
}

TEST_P(Failover, a_machine_that_vanishes_loses_the_address_and_gets_it_back_on_return) {
  Pair pair(both());
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  Pair::expect_done(pair->power_off(web1));
  EXPECT_TRUE(pair.wait_for_owner(web2)) << pair.log();
  Pair::expect_done(pair->power_on(web1));
  EXPECT_TRUE(pair.wait_for_owner(web1)) << pair.log();
}

TEST_P(Failover, with_nopreempt_the_address_stays_where_it_is) {
  PairOptions options = both();
  options.extra = "  nopreempt\n";
  Pair pair(options);
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair->wait_until([&] { return pair.owners().size() == 1; }, 15s)) << pair.log();
  if (pair.owners().contains(web1)) {  // on a busy machine web2 may have come to it first
    Pair::expect_done(pair->signal_daemon(web1, Role::guardian, SIGTERM));
    ASSERT_TRUE(pair.wait_for_owner(web2)) << pair.log();
    Pair::expect_done(pair->start_daemon(web1));
  }
  const bool moved = pair->wait_until([&] { return pair.owners() != std::set<NodeId>{web2}; }, 5s);
  EXPECT_FALSE(moved) << pair.log();
}

TEST_P(Failover, the_page_comes_from_the_server_that_has_the_address) {
  PairOptions options = both();
  options.has_web = true;
  Pair pair(options);
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  EXPECT_TRUE(pair->wait_until([&] { return pair->pages()->last_answered_by() == web1; }, 15s)) << pair.log();
  Pair::expect_done(pair->signal_daemon(web1, Role::guardian, SIGTERM));
  EXPECT_TRUE(pair->wait_until([&] { return pair->pages()->last_answered_by() == web2; }, 15s)) << pair.log();
}

INSTANTIATE_TEST_SUITE_P(With, Failover, testing::Values(Daemon::keepalived, Daemon::batond),
                         [](const auto& one) { return std::string(name(one.param)); });

}  // namespace
}  // namespace baton::lab
