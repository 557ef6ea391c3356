// A whole server: trackers, links, resume, one timer.
#include "unit/vrrp/node_bench.h"

namespace baton::vrrp {
namespace {

// ---------------------------------------------------------------- trackers

NodeParameters with_script(int weight, std::uint8_t base = 100) {
  return {.trackers = {{.name = "chk_nginx"}},
          .routers = {router({{.tracker = 0, .weight = weight}}, {.base_priority = base})}};
}

TEST(Node, a_weight_0_tracker_without_a_result_keeps_the_router_in_init_silently) {
  NodeBench bench(with_script(0));
  bench.start();
  EXPECT_EQ(bench.actions(), NodeActions{});
  EXPECT_EQ(bench.state(0), State::init);
  bench.tracker(0, up);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::init, State::backup, Reason::start))});
}

TEST(Node, a_first_result_that_is_down_is_a_fault) {
  NodeBench bench(with_script(0));
  bench.start();
  bench.tracker(0, down);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::init, State::fault, Reason::tracked_down))});
}

TEST(Node, a_weighted_tracker_without_a_result_contributes_nothing) {
  NodeBench bench = NodeBench::started(with_script(4));
  EXPECT_EQ(bench.state(0), State::backup);
  EXPECT_EQ(bench->router(0).priority(), 100);
  bench.tracker(0, up);
  EXPECT_EQ(bench->router(0).priority(), 104);
}

TEST(Node, results_told_before_the_start_count_for_it) {
  NodeBench bench(with_script(4));
  bench.tracker(0, up);
  bench.start();
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::init, State::backup, Reason::start))});
  EXPECT_EQ(bench->router(0).priority(), 104);
}

TEST(Node, a_repeated_result_does_nothing) {
  NodeBench bench = NodeBench::started(with_script(4));
  bench.tracker(0, up);
  (void)bench.actions();
  bench.tracker(0, up);
  EXPECT_EQ(bench.actions(), NodeActions{});
}

TEST(Node, names_the_parts_of_a_priority) {
  NodeBench bench = NodeBench::started(with_script(4));
  bench.tracker(0, up);
  EXPECT_EQ(bench->priority_parts(0), (std::vector<PriorityPart>{{"base", 100}, {"chk_nginx", 4}}));
}

TEST(Node, an_owner_has_no_weighted_trackers) {
  NodeBench bench = NodeBench::started(with_script(-50, 255));
  bench.tracker(0, down);
  EXPECT_EQ(bench->router(0).priority(), 255);
}

TEST(Node, one_tracker_moves_every_router_that_tracks_it) {
  NodeBench bench = NodeBench::started(
      {.trackers = {{.name = "t"}}, .routers = {router({{.weight = 4}}), router(), router({{.weight = -4}})}});
  bench.tracker(0, up);
  EXPECT_EQ(bench->router(0).priority(), 104);
  EXPECT_EQ(bench->router(1).priority(), 100);
  EXPECT_EQ(bench->router(2).priority(), 100);
}

TEST(Node, a_weight_0_tracker_that_fails_is_a_fault_until_it_is_up) {
  NodeBench bench(with_script(0));
  bench.tracker(0, up);
  bench.start();
  bench.advance(5s);
  (void)bench.actions();
  bench.tracker(0, down);
  EXPECT_EQ(bench.actions(), (NodeActions{act(0, sent(0)), act(0, sent(0)),
                                          act(0, changed(State::master, State::fault, Reason::tracked_down))}));
  bench.tracker(0, up);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::fault, State::backup, Reason::tracked_up))});
}

// ---------------------------------------------------------------- links and source addresses

TEST(Node, a_link_that_goes_down_is_a_fault_of_the_routers_on_it) {
  NodeParameters parameters{.routers = {router(), router()}};
  parameters.routers[1].links = {"eth1"};
  NodeBench bench = NodeBench::started(std::move(parameters));
  bench.link("eth0", false);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::backup, State::fault, Reason::link_down))});
  bench.link("eth0", true);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::fault, State::backup, Reason::link_up))});
  bench.link("eth7", false);
  EXPECT_EQ(bench.actions(), NodeActions{});
}

// keepalived 2.4.3 keeps one bit for all interfaces and leaves FAULT with the first that is back.
TEST(Node, of_two_links_down_both_must_come_back) {
  NodeParameters parameters{.routers = {router()}};
  parameters.routers[0].links = {"eth0", "eth1"};
  NodeBench bench = NodeBench::started(std::move(parameters));
  bench.link("eth0", false);
  bench.link("eth1", false);
  bench.link("eth0", true);
  EXPECT_EQ(bench.state(0), State::fault);
  bench.link("eth1", true);
  EXPECT_EQ(bench.state(0), State::backup);
}

TEST(Node, dont_track_primary_stays_with_its_own_link_down) {
  NodeParameters parameters{.routers = {router()}};
  parameters.routers[0].links = {"eth0", "eth1"};
  parameters.routers[0].dont_track_primary = true;
  NodeBench bench = NodeBench::started(std::move(parameters));
  bench.link("eth0", false);
  EXPECT_EQ(bench.state(0), State::backup);
  bench.link("eth1", false);
  EXPECT_EQ(bench.state(0), State::fault);
}

