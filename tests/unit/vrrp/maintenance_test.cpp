// Maintenance: nobody here becomes MASTER (docs/decisions/0015).
#include "unit/vrrp/node_bench.h"

namespace baton::vrrp {
namespace {

using Wish = MaintenanceTold::Wish;

class MaintenanceBench : public NodeBench {
 public:
  using NodeBench::NodeBench;
  static MaintenanceBench master(NodeParameters parameters) { return MaintenanceBench(NodeBench::master(parameters)); }
  static MaintenanceBench backup(NodeParameters parameters) {
    MaintenanceBench bench(NodeBench::started(parameters));
    for (RouterId id = 0; id < bench->router_count(); ++id) bench.receive(id, peer());
    (void)bench.actions();
    return bench;
  }

  static Advert peer() { return advert(200); }
  void hand_over(RouterId id) { (*this)->handover(id, now(), pending_); }
  void wish(Wish wish) { (*this)->maintain(wish, now(), pending_); }
  NodeActions said() {
    NodeActions all = std::exchange(pending_, {});
    for (NodeAction& each : actions()) all.push_back(std::move(each));
    return all;
  }
  void relieve(RouterId id) {
    receive(id, peer());
    announcement(id);
  }

 private:
  explicit MaintenanceBench(NodeBench bench) : NodeBench(std::move(bench)) {}
  NodeActions pending_;
};

NodeParameters one(RouterParameters parameters = {}) {
  return {.routers = {router({}, parameters)}};
}
NodeParameters two() {
  return {.routers = {router(), router()}};
}
NodeParameters with_check() {
  return {.trackers = {{.name = "chk"}}, .routers = {router({{.tracker = 0, .weight = 0}})}};
}

TEST(Maintenance, a_backup_that_hears_its_master_is_held_down_at_once) {
  MaintenanceBench bench = MaintenanceBench::backup(one());
  bench.wish(Wish::ask);
  EXPECT_EQ(bench.said(), NodeActions{act(0, changed(State::backup, State::maintenance, Reason::maintenance))});
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
  EXPECT_EQ(bench->router(0).master(), MaintenanceBench::peer().source);
  EXPECT_FALSE(bench->next_timeout());
}

TEST(Maintenance, a_backup_counts_when_its_master_is_heard_after_the_question) {
  MaintenanceBench bench = MaintenanceBench::backup(one());
  bench.advance(500ms);
  bench.wish(Wish::ask);
  EXPECT_EQ(bench->maintenance(), Maintenance::asked);
  bench.receive(0, MaintenanceBench::peer());
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
}

TEST(Maintenance, a_master_that_has_died_a_moment_ago_is_no_healthy_peer) {
  MaintenanceBench bench = MaintenanceBench::backup(one());
  bench.advance(500ms);
  bench.wish(Wish::ask);
  bench.advance(6s);
  EXPECT_EQ(bench->maintenance(), Maintenance::refused);
  EXPECT_TRUE(bench->router(0).is_serving());
}

TEST(Maintenance, whoever_falls_silent_or_says_goodbye_it_takes_nothing_over) {
  MaintenanceBench bench = MaintenanceBench::backup(one());
  bench.wish(Wish::ask);
  (void)bench.said();
  bench.advance(60s);
  bench.receive(0, advert(spec::priority_stop));
  bench.advance(60s);
  EXPECT_EQ(bench.said(), NodeActions{});
  EXPECT_EQ(bench.state(0), State::maintenance);
  EXPECT_FALSE(bench->router(0).master());
}

TEST(Maintenance, a_lower_master_is_followed_and_not_answered) {
  MaintenanceBench bench = MaintenanceBench::backup(one());
  bench.wish(Wish::ask);
  (void)bench.said();
  const Advert lower = advert(50, 1s, third_address);
  bench.receive(0, lower);
  bench.advance(60s);
  EXPECT_EQ(bench.said(), NodeActions{act(0, MasterLearned{third_address, 50})});
}

TEST(Maintenance, who_goes_on_while_it_is_asked_for_may_take_back_what_has_moved) {
  MaintenanceBench bench = MaintenanceBench::master(two());
  bench.wish(Wish::ask);
  bench.relieve(0);
  ASSERT_EQ(bench->maintenance(), Maintenance::asked);  // the other one has no successor yet
  EXPECT_TRUE(bench->router(0).memory().yielded);
  EXPECT_FALSE(bench->memory(0).yielded);
  bench.relieve(1);
  ASSERT_EQ(bench->maintenance(), Maintenance::on);
}

TEST(Maintenance, a_handover_stays_one_for_who_goes_on) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.hand_over(0);
  bench.relieve(0);
  EXPECT_TRUE(bench->memory(0).yielded);
}

TEST(Maintenance, a_master_hands_over_first_and_serves_until_its_successor_does) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.wish(Wish::ask);
  EXPECT_EQ(priorities_sent(bench.said(), 0), Priorities{0});
  EXPECT_EQ(bench->maintenance(), Maintenance::asked);
  EXPECT_TRUE(bench->router(0).holds_addresses());
  bench.receive(0, MaintenanceBench::peer());
  EXPECT_TRUE(bench->router(0).holds_addresses());
  (void)bench.said();
  bench.announcement(0);
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
  const NodeActions said = bench.said();
  EXPECT_EQ(said.front(), act(0, changed(State::master, State::backup, Reason::handover)));
  EXPECT_EQ(said.back(), act(0, changed(State::backup, State::maintenance, Reason::maintenance)));
}

