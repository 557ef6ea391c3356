// The simulator itself: it repeats, it measures, and it notices.
#include "sim/world.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sim/scenario.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

MachineParameters machine(std::uint8_t priority, bool stock = false) {
  return {.stock = stock,
          .node = {.trackers = {{.name = "check"}},
                   .routers = {{.name = "VI_1",
                                .router = {.base_priority = priority, .makes_room = true},
                                .tracking = {{.tracker = 0, .weight = 4}},
                                .links = {"eth0"}}}},
          .authentication = AuthType::ah};
}

World two_machines(bool first_stock = false, bool second_stock = false) {
  World world({machine(100, first_stock), machine(98, second_stock)}, 1);
  world.start(0);
  world.start(1);
  world.run(15s);
  EXPECT_EQ(world.settled(0), "");
  world.forget_service();
  return world;
}

// A group of two instances on two LANs; the better machine is down, and so is what its check looks at.
World two_groups(std::uint64_t seed) {
  std::vector<MachineParameters> machines;
  for (const std::uint8_t priority : std::array<std::uint8_t, 2>{43, 51}) {
    MachineParameters each;
    each.node.trackers = {{.name = "check"}};
    for (std::size_t i = 0; i < 2; ++i) {
      each.node.routers.push_back(
          {.name = "VI",
           .router = {.version = Version::v3, .base_priority = priority, .advert_interval = 10ms},
           .tracking = {{.tracker = 0, .weight = -30}},
           .links = {"eth" + std::to_string(i)}});
    }
    each.node.groups = {{.name = "G", .members = {0, 1}, .tracking_weight = true}};
    machines.push_back(each);
  }
  World world(machines, seed);
  world.set_tracker(1, false);
  world.start(0);
  world.run(2s);
  EXPECT_EQ(world.holder(0), 0);
  world.forget_service();
  return world;
}

TEST(World, the_same_seed_is_the_same_world) {
  for (const std::uint64_t seed : {4U, 5U, 6U, 7U}) {
    const Outcome first = play(seed, false);
    const Outcome second = play(seed, true);
    EXPECT_EQ(first.counts.events, second.counts.events);
    EXPECT_EQ(first.counts.adverts, second.counts.adverts);
    EXPECT_EQ(first.simulated, second.simulated);
  }
}

TEST(World, the_best_machine_serves_the_client) {
  World world = two_machines();
  EXPECT_EQ(world.holder(0), 0);
  EXPECT_EQ(world.priority(0), 104);
  world.run(60s);
  EXPECT_EQ(world.service(0).unserved, 0s);
}

TEST(World, measures_an_outage_to_the_nanosecond) {
  World world = two_machines();
  world.kill(0, Death::power);
  const Instant died = world.now();
  world.run(10s);
  EXPECT_EQ(world.holder(0), 1);
  const Duration outage = world.service(0).longest;
  EXPECT_GT(outage, 2s);
  EXPECT_LT(outage, 3s + Duration(1s) * 154 / 256 + 8ms);
  EXPECT_EQ(world.service(0).unserved, outage);
  EXPECT_LT(died, world.now());
}

TEST(World, notices_two_holders) {
  World world = two_machines();
  world.cut(0, true, true);
  world.run(10s);
  EXPECT_NE(world.settled(0), "");
  world.heal();
  world.run(3s);
  EXPECT_EQ(world.settled(0), "");
}

// A stock keepalived that became MASTER behind a cut takes the adverts of a machine that was started anew for replays
// and each of them starts its advert timer anew: it could not say that it is there for as long as the cut had lasted.
TEST(World, a_machine_started_behind_a_cut_hears_the_stock_master_within_two_intervals) {
  for (const bool stock_is_better : {false, true}) {
    World world({machine(100), machine(stock_is_better ? 102 : 98, true)}, 1);
    world.start(0);
    world.start(1);
    world.run(60s);
    world.cut(0, true, true);
    world.run(20s);
    world.kill(0, Death::power);
    world.start(0);
    world.run(10s);
    EXPECT_NE(world.settled(0), "");
    world.heal();
    world.run(2100ms);
    EXPECT_EQ(world.settled(0), "");
    EXPECT_EQ(world.holder(0), stock_is_better ? 1 : 0);
  }
}

