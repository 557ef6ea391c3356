// One fault at a time, on good LANs: the outage must stay within what the protocol allows.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/scenario.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

// Above the protocol: late timers, the kernel's moment to add an address, the announcement's way.
constexpr Duration slack = 8ms;
constexpr Duration guardian_time = 20ms;
constexpr Duration healed_bound = 200ms;

struct Bounds {
  Duration master_down;    // the best survivor's
  Duration goodbye;        // its skew time after our goodbye
  Duration plain_goodbye;  // the guardian's, which does not shorten the interval first
};

// nullopt: nobody is left to take over.
std::optional<Bounds> bounds_without(const World& world, std::size_t victim) {
  std::optional<std::uint8_t> best;
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    if (machine == victim || !world.is_healthy(machine)) continue;
    best = std::max(best.value_or(0), world.priority(machine));
  }
  if (!best) return std::nullopt;
  const RouterParameters& router = world.parameters(victim).node.routers[0].router;
  const Duration interval = router.advert_interval;
  const Duration hasty = std::min(interval, vrrp::limits::hasty_interval);
  const Duration skew = skew_time(*best, router.version, interval);
  return Bounds{.master_down = interval * router.down_timer_adverts + skew + slack,
                .goodbye = skew_time(*best, router.version, hasty) + slack,
                .plain_goodbye = skew + guardian_time + slack};
}

struct Fault {
  std::string name;
  Duration bound{};         // without service
  Duration repair_bound{};  // when it is over
};

// Told to stop, and before its successor is there the service or the link is gone as well.
Fault strike_while_stopping(World& world, std::size_t victim, const Bounds& bounds) {
  world.stop(victim);
  world.run(world.random().between(0ms, 600ms));
  if (world.random().chance(50)) {
    world.set_link(victim, 0, false);
    return {"stop, link down", bounds.goodbye};
  }
  world.set_tracker(victim, false);
  const bool fails_by_check = world.parameters(victim).node.routers[0].tracking[0].weight == 0;
  return {"stop, check fails", fails_by_check ? bounds.goodbye : Duration{}};
}

// Its kernel answers meanwhile. It is ended when that goes on for too long, with a last will the second time.
Fault starve(World& world, std::size_t victim, const Bounds& bounds) {
  const Duration span = world.random().between(100ms, 6s);
  world.starve(victim, span);
  world.run(span);
  return {"starved", bounds.plain_goodbye};
}

Fault strike(World& world, std::size_t victim, const Bounds& bounds) {
  const NodeRouterParameters& router = world.parameters(victim).node.routers[0];
  const bool is_grouped = world.router_count() > 1;
  const bool fails_by_check = router.tracking[0].weight == 0;
  switch (world.random().below(11)) {
    case 0: world.kill(victim, Death::power); return {"machine gone", bounds.master_down};
    case 1: world.kill(victim, Death::everything); return {"everything killed"};
    case 2: world.kill(victim, Death::resumed); return {"worker killed, resumed"};
    case 3: world.kill(victim, Death::said); return {"worker killed, last will", bounds.plain_goodbye};
    case 4: world.set_link(victim, 0, false); return {"link down", is_grouped ? bounds.goodbye : bounds.master_down};
    case 5: world.cut(victim, true, true); return {"cut", bounds.master_down, healed_bound};
    case 6: world.set_paused(victim, true); return {"hang"};
    case 7: world.stop(victim); return {"stop"};
    case 9: return starve(world, victim, bounds);
    case 8: return strike_while_stopping(world, victim, bounds);
    default: world.set_tracker(victim, false); return {"check fails", fails_by_check ? bounds.goodbye : Duration{}};
  }
}

void repair(World& world) {
  world.heal();
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    world.set_paused(machine, false);
    world.set_tracker(machine, true);
    world.set_link(machine, 0, true);
    world.start(machine);
  }
}

std::string judge(World& world, const std::string& what, Duration bound) {
  for (RouterId router = 0; router < world.router_count(); ++router) {
    const Duration unserved = world.service(router).unserved;
    if (unserved > bound)
      return fmt::format("{}: {} us without service, {} allowed", what, unserved / 1us, bound / 1us);
  }
  return {};
}

}  // namespace

std::string play_faults(World& world, const std::vector<MachineParameters>& machines) {
  const Duration settling = settling_time(machines);
  const bool has_stock = std::ranges::any_of(machines, &MachineParameters::stock);
  for (std::size_t machine = 0; machine < world.size(); ++machine) world.start(machine);
  world.run(settling);
  for (int i = 0; i < 6 && world.violation().empty(); ++i) {
    world.run(world.random().between(0ms, machines[0].node.routers[0].router.advert_interval));
    const auto victim = world.holder(0);
    if (!victim) return "nobody to strike";
    const auto bounds = bounds_without(world, *victim);
    if (!bounds || world.parameters(*victim).stock) return {};
    world.forget_service();
    const Fault fault = strike(world, *victim, *bounds);
    world.run(settling);
    if (std::string problem = judge(world, fault.name, fault.bound); !problem.empty()) return problem;

    world.forget_service();
    repair(world);
    world.run(settling);
    // A stock node lets go when it hears a better advert, not when its successor serves; and of a partition that ends
    // with our advert it leaves no sign, so that its clients find us when their caches give up.
    const Duration allowed = has_stock ? std::max<Duration>(slack, fault.repair_bound * 20) : fault.repair_bound;
    if (std::string problem = judge(world, fault.name + ", repaired", allowed); !problem.empty()) return problem;
    for (RouterId router = 0; router < world.router_count(); ++router) {
      if (std::string problem = world.settled(router); !problem.empty()) return fault.name + ": " + problem;
    }
  }
  return {};
}

}  // namespace baton::sim
