// A checker that cannot fail checks nothing: each invariant of the world is broken once, and must be noticed.
#include <gtest/gtest.h>

#include "sim/world.h"
#include "unit/sim/broken_brain.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

MachineParameters machine(std::uint8_t priority) {
  return {.node = {.trackers = {{.name = "check"}},
                   .routers = {{.name = "VI_1",
                                .router = {.base_priority = priority},
                                .tracking = {{.tracker = 0, .weight = 4}},
                                .links = {"eth0"}}}},
          .script = TrackScript{}};
}

std::vector<MachineParameters> two_machines() {
  return {machine(100), machine(98)};
}

template <typename Broken>
Hooks broken() {
  return {.wrap = [](std::unique_ptr<Brain> brain) { return std::make_unique<Broken>(std::move(brain)); }};
}

// Starts both, lets them settle, then does something to them.
std::string violation_of(const Hooks& hooks, void (*story)(World&)) {
  World world(two_machines(), 1, hooks);
  world.start(0);
  world.start(1);
  world.run(30s);
  if (world.violation().empty()) story(world);
  return world.violation();
}

std::string problem_of(const Hooks& hooks, void (*story)(World&)) {
  World world(two_machines(), 1, hooks);
  world.start(0);
  world.start(1);
  world.run(30s);
  story(world);
  return world.violation().empty() ? world.settled(0) : world.violation();
}

// All that follows, with nothing broken.
TEST(Invariant, a_sound_world_breaks_none) {
  const auto everything = [](World& world) {
    world.stop(0);
    world.run(15s);
    world.start(0);
    world.run(15s);
    world.hang(0);
    world.run(15s);
    world.crash(1);
    world.run(15s);
    world.set_paused(0, true);
    world.run(15s);
    world.set_paused(0, false);
    world.maintain(0, MaintenanceTold::Wish::ask);
    world.run(30s);
  };
  EXPECT_EQ(problem_of({}, everything), "");
}

class SeesWitnesses : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant now, NodeActions& out) override {
    BrokenBrain::on_timeout(now, out);
    BrokenBrain::on_witness(0, now, out);
  }
};

TEST(Invariant, notices_a_master_without_a_witness) {
  std::vector<MachineParameters> machines = two_machines();
  machines[1].node.routers[0].router.needs_witness = true;
  for (const bool is_broken : {false, true}) {
    World world(machines, 1, is_broken ? broken<SeesWitnesses>() : Hooks());
    world.start(0);
    world.start(1);
    world.run(30s);
    world.cut(1, true, true);
    world.run(30s);
    EXPECT_EQ(world.violation(), is_broken ? "m1 router 0 rose out of silence without a witness" : "");
  }
}

class HoldsAsBackup : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  bool holds_addresses(RouterId id) const override { return state(id) != State::init; }
};

TEST(Invariant, notices_an_address_that_a_backup_holds) {
  EXPECT_EQ(violation_of(broken<HoldsAsBackup>(), [](World&) {}), "m0 router 0 holds as BACKUP");
}

class SaysNothing : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant now, NodeActions& out) override {
    BrokenBrain::on_timeout(now, out);
    std::erase_if(out, [](const NodeAction& each) {
      const auto* action = std::get_if<RouterAction>(&each);
      return action != nullptr && std::holds_alternative<StateChanged>(action->action);
    });
  }
};

TEST(Invariant, notices_a_transition_that_is_not_told) {
  EXPECT_EQ(violation_of(broken<SaysNothing>(), [](World&) {}), "m0 router 0 is MASTER, untold");
}

class SaysTwice : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant now, NodeActions& out) override {
    BrokenBrain::on_timeout(now, out);
    const NodeActions once = out;
    out.insert(out.end(), once.begin(), once.end());
  }
};

TEST(Invariant, notices_a_transition_that_is_told_twice) {
  EXPECT_EQ(violation_of(broken<SaysTwice>(), [](World&) {}), "m0 router 0 tells BACKUP -> MASTER after MASTER");
}

class ForgetsItsTimer : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant, NodeActions&) override {}
};

TEST(Invariant, notices_a_deadline_that_stays_in_the_past) {
  EXPECT_EQ(violation_of(broken<ForgetsItsTimer>(), [](World&) {}), "m0 has a deadline in the past");
}

class LosesItsTimer : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  std::optional<Instant> next_timeout() const override {
    return state(0) == State::backup ? std::nullopt : BrokenBrain::next_timeout();
  }
};

TEST(Invariant, notices_a_timer_that_is_lost) {
  EXPECT_EQ(problem_of(broken<LosesItsTimer>(), [](World&) {}), "router 0 has not one holder: nobody");
}

class Babbles : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant now, NodeActions& out) override {
    BrokenBrain::on_timeout(now, out);
    for (int i = 0; i < 100; ++i) out.push_back(RouterAction{0, SendAdvert{.priority = 1}});
  }
};