TEST(Maintenance, with_nobody_to_take_over_it_is_refused_and_nothing_stays_held) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.wish(Wish::ask);
  bench.advance(2s);
  EXPECT_EQ(bench->maintenance(), Maintenance::refused);
  EXPECT_EQ(bench->refused_by(), std::vector<RouterId>{0});
  EXPECT_TRUE(bench->router(0).is_serving());
  EXPECT_FALSE(bench->router(0).is_held());
}

TEST(Maintenance, refused_because_of_one_the_other_comes_back) {
  MaintenanceBench bench = MaintenanceBench::master(two());
  bench.wish(Wish::ask);
  bench.receive(0, advert(50));
  bench.announcement(0);
  EXPECT_EQ(bench.state(0), State::backup);
  bench.advance(2s);
  EXPECT_EQ(bench->maintenance(), Maintenance::refused);
  EXPECT_EQ(bench->refused_by(), std::vector<RouterId>{1});
  bench.receive(0, advert(50));  // lower than we are
  bench.advance(1s);
  EXPECT_EQ(bench.state(0), State::master);
}

TEST(Maintenance, one_that_was_relieved_and_lost_its_master_counts_no_more) {
  MaintenanceBench bench = MaintenanceBench::master(two());
  bench.wish(Wish::ask);
  bench.relieve(0);
  bench.receive(0, advert(spec::priority_stop));
  bench.relieve(1);
  EXPECT_EQ(bench->maintenance(), Maintenance::asked);
  bench.advance(2s);
  EXPECT_EQ(bench->maintenance(), Maintenance::refused);
  EXPECT_EQ(bench->refused_by(), std::vector<RouterId>{0});
}

TEST(Maintenance, a_backup_without_a_master_is_awaited_and_asks_when_it_rises) {
  MaintenanceBench bench(one());
  bench.start();
  bench.wish(Wish::ask);
  EXPECT_EQ(bench->maintenance(), Maintenance::asked);
  bench.advance(3700ms);
  EXPECT_EQ(bench.state(0), State::master);
  EXPECT_TRUE(bench->router(0).is_leaving());
  bench.relieve(0);
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
}

