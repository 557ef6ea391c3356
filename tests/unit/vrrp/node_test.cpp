// A whole server: trackers, links, sync groups, one timer.
#include "vrrp/node.h"

#include "unit/vrrp/bench.h"

namespace baton::vrrp {

void PrintTo(const RouterAction& each, std::ostream* out) {
  *out << "router " << each.router << ": " << testing::PrintToString(each.action);
}
void PrintTo(const GroupAction& each, std::ostream* out) {
  *out << "group " << each.group << ": " << name(each.action.from) << " -> " << name(each.action.to);
}

namespace {

constexpr TrackerValue up{.status = TrackerStatus::up};
constexpr TrackerValue down{.status = TrackerStatus::down};

NodeRouterParameters router(std::vector<Tracking> tracking = {}, RouterParameters parameters = {}) {
  return {.name = "VI", .router = parameters, .tracking = std::move(tracking), .links = {"eth0"}};
}

NodeAction act(RouterId id, const Action& action) {
  return RouterAction{id, action};
}
NodeAction told(State from, State to) {
  return GroupAction{0, {from, to}};
}

class NodeBench {
 public:
  explicit NodeBench(NodeParameters parameters) : node_(std::move(parameters)) {
    for (RouterId id = 0; id < node_.router_count(); ++id) node_.on_source(id, own_address, now_, actions_);
  }
  static NodeBench started(NodeParameters parameters) {
    NodeBench bench(std::move(parameters));
    bench.start();
    (void)bench.actions();
    return bench;
  }
  static NodeBench master(NodeParameters parameters) {
    NodeBench bench = started(std::move(parameters));
    bench.advance(15s);
    for (RouterId id = 0; id < bench->router_count(); ++id) EXPECT_EQ(bench->router(id).state(), State::master);
    (void)bench.actions();
    return bench;
  }

  void start() { node_.start(now_, actions_); }
  void stop() { node_.stop(now_, actions_); }
  void handover(RouterId id) { node_.handover(id, now_, actions_); }
  void tracker(TrackerId id, TrackerValue value) { node_.on_tracker(id, value, now_, actions_); }
  void link(const std::string& interface, bool is_up) { node_.on_link(interface, is_up, now_, actions_); }
  void source(RouterId id, std::optional<IpAddress> address) { node_.on_source(id, address, now_, actions_); }
  void receive(RouterId id, const Advert& heard) { node_.on_advert(id, heard, now_, actions_); }
  void announcement(RouterId id) { node_.on_announcement(id, virtual_address, now_, actions_); }
  void resume(const std::vector<std::optional<RouterMemory>>& memory) { node_.resume(memory, now_, actions_); }
  void advance(Duration span) {
    const Instant end = now_ + span;
    while (node_.next_timeout() && *node_.next_timeout() <= end) {
      now_ = std::max(now_, *node_.next_timeout());
      node_.on_timeout(now_, actions_);
      ASSERT_TRUE(!node_.next_timeout() || *node_.next_timeout() > now_);
    }
    now_ = end;
  }

  NodeActions actions() { return std::exchange(actions_, {}); }
  State state(RouterId id) const { return node_.router(id).state(); }
  Instant now() const { return now_; }
  Node* operator->() { return &node_; }