TEST(Invariant, notices_a_core_that_wants_without_bound) {
  EXPECT_EQ(violation_of(broken<Babbles>(), [](World&) {}).substr(0, 8), "m0 wants");
}

// A timer that comes again before what it sends has arrived.
class NeverRests : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  std::optional<Instant> next_timeout() const override { return at_; }
  void on_timeout(Instant now, NodeActions& out) override {
    at_ = now + 50us;
    for (int i = 0; i < 60; ++i) out.push_back(RouterAction{0, SendAdvert{.priority = 1}});
  }

 private:
  Instant at_{1s};
};

TEST(Invariant, notices_events_that_wait_without_bound) {
  World world(two_machines(), 1, broken<NeverRests>());
  world.set_quality({.delay = 200ms});
  world.start(0);
  world.start(1);
  world.run(2s);
  EXPECT_EQ(world.violation(), "too many events wait");
}

// The second member of its group stays BACKUP, and says so.
class LeavesOneBehind : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant now, NodeActions& out) override {
    BrokenBrain::on_timeout(now, out);
    std::erase_if(out, [](const NodeAction& each) {
      const auto* action = std::get_if<RouterAction>(&each);
      return action != nullptr && action->router == 1;
    });
  }
  bool holds_addresses(RouterId id) const override { return id == 0 && BrokenBrain::holds_addresses(id); }
  State state(RouterId id) const override { return id == 0 ? BrokenBrain::state(id) : State::backup; }
};

TEST(Invariant, notices_a_group_that_is_torn) {
  std::vector<MachineParameters> machines = two_machines();
  for (MachineParameters& each : machines) {
    each.node.routers.push_back(each.node.routers.front());
    each.node.routers.back().name = "VI_2";
    each.node.groups = {{.name = "G", .members = {0, 1}, .tracking = {}}};
  }
  World world(machines, 1, broken<LeavesOneBehind>());
  world.start(0);
  world.start(1);
  world.run(30s);
  EXPECT_EQ(world.violation(), "m0: one member of its group serves, another is BACKUP");
}

class NeverStops : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void stop(Instant, NodeActions&) override {}
};

TEST(Invariant, notices_a_machine_that_does_not_stop) {
  const auto story = [](World& world) {
    world.stop(0);
    world.run(5s);
  };
  EXPECT_EQ(violation_of(broken<NeverStops>(), story), "m0 was told to stop and runs on");
}

class KeepsOnSleeping : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_timeout(Instant now, NodeActions& out) override {
    if (asleep_ < now - 5s) asleep_ += now - asleep_;
    BrokenBrain::on_timeout(asleep_ = std::min(now, next_timeout().value_or(now)), out);
  }

 private:
  Instant asleep_{1'000'000s};
};

TEST(Invariant, notices_a_master_that_slept_and_holds_on) {
  const auto story = [](World& world) {
    world.set_paused(0, true);
    world.cut(1, true, true);  // nobody tells it
    world.run(20s);
    world.set_paused(0, false);
  };
  EXPECT_EQ(violation_of(broken<KeepsOnSleeping>(), story), "m0 router 0 overslept and holds");
}

class ServesInMaintenance : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  Maintenance maintenance() const override { return Maintenance::on; }
};

TEST(Invariant, notices_service_in_maintenance) {
  EXPECT_EQ(violation_of(broken<ServesInMaintenance>(), [](World&) {}), "m0 router 0 serves in maintenance");
}

class IgnoresBetterMasters : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  void on_advert(RouterId id, const Advert& advert, Instant now, NodeActions& out) override {
    if (state(id) != State::master) BrokenBrain::on_advert(id, advert, now, out);
  }
};

TEST(Invariant, notices_two_owners_of_one_address) {
  const auto story = [](World& world) {
    world.cut(1, true, true);
    world.run(20s);
    world.heal();
    world.run(20s);
  };
  EXPECT_EQ(problem_of(broken<IgnoresBetterMasters>(), story), "router 0 has not one holder: m0 m1");
}

// ---------------------------------------------------------------- what is around the core

void move(World& world) {
  world.stop(0);
  world.run(20s);
}

TEST(Invariant, notices_a_kernel_that_answers_for_an_address_not_held) {
  const auto story = [](World& world) {
    world.hang_scripts(0, false, false);
    world.set_link(0, 0, false);
    world.run(1s);
  };
  EXPECT_EQ(violation_of({.sabotage = {.kernel_keeps_addresses = true}}, story),
            "m0 answers for router 0 and does not hold it");
}

TEST(Invariant, notices_a_script_that_is_not_started_for_a_transition) {
  EXPECT_NE(problem_of({.sabotage = {.runner_forgets = true}}, move), "");
}

