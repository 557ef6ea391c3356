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
  // What a reload added has served nobody before it.
  const RouterId judged = what == "reload" ? 1 : static_cast<RouterId>(world.router_count());
  const bool may_share = what == "migration";
  for (RouterId router = 0; router < judged; ++router) {
    if (std::string problem = world.settled(router); !problem.empty()) return what + ": " + problem;
    const Service service = world.service(router);
    if (service.unserved > Duration::zero())
      return fmt::format("{}: {} us without service", what, service.unserved / 1us);
    if (service.shared > shared_bound && !may_share)
      return fmt::format("{}: shared for {} us", what, service.shared / 1us);
  }
  return {};
}

// Who handed over has handed over, for good, when there was anybody to take it.
std::string check_handover(const World& world, std::size_t by, std::size_t running) {
  const bool moved = world.holder(0) != by;
  const bool should_move = running > 1;
  if (moved == should_move) return {};
  return moved ? "handover to nobody" : fmt::format("m{} handed over and has the address", by);
}

std::size_t count_healthy(const World& world) {
  std::size_t healthy = 0;
  for (std::size_t i = 0; i < world.size(); ++i) healthy += world.is_healthy(i) ? 1 : 0;
  return healthy;
}

// Asked for where somebody else is healthy it is so, and its end costs no probe either.
std::string end_maintenance(World& world, std::size_t healthy_before, Duration settling) {
  for (std::size_t i = 0; i < world.size(); ++i) {
    if (world.in_maintenance(i) && healthy_before < 2) return fmt::format("m{} left its clients alone", i);
    world.maintain(i, MaintenanceTold::Wish::off);
  }
  world.run(settling);
  return check_service(world, "end of maintenance");
}

std::vector<MachineParameters> machines_of(const World& world) {
  std::vector<MachineParameters> machines;
  for (std::size_t i = 0; i < world.size(); ++i) machines.push_back(world.parameters(i));
  return machines;
}

// One machine after the other, at any pace.
void migrate_all(World& world) {
  const Version version = world.version(0) == Version::v2 ? Version::v3 : Version::v2;
  const std::size_t first = world.random().below(world.size());
  for (std::size_t i = 0; i < world.size(); ++i) {
    world.migrate((first + i) % world.size(), version);
    world.run(world.random().between(0ms, settling_time(machines_of(world))));
  }
}

std::string act(World& world, bool weighted) {
  Random& random = world.random();
  const std::size_t machine = random.chance(60) && world.holder(0) ? *world.holder(0) : random.below(world.size());
  switch (random.below(7)) {
    case 0:
      if (count_healthy(world) < 2) break;
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
    case 4:
      if (world.router_count() < 2) break;
      world.kill(machine, Death::reloaded);
      return "reload";
    case 5: world.maintain(machine, MaintenanceTold::Wish::ask); return "maintenance";
    case 6: migrate_all(world); return "migration";
  }
  return "nothing";
}

}  // namespace

std::string play_planned(World& world, const std::vector<MachineParameters>& machines) {
  for (std::size_t machine = 0; machine < world.size(); ++machine) world.start(machine);
  world.run(settling_time(machines));
  const bool weighted = machines[0].node.routers[0].tracking[0].weight != 0;
  for (int i = 0; i < 8 && world.violation().empty(); ++i) {
    world.run(world.random().between(0ms, world.parameters(0).node.routers[0].router.advert_interval));
    world.forget_service();
    const auto holder = world.holder(0);
    const std::size_t running = count_healthy(world);
    const std::string what = act(world, weighted);
    const bool reloads = what == "reload" && holder;
    const bool hands_over = what == "handover" && holder && world.is_leaving(*holder);
    const Duration settling = settling_time(machines_of(world));
    world.run(settling);
    if (reloads && world.holder(0) != holder) return fmt::format("a reload took the group from m{}", *holder);
    if (hands_over) {
      if (std::string problem = check_handover(world, *holder, running); !problem.empty()) return problem;
    }
    if (std::string problem = check_service(world, what); !problem.empty()) return problem;
    if (what != "maintenance") continue;
    if (std::string problem = end_maintenance(world, running, settling); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace baton::sim
