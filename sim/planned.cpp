// Everything an operator does on purpose, on good LANs, with Baton everywhere: the client must not lose a probe.
#include <fmt/format.h>

#include "sim/scenario.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

// Two machines answer for a while: not longer than this, for the longest successor's wait after its announcement.
constexpr Duration shared_bound = 250ms;

std::string check_service(World& world, const std::string& what) {
  for (RouterId router = 0; router < world.router_count(); ++router) {
    if (std::string problem = world.settled(router); !problem.empty()) return what + ": " + problem;
    const Service service = world.service(router);
    if (service.unserved > 0s) return fmt::format("{}: {} us without service", what, service.unserved / 1us);
    if (service.shared > shared_bound) return fmt::format("{}: shared for {} us", what, service.shared / 1us);
  }
  return {};
}

std::string act(World& world, bool weighted) {
  Random& random = world.random();
  const std::size_t machine = random.chance(60) && world.holder(0) ? *world.holder(0) : random.below(world.size());
  std::size_t running = 0;
  for (std::size_t i = 0; i < world.size(); ++i) running += world.is_healthy(i) ? 1 : 0;
  switch (random.below(4)) {
    case 0:
      if (running < 2) break;
      world.stop(machine);
      return "stop";
    case 1:
      for (std::size_t i = 0; i < world.size(); ++i) world.start(i);
      return "return";
    case 2: world.handover(machine); return "handover";
    case 3:
      if (!weighted) break;
      world.set_tracker(machine, random.chance(50));
      return "priority";
  }
  return "nothing";
}

}  // namespace

std::string play_planned(World& world, const std::vector<MachineParameters>& machines) {
  const Duration settling = settling_time(machines);
  for (std::size_t machine = 0; machine < world.size(); ++machine) world.start(machine);
  world.run(settling);
  const bool weighted = machines[0].node.routers[0].tracking[0].weight != 0;
  for (int i = 0; i < 8 && world.violation().empty(); ++i) {
    world.run(world.random().between(0ms, machines[0].node.routers[0].router.advert_interval));
    world.forget_service();
    const std::string what = act(world, weighted);
    world.run(settling);
    if (std::string problem = check_service(world, what); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace baton::sim