TEST(Node, without_a_source_address_there_is_no_master) {
  NodeBench bench = NodeBench::started({.routers = {router()}});
  bench.source(0, std::nullopt);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::backup, State::fault, Reason::no_source_address))});
  bench.source(0, own_address);
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::fault, State::backup, Reason::source_address_back))});
}

TEST(Node, a_link_down_at_the_start_is_a_fault_from_the_start) {
  NodeBench bench({.routers = {router()}});
  bench.link("eth0", false);
  bench.start();
  EXPECT_EQ(bench.actions(), NodeActions{act(0, changed(State::init, State::fault, Reason::link_down))});
}

TEST(Node, a_router_that_cannot_run_as_configured_is_in_fault) {
  NodeBench bench = NodeBench::started({.routers = {router()}});
  NodeActions out;
  bench->on_configuration_fault(0, true, bench.now(), out);
  EXPECT_EQ(out, NodeActions{act(0, changed(State::backup, State::fault, Reason::configuration))});
}

// ---------------------------------------------------------------- resume

TEST(Node, resumes_masters_silently_and_at_once) {
  NodeBench before = NodeBench::master({.routers = {router(), router()}});
  NodeBench after({.routers = {router(), router()}});
  after.advance(before.now() - after.now());
  after.resume({before->router(0).memory(), std::nullopt});
  EXPECT_EQ(after.actions(),
            (NodeActions{act(0, sent(100)), act(1, changed(State::init, State::backup, Reason::start))}));
}

TEST(Node, a_resumed_router_keeps_its_priority_until_its_trackers_are_known) {
  NodeBench before(with_script(4));
  before.tracker(0, up);
  before.start();
  before.advance(15s);
  NodeBench after(with_script(4));
  after.advance(before.now() - after.now());
  after.resume({before->router(0).memory()});
  EXPECT_EQ(after.actions(), NodeActions{act(0, sent(104))});
  after.tracker(0, down);
  EXPECT_EQ(after->router(0).priority(), 100);
}

TEST(Node, a_resumed_master_does_not_wait_for_a_weight_0_tracker) {
  NodeBench before(with_script(0));
  before.tracker(0, up);
  before.start();
  before.advance(15s);
  NodeBench after(with_script(0));
  after.advance(before.now() - after.now());
  after.resume({before->router(0).memory()});
  EXPECT_EQ(after.state(0), State::master);
}

// It would become BACKUP for as long as its check takes, tell everybody so, and with a short interval be MASTER before.
TEST(Node, a_resumed_router_stays_in_fault_until_its_weight_0_trackers_are_known) {
  NodeBench before(with_script(0));
  before.start();
  before.tracker(0, up);
  before.tracker(0, down);
  for (const TrackerValue& verdict : {down, up}) {
    NodeBench after(with_script(0));
    after.advance(before.now() - after.now());
    after.resume({before->router(0).memory()});
    after.advance(10s);
    EXPECT_EQ(after.actions(), NodeActions{});
    EXPECT_EQ(after.state(0), State::fault);
    after.tracker(0, verdict);
    EXPECT_EQ(after.state(0), verdict == up ? State::backup : State::fault);
  }
}

TEST(Node, a_resumed_group_is_not_told_again) {
  NodeBench before = NodeBench::master(group_of(2));
  NodeBench after(group_of(2));
  after.advance(before.now() - after.now());
  after.resume({before->router(0).memory(), before->router(1).memory()});
  EXPECT_EQ(after.actions(), (NodeActions{act(0, sent(100)), act(1, sent(100))}));
}

// ---------------------------------------------------------------- stop, size

TEST(Node, a_router_that_never_started_stops_silently) {
  NodeBench bench(with_script(0));
  bench.start();
  bench.stop();
  bench.tracker(0, up);
  EXPECT_EQ(bench.actions(), NodeActions{});
  EXPECT_TRUE(bench->is_stopped());
}

TEST(Node, an_empty_one_is_stopped_when_told_so) {
  NodeBench bench({});
  bench.start();
  EXPECT_EQ(bench->next_timeout(), std::nullopt);
  EXPECT_FALSE(bench->is_stopped());
  bench.stop();
  EXPECT_TRUE(bench->is_stopped());
}

TEST(Node, an_advert_touches_its_router_alone) {
  NodeBench bench = NodeBench::started({.routers = std::vector(1000, router())});
  bench.advance(1s);
  bench.receive(500, advert(200));
  EXPECT_EQ(bench->next_timeout(), bench->router(0).next_timeout());
  EXPECT_EQ(bench.actions(), NodeActions{act(500, MasterLearned{peer_address, 200})});
}

// Thousands that are due at once are served in parts, so that the first adverts need not wait for the last.
TEST(Node, serves_no_more_due_routers_than_it_is_asked_to) {
  NodeBench bench = NodeBench::master({.trackers = {}, .routers = {router(), router(), router()}, .groups = {}});
  const Instant due = *bench->next_timeout();
  NodeActions actions;
  bench->on_timeout(due, actions, 2);
  EXPECT_EQ(actions.size(), 2U);
  EXPECT_EQ(bench->next_timeout(), due);
  bench->on_timeout(due, actions, 2);
  EXPECT_EQ(actions.size(), 3U);
  EXPECT_GT(bench->next_timeout(), due);
}

}  // namespace
}  // namespace baton::vrrp