TEST(Maintenance, is_refused_at_its_bound) {
  MaintenanceBench bench(one({.advert_interval = 40s}));
  bench.start();
  bench.wish(Wish::ask);
  bench.advance(limits::maintenance_patience - 1ns);
  EXPECT_EQ(bench->maintenance(), Maintenance::asked);
  bench.advance(1ns);
  EXPECT_EQ(bench->maintenance(), Maintenance::refused);
}

TEST(Maintenance, a_fault_is_no_obstacle_and_stays_a_fault) {
  MaintenanceBench bench(with_check());
  bench.tracker(0, up);
  bench.start();
  bench.tracker(0, down);
  bench.wish(Wish::ask);
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
  EXPECT_EQ(bench.state(0), State::fault);
  (void)bench.said();
  bench.tracker(0, up);
  EXPECT_EQ(bench.said(), NodeActions{act(0, changed(State::fault, State::maintenance, Reason::tracked_up))});
  bench.tracker(0, down);
  EXPECT_EQ(bench.said(), NodeActions{act(0, changed(State::maintenance, State::fault, Reason::tracked_down))});
}

TEST(Maintenance, forced_a_master_asks_and_lets_go_in_any_case) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.wish(Wish::force);
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
  EXPECT_TRUE(bench->has_master());
  EXPECT_EQ(priorities_sent(bench.said(), 0), Priorities{0});
  bench.advance(2s);
  EXPECT_FALSE(bench->has_master());
  const NodeActions said = bench.said();
  EXPECT_EQ(priorities_sent(said, 0), Priorities{0});
  EXPECT_EQ(said.back(), act(0, changed(State::master, State::maintenance, Reason::maintenance)));
  bench.advance(60s);
  EXPECT_EQ(bench.said(), NodeActions{});
}

TEST(Maintenance, forced_a_master_serves_until_its_successor_does) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.wish(Wish::force);
  bench.receive(0, MaintenanceBench::peer());
  EXPECT_TRUE(bench->router(0).holds_addresses());
  bench.announcement(0);
  EXPECT_EQ(bench.state(0), State::maintenance);
  EXPECT_EQ(bench->router(0).master(), MaintenanceBench::peer().source);
}

TEST(Maintenance, forced_while_it_yields_a_master_does_not_stay_when_the_better_one_goes) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.receive(0, MaintenanceBench::peer());
  ASSERT_TRUE(bench->router(0).is_leaving());
  bench.wish(Wish::force);
  bench.receive(0, advert(spec::priority_stop));
  bench.advance(3s);
  EXPECT_EQ(bench.state(0), State::maintenance);
}

TEST(Maintenance, told_before_the_start_there_is_no_moment_of_master) {
  MaintenanceBench bench(one({.base_priority = spec::priority_owner, .wanted_state = State::master}));
  bench.wish(Wish::ask);
  bench.start();
  bench.advance(60s);
  EXPECT_EQ(bench.said(), NodeActions{act(0, changed(State::init, State::maintenance, Reason::start))});
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
}

TEST(Maintenance, over_it_is_a_backup_with_a_fresh_wait_and_preempts_as_configured) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.wish(Wish::ask);
  bench.relieve(0);
  bench.advance(60s);
  (void)bench.said();
  bench.wish(Wish::off);
  EXPECT_EQ(bench.said(), NodeActions{act(0, changed(State::maintenance, State::backup, Reason::maintenance_over))});
  EXPECT_EQ(bench->next_timeout(), bench.now() + bench->router(0).master_down_interval());
  bench.receive(0, advert(50));
  bench.advance(1s);
  EXPECT_EQ(bench.state(0), State::master);
}

TEST(Maintenance, over_it_waits_for_a_slow_master_as_long_as_that_one_says) {
  MaintenanceBench bench = MaintenanceBench::backup(one({.version = Version::v3}));
  bench.receive(0, advert(200, 10s));
  bench.wish(Wish::ask);
  bench.wish(Wish::off);
  bench.advance(30s);
  EXPECT_EQ(bench.state(0), State::backup);
  bench.advance(7s);
  EXPECT_EQ(bench.state(0), State::master);
}

