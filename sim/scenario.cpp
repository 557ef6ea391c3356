#include "sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/swarm.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

// ---------------------------------------------------------------- machines

struct Common {
  RouterParameters router;
  AuthType authentication = AuthType::none;
  std::size_t routers = 1;
  bool mixed = false;  // every machine draws its own of what may differ
};

void draw_differences(RouterParameters& router, Random& random) {
  router.down_timer_adverts = random.pick({3U, 3U, 3U, 2U, 1U});
  router.make_before_break = random.chance(85);
  router.preempt = random.chance(75) ? Preempt::yes : Preempt::no;
  if (random.chance(15)) router.preempt_delay = 2 * router.advert_interval;
  if (random.chance(10)) router.startup_delay = 2 * router.advert_interval;
  router.lower_priority_no_advert = random.chance(5);
  router.higher_priority_send_advert = random.chance(5);
}

Common draw_common(Random& random, Kind kind) {
  Common common;
  RouterParameters& router = common.router;
  router.version = random.chance(50) ? Version::v2 : Version::v3;
  router.advert_interval = router.version == Version::v2 ? random.pick<Duration>({1s, 1s, 2s})
                                                         : random.pick<Duration>({10ms, 100ms, 200ms, 1s});
  // Half an hour of adverts each 10 ms would take as long to play as all else.
  if (kind == Kind::churn) router.advert_interval = std::max<Duration>(router.advert_interval, 100ms);
  if (router.version == Version::v2) {
    common.authentication = random.pick({AuthType::none, AuthType::pass, AuthType::ah});
  }
  router.preempt = random.chance(80) ? Preempt::yes : Preempt::no;
  common.routers = kind != Kind::churn && random.chance(30) ? 2 : 1;
  common.mixed = kind == Kind::chaos && random.chance(50);
  return common;
}

MachineParameters draw_machine(const Common& common, std::uint8_t priority, int weight, Random& random) {
  MachineParameters machine;
  machine.authentication = common.authentication;
  RouterParameters router = common.router;
  router.base_priority = priority;
  router.makes_room = common.authentication == AuthType::ah;
  if (common.mixed) {
    if (router.version == Version::v3) router.advert_interval = random.pick<Duration>({10ms, 100ms, 200ms, 1s});
    draw_differences(router, random);
    machine.stock = common.routers == 1 && random.chance(35);
  }
  machine.node.trackers = {{.name = "check"}};
  for (std::size_t i = 0; i < common.routers; ++i) {
    machine.node.routers.push_back({.name = fmt::format("VI_{}", i),
                                    .router = router,
                                    .tracking = {{.tracker = 0, .weight = weight}},
                                    .links = {fmt::format("eth{}", i)}});
  }
  if (common.routers > 1) machine.node.groups = {{.name = "G", .members = {0, 1}, .tracking_weight = true}};
  return machine;
}

// Baton and stock machines, at least one of each. FRR tracks nothing but its link.
void make_mixed(std::vector<MachineParameters>& machines, Random& random) {
  const std::size_t ours = random.below(machines.size());
  const std::size_t theirs = (ours + 1 + random.below(machines.size() - 1)) % machines.size();
  for (std::size_t i = 0; i < machines.size(); ++i) {
    MachineParameters& machine = machines[i];
    // FRR knows no AH. Two keepalived of which one was started anew behind a cut take each other's adverts for replays
    // until the new counter has reached the old one, whatever we do.
    const bool with_ah = machine.authentication == AuthType::ah;
    machine.stock = i == theirs || (i != ours && !with_ah && random.chance(60));
    if (!machine.stock || with_ah || random.chance(50)) continue;
    machine.conduct = Conduct::frr;
    machine.node.routers[0].tracking.clear();
  }
}

// What a machine has beside its core.
void draw_company(std::vector<MachineParameters>& machines, Random& random) {
  const bool has_scripts = random.chance(60);
  const bool is_proving = random.chance(60);
  const bool has_stock = std::ranges::any_of(machines, &MachineParameters::stock);
  // Of both versions, for it may be migrated to the other.
  const bool has_hmac = !has_stock && random.chance(40);
  const bool began_as_v2 = machines[0].node.routers[0].router.version == Version::v2;
  const AuthType drawn = random.pick({AuthType::none, AuthType::pass, AuthType::ah});
  const AuthType authentication = began_as_v2                          ? machines[0].authentication
                                  : has_stock && drawn == AuthType::ah ? AuthType::pass
                                                                       : drawn;
  const bool has_witness = random.chance(25);
  for (MachineParameters& machine : machines) {
    for (NodeRouterParameters& router : machine.node.routers)
      router.router.needs_witness = has_witness && !machine.stock;
    const auto rise = static_cast<std::uint32_t>(random.between(1, 3));
    const auto fall = static_cast<std::uint32_t>(random.between(1, 3));
    if (has_scripts) machine.script = {.rise = rise, .fall = fall};
    machine.proves_takeovers = is_proving && !machine.stock;
    machine.has_hmac = has_hmac;
    machine.authentication = authentication;
    machine.log_queue = random.pick({10U, 10U, 64U, 512U});
  }
}

}  // namespace