// What died with one runner is told to the next.
TEST(Invariant, a_runner_that_dies_loses_no_notification) {
  const auto story = [](World& world) {
    world.hang_scripts(0, false, true);
    world.set_link(0, 0, false);
    world.run(1s);
    world.crash_runner(0);
    world.set_link(0, 0, true);
    world.run(500ms);
    world.hang_scripts(0, false, false);
    world.run(20s);
  };
  EXPECT_EQ(problem_of({}, story), "");
}

TEST(Invariant, notices_a_hang_that_nobody_ends) {
  const auto story = [](World& world) {
    world.hang(0);
    world.run(5s);
  };
  EXPECT_EQ(violation_of({.sabotage = {.guardian_sleeps = true}}, story),
            "m0: its worker hangs, and nobody has noticed");
}

TEST(Invariant, notices_a_reload_that_goes_on_with_the_version_of_before) {
  for (const bool is_broken : {false, true}) {
    std::vector<MachineParameters> machines = two_machines();
    machines[1].stock = true;  // is started anew
    World world(machines, 1, {.sabotage = {.reload_keeps_codec = is_broken}});
    world.start(0);
    world.start(1);
    world.run(30s);
    world.migrate(0, Version::v3);
    world.migrate(1, Version::v3);
    world.run(10s);
    EXPECT_EQ(world.settled(0), is_broken ? "router 0 has not one holder: m0 m1" : "");
  }
}

TEST(Invariant, notices_a_worker_that_starves_for_ever) {
  const auto story = [](World& world) {
    world.starve(0, 20s);
    world.run(10s);
  };
  EXPECT_EQ(violation_of({.sabotage = {.guardian_sleeps = true}}, story),
            "m0: its worker hangs, and nobody has noticed");
}

TEST(Invariant, notices_a_guardian_that_ends_a_worker_for_want_of_a_processor) {
  const auto story = [](World& world) {
    world.starve(0, 1900ms);  // its peers wait for more than two intervals
    world.run(10s);
  };
  EXPECT_EQ(violation_of({}, story), "");
  EXPECT_EQ(violation_of({.sabotage = {.guardian_is_hasty = true}}, story).substr(0, 23), "m0: its worker starved ");
}

// A single advert may be missed, and its peers have taken over long before it is ended.
class GoesOnAsItWas : public BrokenBrain {
 public:
  using BrokenBrain::BrokenBrain;
  std::vector<std::optional<RouterMemory>> memory() const override {
    auto memory = BrokenBrain::memory();
    memory[0]->last_advert_sent += 1h;
    return memory;
  }
};

TEST(Invariant, notices_a_resumed_master_that_overslept_and_holds_on) {
  std::vector<MachineParameters> machines = two_machines();
  for (MachineParameters& each : machines) {
    each.node.routers[0].router.version = Version::v3;
    each.node.routers[0].router.advert_interval = 10ms;
  }
  for (const bool is_broken : {false, true}) {
    World world(machines, 1, is_broken ? broken<GoesOnAsItWas>() : Hooks());
    world.start(0);
    world.start(1);
    world.run(30s);
    world.starve(0, 5s);
    world.run(10s);
    EXPECT_EQ(world.violation(), is_broken ? "m0 router 0 overslept and holds" : "");
  }
}

// ---------------------------------------------------------------- the log

// More lines than its queue holds, while nobody reads; then somebody does.
void write_much(World& world) {
  world.set_log_reader(0, Journal::Reader::stalls);
  for (int i = 0; i < 20; ++i) {
    world.set_link(0, 0, i % 2 != 0);
    world.run(5s);
  }
  world.set_log_reader(0, Journal::Reader::slow);
  world.stop(1);
  world.run(1s);
  world.set_log_reader(0, Journal::Reader::reads);
  world.start(1);
  world.set_link(0, 0, false);
  world.run(1s);
  world.set_link(0, 0, true);
  world.run(20s);
}

TEST(Invariant, a_stalled_log_costs_lines_that_are_counted) {
  EXPECT_EQ(problem_of({}, write_much), "");
}

TEST(Invariant, notices_lost_lines_of_a_log_that_nobody_counts) {
  EXPECT_EQ(problem_of({.sabotage = {.log_forgets = true}}, write_much).substr(0, 9), "m0 wrote ");
}

TEST(Invariant, notices_a_log_that_grows_without_bound) {
  EXPECT_EQ(violation_of({.sabotage = {.log_is_boundless = true}}, write_much), "m0 its log grows without bound");
}

TEST(Invariant, notices_a_worker_that_waits_for_the_reader_of_its_log) {
  EXPECT_EQ(violation_of({.sabotage = {.log_waits = true}}, write_much).substr(0, 8), "m0 acts ");
}

TEST(Invariant, notices_a_gateway_that_asks_the_wrong_machine) {
  EXPECT_EQ(problem_of({.sabotage = {.gateway_is_deaf = true}}, move), "the gateway of router 0 is not served");
}

}  // namespace
}  // namespace baton::sim
