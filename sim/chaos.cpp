// Anything to anybody, on bad LANs. Afterwards all is quiet, and the address must settle on one machine, the best one
// where preemption says so, where the client finds it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/scenario.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

Duration interval_of(const std::vector<MachineParameters>& machines) {
  Duration interval{};
  for (const MachineParameters& machine : machines) {
    interval = std::max(interval, machine.node.routers[0].router.advert_interval);
  }
  return interval;
}

Quality draw_quality(Random& random) {
  return {.loss_percent = random.pick({0, 0, 5, 20, 50}),
          .duplicate_percent = random.pick({0, 0, 10}),
          .delay = random.between(20us, 3ms),
          .jitter = random.pick<Duration>({0ms, 1ms, 20ms})};
}

enum class Handovers : std::uint8_t { no, yes };

// One thing that happens. True when it was a hand-over: a machine that has handed over does not preempt.
bool disturb(World& world, Handovers handovers) {
  Random& random = world.random();
  const std::size_t machine = random.below(world.size());
  const RouterId router = static_cast<RouterId>(random.below(world.router_count()));
  switch (random.below(13)) {
    case 0: world.stop(machine); break;
    case 1:
    case 2: world.start(machine); break;
    case 3: world.kill(machine, random.pick({Death::resumed, Death::said, Death::everything, Death::power})); break;
    case 4: world.set_paused(machine, true); break;
    case 5: world.set_paused(machine, false); break;
    case 6: world.set_tracker(machine, random.chance(50)); break;
    case 7: world.set_link(machine, router, random.chance(50)); break;
    case 8: {
      const bool inbound = random.chance(70);  // one after the other: a seed is the same world with every compiler
      const bool outbound = random.chance(70);
      const bool everywhere = random.chance(50);
      world.cut(machine, inbound, outbound, everywhere ? std::nullopt : std::optional(router));
      break;
    }
    case 9: world.heal(); break;
    case 10: world.set_quality(draw_quality(random)); break;
    case 11:
      if (handovers == Handovers::no || !random.chance(30)) break;
      world.handover(machine);
      return true;
    case 12:
      using enum MaintenanceTold::Wish;
      world.maintain(machine, random.pick({off, ask, ask, force}));
      break;
  }
  return false;
}

void make_quiet(World& world) {
  world.note("from here all is quiet");
  world.heal();
  world.set_quality({});
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    world.set_paused(machine, false);
    world.set_tracker(machine, true);
    for (RouterId router = 0; router < world.router_count(); ++router) world.set_link(machine, router, true);
  }
  // A machine that was killed with its address must be cleaned up by somebody, so everybody is started.
  world.run(2s);
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    world.start(machine);
    world.maintain(machine, MaintenanceTold::Wish::off);
  }
}

bool all_preempt(const std::vector<MachineParameters>& machines) {
  return std::ranges::all_of(machines, [](const MachineParameters& machine) {
    return machine.node.routers[0].router.preempt == Preempt::yes;
  });
}

std::string check_best(const World& world) {
  const auto holder = world.holder(0);
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    if (!world.is_healthy(machine) || !holder) continue;
    if (world.priority(machine) > world.priority(*holder)) {
      return fmt::format("m{} with priority {} is master, m{} has {}", *holder, world.priority(*holder), machine,
                         world.priority(machine));
    }
  }
  return {};
}

}  // namespace

std::string play_chaos(World& world, const std::vector<MachineParameters>& machines) {
  const Duration interval = interval_of(machines);
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    world.start(machine);
    world.run(world.random().between(0ms, interval));
  }
  bool handed_over = false;
  for (int i = 0; i < 40 && world.violation().empty(); ++i) {
    handed_over |= disturb(world, Handovers::yes);
    world.run(world.random().between(0ms, world.random().chance(70) ? interval : 6 * interval + 1s));
  }
  make_quiet(world);
  world.run(settling_time(machines));
  for (RouterId router = 0; router < world.router_count(); ++router) {
    if (std::string problem = world.settled(router); !problem.empty()) return problem;
  }
  if (all_preempt(machines) && !handed_over) {
    if (std::string problem = check_best(world); !problem.empty()) return problem;
  }
  const std::uint64_t transitions = world.counts().transitions;
  world.run(6 * interval);
  return world.counts().transitions == transitions ? "" : "settled, and then it moved again";
}

std::string play_churn(World& world, const std::vector<MachineParameters>& machines) {
  Random& random = world.random();
  const Duration interval = interval_of(machines);
  const Instant end = world.now() + 30min;
  const Handovers handovers = random.chance(30) ? Handovers::yes : Handovers::no;
  bool handed_over = false;
  for (std::size_t machine = 0; machine < world.size(); ++machine) world.start(machine);
  while (world.now() < end && world.violation().empty()) {
    for (int i = random.between(1, 8); i > 0; --i) {
      handed_over |= disturb(world, handovers);
      world.run(random.between(0ms, random.chance(70) ? interval : 6 * interval + 1s));
    }
    make_quiet(world);
    world.run(settling_time(machines));
    if (std::string problem = world.settled(0); !problem.empty()) return problem;
    if (!all_preempt(machines) || handed_over) continue;
    if (std::string problem = check_best(world); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace baton::sim