TEST(World, notices_a_client_without_service) {
  World world = two_machines();
  world.kill(0, Death::power);
  world.kill(1, Death::power);
  world.run(1s);
  EXPECT_EQ(world.settled(0), "");  // there is no healthy node, nothing can be wanted
  world.start(1);
  world.run(1s);
  EXPECT_NE(world.settled(0), "");
}

TEST(World, keeps_an_address_that_everybody_was_killed_with_until_the_clean_up) {
  World world = two_machines();
  world.kill(0, Death::everything);
  world.run(10s);
  EXPECT_EQ(world.holder(0), std::nullopt);  // both have it
  world.start(0);
  EXPECT_EQ(world.holder(0), 1);
}

// It rises with the priority that it has without a verdict, its check fails within the moment in which the master's
// two members are on their way out, and it yields: nobody may be left without a master on one LAN of the two.
TEST(World, a_returning_group_that_yields_at_once_costs_no_service) {
  std::uint64_t yields = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    World world = two_groups(seed);
    const std::uint64_t before = world.counts().transitions;
    world.start(1);
    world.run(3s);
    // More than the two of its start: it became MASTER before it was told of its check.
    yields += world.counts().transitions > before + 2 ? 1 : 0;
    for (const RouterId router : {0U, 1U}) {
      EXPECT_EQ(world.holder(router), 0) << "router " << router << ", seed " << seed;
      EXPECT_EQ(world.service(router).unserved, 0s) << "router " << router << ", seed " << seed;
    }
  }
  EXPECT_GT(yields, 100);
}

// Of a migration from VRRPv2 to 3: each version has its owner until the last machine has come over.
TEST(World, a_migration_to_another_version_costs_no_service_and_ends_with_one_owner) {
  for (const bool the_better_one_first : {false, true}) {
    World world = two_machines();
    world.migrate(the_better_one_first ? 0 : 1, Version::v3);
    world.run(10s);
    EXPECT_EQ(world.settled(0), "router 0 has not one holder: m0 m1");
    world.migrate(the_better_one_first ? 1 : 0, Version::v3);
    world.run(5s);
    EXPECT_EQ(world.settled(0), "");
    EXPECT_EQ(world.holder(0), 0);
    EXPECT_EQ(world.service(0).unserved, 0s);
  }
}

TEST(World, a_stock_machine_migrates_by_a_new_start) {
  World world = two_machines(false, true);
  world.migrate(1, Version::v3);
  EXPECT_EQ(world.version(1), Version::v3);
  world.run(10s);
  EXPECT_NE(world.settled(0), "");
  world.migrate(1, Version::v2);
  world.run(10s);
  EXPECT_EQ(world.settled(0), "");
}

// VRRPv2 knows whole seconds only, and all machines must have the same.
TEST(World, a_machine_that_goes_back_to_version_2_takes_the_interval_of_those_that_speak_it) {
  World world = two_machines();
  NodeParameters hasty = world.parameters(1).node;
  hasty.routers[0].router.version = Version::v3;
  hasty.routers[0].router.advert_interval = 2500ms;
  world.reload(1, hasty);
  world.migrate(1, Version::v2);
  EXPECT_EQ(world.parameters(1).node.routers[0].router.advert_interval, 1s);
  world.migrate(0, Version::v3);
  world.reload(1, hasty);
  world.migrate(1, Version::v2);
  EXPECT_EQ(world.parameters(1).node.routers[0].router.advert_interval, 3s);
}

TEST(World, a_stock_pair_behaves_like_keepalived) {
  World world = two_machines(true, true);
  world.stop(0);
  world.run(10s);
  const Duration outage = world.service(0).longest;
  EXPECT_GT(outage, 600ms);  // 0.61 s measured (vrrp-behaviour 7.1)
  EXPECT_LT(outage, 620ms);
}

TEST(World, a_stop_beside_a_stock_peer_loses_nothing) {
  World world = two_machines(false, true);
  world.stop(0);
  world.run(10s);
  EXPECT_EQ(world.holder(0), 1);
  EXPECT_EQ(world.service(0).unserved, 0s);
}

}  // namespace
}  // namespace baton::sim