 private:
  Node node_;
  Instant now_{1000s};
  NodeActions actions_;
};

std::vector<std::uint8_t> priorities_sent(const NodeActions& actions, RouterId id) {
  std::vector<std::uint8_t> priorities;
  for (const NodeAction& each : actions) {
    const auto* of_router = std::get_if<RouterAction>(&each);
    if (of_router == nullptr || of_router->router != id) continue;
    if (const auto* sent_advert = std::get_if<SendAdvert>(&of_router->action)) {
      priorities.push_back(sent_advert->priority);
    }
  }
  return priorities;
}

using Priorities = std::vector<std::uint8_t>;

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

// ---------------------------------------------------------------- sync groups

NodeParameters group_of(std::size_t size, RouterParameters parameters = {}) {
  NodeParameters node{.routers = std::vector(size, router({}, parameters)), .groups = {{.name = "G1"}}};
  for (RouterId id = 0; id < size; ++id) {
    node.routers[id].links = {"eth" + std::to_string(id)};
    node.groups[0].members.push_back(id);
  }
  return node;
}

TEST(Group, starts_as_backup_and_is_told_after_its_members) {
  NodeBench bench(group_of(2));
  bench.start();
  EXPECT_EQ(bench.actions(), (NodeActions{act(0, changed(State::init, State::backup, Reason::start)),
                                          act(1, changed(State::init, State::backup, Reason::start)),
                                          told(State::init, State::backup)}));
}

TEST(Group, a_member_whose_time_comes_first_waits_anew) {
  NodeBench bench = NodeBench::started(group_of(2));
  bench.advance(1s);
  bench.receive(1, advert(200));
  bench.advance(2700ms);  // the first has waited long enough, the second has not
  EXPECT_EQ(bench.state(0), State::backup);
  EXPECT_TRUE(bench->router(0).wants_master());
  EXPECT_GT(bench->router(0).next_timeout(), bench.now() + 3s);
}

TEST(Group, the_last_member_that_wants_makes_all_master) {
  NodeBench bench = NodeBench::started(group_of(2));
  bench.advance(1s);
  bench.receive(1, advert(200));
  (void)bench.actions();
  bench.advance(bench->router(1).master_down_interval());
  EXPECT_EQ(bench.actions(),
            (NodeActions{act(0, sent(100)), act(0, Announce{5}),
                         act(0, changed(State::backup, State::master, Reason::master_down)), act(1, sent(100)),
                         act(1, Announce{5}), act(1, changed(State::backup, State::master, Reason::master_down)),
                         told(State::backup, State::master)}));
}

TEST(Group, a_wish_is_given_up_when_a_master_is_heard) {
  NodeBench bench = NodeBench::started(group_of(2));
  bench.advance(3s);
  bench.receive(1, advert(200));
  bench.advance(1s);
  bench.receive(0, advert(200));
  EXPECT_FALSE(bench->router(0).wants_master());
}

TEST(Group, owners_are_master_at_start_only_together) {
  const RouterParameters owner{.base_priority = 255, .wanted_state = State::master};
  NodeBench all(group_of(2, owner));
  all.start();
  EXPECT_EQ(all.state(0), State::master);
  EXPECT_EQ(all.state(1), State::master);

  NodeParameters mixed = group_of(2, owner);
  mixed.routers[1].router = {};
  NodeBench some(std::move(mixed));
  some.start();
  EXPECT_EQ(some.state(0), State::backup);
}

TEST(Group, a_fault_of_one_member_is_a_fault_of_all) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.link("eth1", false);
  EXPECT_EQ(
      bench.actions(),
      (NodeActions{act(1, sent(0)), act(1, sent(0)), act(1, changed(State::master, State::fault, Reason::link_down)),
                   act(0, sent(0)), act(0, changed(State::master, State::fault, Reason::sync_group)),
                   told(State::master, State::fault)}));
}

TEST(Group, leaves_fault_with_its_last_member) {
  NodeBench bench = NodeBench::started(group_of(3));
  bench.link("eth1", false);
  bench.link("eth2", false);
  bench.link("eth1", true);
  for (RouterId id = 0; id < 3; ++id) EXPECT_EQ(bench.state(id), State::fault);
  (void)bench.actions();
  bench.link("eth2", true);
  for (RouterId id = 0; id < 3; ++id) EXPECT_EQ(bench.state(id), State::backup);
  EXPECT_EQ(bench.actions().back(), told(State::fault, State::backup));
}

// keepalived waits for the master-down time on the members that were not said goodbye to.
TEST(Group, a_goodbye_for_one_member_is_a_goodbye_for_all) {
  NodeBench bench = NodeBench::started(group_of(2));
  bench.receive(0, advert(200));
  bench.receive(1, advert(200));
  bench.receive(0, advert(0));
  bench.advance(bench->router(1).skew_time());
  EXPECT_EQ(bench.state(0), State::master);
  EXPECT_EQ(bench.state(1), State::master);
}

// Found by the simulator: the shortened interval is announced on one LAN, the wait is for both.
TEST(Group, a_hasty_goodbye_for_one_member_is_as_hasty_for_all) {
  NodeBench bench = NodeBench::started(group_of(2, {.version = Version::v3, .advert_interval = 1s}));
  bench.receive(0, advert(200));
  bench.receive(1, advert(200));
  bench.receive(0, advert(200, 250ms));
  bench.receive(0, advert(0, 250ms));
  bench.advance(Duration(250ms) * 156 / 256);
  EXPECT_EQ(bench.state(1), State::master);
}

TEST(Group, a_goodbye_during_the_startup_delay_hurries_nobody) {
  NodeBench bench = NodeBench::started(group_of(2, {.startup_delay = 10s}));
  const auto deadline = bench->next_timeout();
  bench.receive(0, advert(0));
  EXPECT_EQ(bench->next_timeout(), deadline);
}

TEST(Group, all_members_leave_for_a_better_master_and_each_lingers_for_its_own_successor) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.receive(0, advert(200));
  EXPECT_TRUE(bench->router(0).is_leaving());
  EXPECT_TRUE(bench->router(1).is_leaving());
  EXPECT_EQ(bench.actions(), NodeActions{});
  bench.receive(1, advert(200));
  bench.announcement(0);
  EXPECT_EQ(bench.state(0), State::backup);
  EXPECT_TRUE(bench->router(1).holds_addresses());
  EXPECT_EQ(bench->group_state(0), State::master);
  (void)bench.actions();
  bench.announcement(1);
  EXPECT_EQ(bench.actions(),
            (NodeActions{act(1, changed(State::master, State::backup, Reason::sync_group)),
                         act(1, MasterLearned{peer_address, 200}), told(State::master, State::backup)}));
}