TEST(Maintenance, over_before_a_forced_master_has_let_go_it_may_stay) {
  MaintenanceBench bench = MaintenanceBench::master(one());
  bench.wish(Wish::force);
  bench.wish(Wish::off);
  bench.advance(3s);
  EXPECT_TRUE(bench->router(0).is_serving());
}

TEST(Maintenance, a_sync_group_goes_together) {
  MaintenanceBench bench = MaintenanceBench::master(group_of(2));
  bench.wish(Wish::ask);
  bench.relieve(0);
  EXPECT_EQ(bench->maintenance(), Maintenance::asked);
  bench.relieve(1);
  EXPECT_EQ(bench->maintenance(), Maintenance::on);
  EXPECT_EQ(bench->group_state(0), State::maintenance);
  bench.advance(60s);
  EXPECT_EQ(bench.state(0), State::maintenance);
  EXPECT_EQ(bench.state(1), State::maintenance);
  (void)bench.said();
  bench.wish(Wish::off);
  EXPECT_EQ(bench.said().back(), told(State::maintenance, State::backup));
}

TEST(Maintenance, a_sync_group_is_refused_together) {
  MaintenanceBench bench = MaintenanceBench::master(group_of(2));
  bench.wish(Wish::ask);
  bench.advance(3s);
  EXPECT_EQ(bench->maintenance(), Maintenance::refused);
  EXPECT_EQ(bench->refused_by(), (std::vector<RouterId>{0, 1}));
  EXPECT_TRUE(bench->router(0).is_serving());
  EXPECT_TRUE(bench->router(1).is_serving());
}

TEST(Maintenance, forced_a_sync_group_lets_go_together) {
  MaintenanceBench bench = MaintenanceBench::master(group_of(2));
  bench.wish(Wish::force);
  bench.advance(3s);
  EXPECT_EQ(bench.state(0), State::maintenance);
  EXPECT_EQ(bench.state(1), State::maintenance);
  EXPECT_EQ(bench->group_state(0), State::maintenance);
}

TEST(Maintenance, a_worker_that_goes_on_is_held_down_without_a_word) {
  MaintenanceBench before = MaintenanceBench::backup(one());
  before.wish(Wish::ask);
  MaintenanceBench bench(one());
  bench.wish(Wish::force);
  bench.resume({before->router(0).memory()});
  bench.advance(60s);
  EXPECT_EQ(bench.said(), NodeActions{});
  EXPECT_EQ(bench.state(0), State::maintenance);
  EXPECT_EQ(bench->router(0).master(), MaintenanceBench::peer().source);
}

TEST(Maintenance, a_worker_that_goes_on_as_a_master_that_was_leaving_lets_go) {
  MaintenanceBench before = MaintenanceBench::master(one());
  before.wish(Wish::force);
  MaintenanceBench bench(one());
  bench.wish(Wish::force);
  bench.resume({before->router(0).memory()});
  bench.advance(3s);
  EXPECT_EQ(bench.state(0), State::maintenance);
}

TEST(Maintenance, a_worker_that_goes_on_after_it_is_a_backup) {
  MaintenanceBench before = MaintenanceBench::backup(one());
  before.wish(Wish::ask);
  MaintenanceBench bench(one());
  bench.resume({before->router(0).memory()});
  EXPECT_EQ(bench.state(0), State::backup);
  bench.advance(4s);
  EXPECT_EQ(bench.state(0), State::master);
}

TEST(Maintenance, a_stop_ends_it) {
  MaintenanceBench bench = MaintenanceBench::backup(one());
  bench.wish(Wish::ask);
  bench.stop();
  EXPECT_TRUE(bench->is_stopped());
}

}  // namespace
}  // namespace baton::vrrp