std::vector<MachineParameters> random_machines(Random& random, Kind kind) {
  const Common common = draw_common(random, kind);
  const int count = kind == Kind::chaos && random.chance(10) ? random.between(5, 8) : random.between(2, 4);
  const int weight = random.pick({0, 4, -30, 20});
  std::vector<MachineParameters> machines;
  int priority = random.between(40, 80);
  for (int i = 0; i < count; ++i) {
    machines.push_back(draw_machine(common, static_cast<std::uint8_t>(priority), weight, random));
    // A fault strikes the best machine, which is ours; the others may be anybody's.
    machines.back().stock |= kind == Kind::faults && common.routers == 1 && i + 1 < count && random.chance(30);
    const bool equal = kind == Kind::chaos && random.chance(10);
    if (!equal) priority += random.between(kind == Kind::chaos ? 1 : 5, 20);
  }
  if (kind == Kind::churn) make_mixed(machines, random);
  if (kind == Kind::chaos && random.chance(5)) {
    for (NodeRouterParameters& router : machines.back().node.routers) {
      router.router.base_priority = spec::priority_owner;
      router.router.wanted_state = State::master;
    }
  }
  return machines;
}

Duration settling_time(const std::vector<MachineParameters>& machines) {
  Duration interval{};
  Duration delays{};
  unsigned adverts = 0;
  for (const MachineParameters& machine : machines) {
    const RouterParameters& router = machine.node.routers[0].router;
    interval = std::max(interval, router.advert_interval);
    delays = std::max(delays, router.preempt_delay + router.startup_delay);
    adverts = std::max(adverts, router.down_timer_adverts);
  }
  const Duration master_down = adverts * interval + std::max<Duration>(interval, 1s);
  return delays + 3 * master_down + 5s;  // the client asks anew every second
}

Duration quiet_time(const std::vector<MachineParameters>& machines) {
  const bool has_scripts = std::ranges::any_of(machines, [](const auto& each) { return each.script.has_value(); });
  return settling_time(machines) + 5s + (has_scripts ? 5s : 0s);
}

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::chaos: return "chaos";
    case Kind::planned: return "planned";
    case Kind::faults: return "faults";
    case Kind::lockstep: return "lockstep";
    case Kind::churn: return "churn";
  }
  return "?";
}

std::optional<Story> story_of(std::uint64_t seed) {
  const Kind kind = kind_of(seed);
  if (kind != Kind::chaos && kind != Kind::churn) return std::nullopt;
  Random random(seed);
  std::vector<MachineParameters> machines = random_machines(random, kind);
  draw_company(machines, random);
  return draw_story(std::move(machines), kind == Kind::chaos ? Rounds::one : Rounds::half_an_hour, random);
}

Outcome play(std::uint64_t seed, bool record, const Witness& witness) {
  if (const auto story = story_of(seed)) return play(*story, record, {.witness = witness});
  Outcome outcome;
  const Kind kind = kind_of(seed);
  if (kind == Kind::lockstep) {
    outcome.problem = play_lockstep(seed, outcome);
    return outcome;
  }
  Random random(seed);
  const std::vector<MachineParameters> machines = random_machines(random, kind);
  World world(machines, random.next(), {.witness = witness});
  world.record(record);
  const Instant begun = world.now();
  switch (kind) {
    case Kind::planned: outcome.problem = play_planned(world, machines); break;
    case Kind::faults: outcome.problem = play_faults(world, machines); break;
    case Kind::chaos:
    case Kind::churn:
    case Kind::lockstep: break;
  }
  if (!world.violation().empty()) outcome.problem = world.violation();
  outcome.counts = world.counts();
  outcome.simulated = world.now() - begun;
  outcome.timeline.assign(world.timeline().begin(), world.timeline().end());
  return outcome;
}

}  // namespace baton::sim