TEST(Group, a_member_without_a_successor_lets_go_with_a_goodbye) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.receive(0, advert(200));
  bench.announcement(0);
  (void)bench.actions();
  bench.advance(limits::linger_after_advert);
  EXPECT_EQ(priorities_sent(bench.actions(), 1), Priorities{0});
  EXPECT_EQ(bench.state(1), State::backup);
}

TEST(Group, a_handover_takes_all_members_along) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.handover(1);
  EXPECT_EQ(bench.actions(), (NodeActions{act(0, sent(0)), act(1, sent(0))}));
  bench.receive(0, advert(50));
  bench.receive(1, advert(50));
  bench.announcement(0);
  bench.announcement(1);
  EXPECT_EQ(bench->group_state(0), State::backup);
  bench.advance(1s);
  bench.receive(0, advert(50));
  bench.receive(1, advert(50));
  bench.advance(2s);
  EXPECT_EQ(bench->group_state(0), State::backup);  // not taken back
}

TEST(Group, a_handover_that_nobody_takes_leaves_the_whole_group_master) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.handover(0);
  bench.advance(2s);
  EXPECT_EQ(bench.state(0), State::master);
  EXPECT_EQ(bench.state(1), State::master);
  EXPECT_FALSE(bench->router(0).is_leaving());
  EXPECT_FALSE(bench->router(1).is_leaving());
}

TEST(Group, a_handover_that_one_member_made_the_others_make) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.handover(0);
  bench.receive(0, advert(50));
  bench.announcement(0);
  (void)bench.actions();
  bench.advance(2s);
  EXPECT_EQ(bench.state(1), State::backup);
  EXPECT_EQ(bench->router(1).reason(), Reason::handover);
}

TEST(Group, a_lower_master_of_one_member_makes_all_announce) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.receive(0, advert(50));
  EXPECT_EQ(bench.actions(), (NodeActions{act(0, sent(100)), act(0, Announce{5}),
                                          act(0, LowerPriorityHeard{advert(50)}), act(1, Announce{5})}));
}

TEST(Group, overslept_members_let_go_together_and_send_nothing) {
  NodeBench bench = NodeBench::master(group_of(2));
  const Instant woken = bench.now() + 20s;
  NodeActions out;
  bench->on_timeout(woken, out);
  EXPECT_EQ(bench.state(0), State::backup);
  EXPECT_EQ(bench.state(1), State::backup);
  EXPECT_EQ(priorities_sent(out, 0), Priorities{});
  EXPECT_EQ(priorities_sent(out, 1), Priorities{});
}

TEST(Group, weighted_trackers_of_members_are_dropped_and_those_of_the_group_kept) {
  NodeParameters parameters = group_of(2);
  parameters.trackers = {{.name = "own"}, {.name = "shared"}};
  parameters.routers[0].tracking = {{.tracker = 0, .weight = 10}};
  parameters.groups[0].tracking = {{.tracker = 1, .weight = 20}};
  NodeParameters allowed = parameters;
  allowed.groups[0].tracking_weight = true;

  NodeBench bench = NodeBench::started(std::move(parameters));
  bench.tracker(0, up);
  bench.tracker(1, up);
  EXPECT_EQ(bench->router(0).priority(), 120);
  EXPECT_EQ(bench->router(1).priority(), 120);

  NodeBench with_weight = NodeBench::started(std::move(allowed));
  with_weight.tracker(0, up);
  EXPECT_EQ(with_weight->router(0).priority(), 110);
}

// A group whose first member knows a better peer, as MASTER; its check fails.
NodeBench group_asking_relief() {
  NodeParameters parameters = group_of(2, {.base_priority = 104});
  parameters.trackers = {{.name = "t"}};
  parameters.groups[0].tracking = {{.tracker = 0, .weight = -10}};
  NodeBench bench(std::move(parameters));
  bench.tracker(0, up);
  bench.start();
  bench.receive(0, advert(102));
  bench.advance(15s);
  EXPECT_EQ(bench->group_state(0), State::master);
  (void)bench.actions();
  bench.tracker(0, down);
  return bench;
}

// Found by the simulator: the other members let go after 200 ms, long before the successor rose.
TEST(Group, relief_for_one_member_is_relief_for_all_and_all_serve_until_their_successor_does) {
  NodeBench bench = group_asking_relief();
  EXPECT_EQ(priorities_sent(bench.actions(), 1), Priorities{0});
  bench.advance(600ms);
  for (RouterId id = 0; id < 2; ++id) EXPECT_TRUE(bench->router(id).holds_addresses());
  bench.receive(0, advert(102));
  bench.receive(1, advert(102));
  bench.announcement(0);
  EXPECT_TRUE(bench->router(1).holds_addresses());
  bench.announcement(1);
  EXPECT_EQ(bench->group_state(0), State::backup);
}

TEST(Group, relief_that_nobody_gives_leaves_the_whole_group_master) {
  NodeBench bench = group_asking_relief();
  bench.advance(2s);
  for (RouterId id = 0; id < 2; ++id) EXPECT_TRUE(bench->router(id).is_serving());
}

TEST(Group, stops_as_one) {
  NodeBench bench = NodeBench::master(group_of(2));
  bench.stop();
  EXPECT_FALSE(bench->is_stopped());
  bench.receive(0, advert(50));
  bench.announcement(0);
  EXPECT_FALSE(bench->is_stopped());
  (void)bench.actions();
  bench.receive(1, advert(50));
  bench.announcement(1);
  EXPECT_TRUE(bench->is_stopped());
  EXPECT_EQ(bench.actions(),
            (NodeActions{act(1, changed(State::master, State::init, Reason::stop)), told(State::master, State::init)}));
}

TEST(Group, that_stops_is_stopped_by_a_fault_of_one_member) {
  NodeBench bench = NodeBench::master(group_of(3));
  bench.stop();
  bench.receive(0, advert(50));
  (void)bench.actions();
  bench.link("eth1", false);
  EXPECT_TRUE(bench->is_stopped());
  const NodeActions actions = bench.actions();
  EXPECT_EQ(priorities_sent(actions, 0), Priorities{});  // it is relieved already
  EXPECT_EQ(priorities_sent(actions, 1), (Priorities{0, 0}));
  EXPECT_EQ(priorities_sent(actions, 2), Priorities{0});
  EXPECT_EQ(actions.back(), told(State::master, State::init));
  bench.link("eth1", true);
  EXPECT_EQ(bench.actions(), NodeActions{});
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

TEST(Node, a_resumed_group_is_not_told_again) {
  NodeBench before = NodeBench::master(group_of(2));
  NodeBench after(group_of(2));
  after.advance(before.now() - after.now());
  after.resume({before->router(0).memory(), before->router(1).memory()});
  EXPECT_EQ(after.actions(), (NodeActions{act(0, sent(100)), act(1, sent(100))}));
}

// ---------------------------------------------------------------- what a reload adds to a group

std::vector<std::optional<RouterMemory>> memories_of(NodeBench& bench) {
  std::vector<std::optional<RouterMemory>> memory;
  for (RouterId id = 0; id < bench->router_count(); ++id) memory.emplace_back(bench->router(id).memory());
  return memory;
}

TEST(Reload, a_member_added_to_a_group_of_masters_becomes_master_with_it) {
  NodeBench before = NodeBench::master(group_of(2));
  NodeBench after(group_of(3));
  after.advance(before.now() - after.now());
  after.resume(memories_of(before));
  EXPECT_EQ(after.actions(), (NodeActions{act(0, sent(100)), act(1, sent(100)), act(2, sent(100)), act(2, Announce{5}),
                                          act(2, changed(State::init, State::master, Reason::sync_group))}));
  EXPECT_EQ(after->group_state(0), State::master);
}

TEST(Reload, a_member_added_to_a_group_of_backups_is_backup) {
  NodeBench before = NodeBench::started(group_of(2));
  NodeBench after(group_of(3));
  after.resume(memories_of(before));
  EXPECT_EQ(after.actions(), NodeActions{act(2, changed(State::init, State::backup, Reason::start))});
}

TEST(Reload, an_added_member_that_awaits_its_tracker_joins_when_that_is_up) {
  NodeBench before = NodeBench::master(group_of(2));
  NodeParameters parameters = group_of(3);
  parameters.trackers = {{.name = "t"}};
  parameters.routers[2].tracking = {{.tracker = 0, .weight = 0}};
  NodeBench after(parameters);
  after.advance(before.now() - after.now());
  after.resume(memories_of(before));
  EXPECT_EQ(after.state(2), State::init);
  EXPECT_EQ(after->group_state(0), State::master);
  (void)after.actions();
  after.tracker(0, up);
  EXPECT_EQ(after.actions(), (NodeActions{act(2, sent(100)), act(2, Announce{5}),
                                          act(2, changed(State::init, State::master, Reason::sync_group))}));
}

TEST(Reload, of_a_group_that_overslept_makes_nobody_master) {
  NodeBench before = NodeBench::master(group_of(2));
  NodeBench after(group_of(3));
  after.advance(before.now() - after.now() + 20s);
  after.resume(memories_of(before));
  for (RouterId id = 0; id < 3; ++id) EXPECT_EQ(after.state(id), State::backup);
}

// ---------------------------------------------------------------- a group of a thousand

// The bound is for a busy machine with sanitizers; alone it is some milliseconds (--gtest_output tells).
template <typename Work>
void expect_within(std::chrono::milliseconds bound, std::string_view what, Work&& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  const auto took = std::chrono::steady_clock::now() - begun;
  testing::Test::RecordProperty(std::string(what), std::to_string(took / 1us));
  EXPECT_LT(took, bound) << what;
}

TEST(Group, of_a_thousand_members_is_looked_at_and_moved_in_milliseconds) {
  constexpr auto bound = 250ms;
  NodeBench bench = NodeBench::master(group_of(1000));
  const auto look = [&] {
    NodeActions out;
    for (RouterId id = 0; id < 1000; ++id) {
      bench->on_link("eth" + std::to_string(id), true, bench.now(), out);
      bench->on_configuration_fault(id, false, bench.now(), out);
      bench->on_source(id, own_address, bench.now(), out);
    }
    EXPECT_EQ(out, NodeActions{});
  };
  expect_within(bound, "look_us", look);
  expect_within(bound, "fault_us", [&] { bench.link("eth7", false); });
  EXPECT_EQ(bench.state(999), State::fault);
  expect_within(bound, "clear_us", [&] { bench.link("eth7", true); });
  expect_within(bound, "rise_us", [&] { bench.advance(4s); });
  EXPECT_EQ(bench->group_state(0), State::master);
  bench.advance(10s);
  expect_within(bound, "lower_us", [&] {
    for (RouterId id = 0; id < 1000; ++id) bench.receive(id, advert(50));
  });
  expect_within(bound, "better_us", [&] {
    for (RouterId id = 0; id < 1000; ++id) bench.receive(id, advert(200));
  });
  expect_within(bound, "let_go_us", [&] {
    for (RouterId id = 0; id < 1000; ++id) bench.announcement(id);
  });
  EXPECT_EQ(bench->group_state(0), State::backup);
  expect_within(bound, "goodbye_us", [&] {
    for (RouterId id = 0; id < 1000; ++id) bench.receive(id, advert(0));
  });
  bench.advance(700ms);
  EXPECT_EQ(bench->group_state(0), State::master);
}

TEST(Group, a_lower_master_heard_by_all_members_is_one_burst_of_each_a_second) {
  NodeBench bench = NodeBench::master(group_of(3));
  for (int i = 0; i < 5; ++i) {
    for (RouterId id = 0; id < 3; ++id) bench.receive(id, advert(50));
  }
  const NodeActions actions = bench.actions();
  for (RouterId id = 0; id < 3; ++id) EXPECT_EQ(std::ranges::count(actions, act(id, Announce{5})), 1) << id;
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

}  // namespace
}  // namespace baton::vrrp
