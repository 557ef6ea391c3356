// Plays a story. After each quiet time the address must have settled on one machine, the best one where preemption says
// so, where its neighbours find it.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario.h"
#include "sim/story.h"
#include "sim/swarm.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

std::vector<MachineParameters> machines_of(const World& world) {
  std::vector<MachineParameters> machines;
  for (std::size_t machine = 0; machine < world.size(); ++machine) machines.push_back(world.parameters(machine));
  return machines;
}

// Until an administrator is through with all his machines, two of them may own the address: each drops the other's
// adverts as of another version.
void speak_one_version(World& world) {
  for (std::size_t machine = 1; machine < world.size(); ++machine) world.migrate(machine, world.version(0));
}

void make_quiet(World& world) {
  world.note("from here all is quiet");
  world.heal();
  world.set_quality({});
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    world.set_paused(machine, false);
    world.set_drift(machine, 0);
    world.set_clock_right(machine);
    world.hang_scripts(machine, false, false);
    world.set_log_reader(machine, Journal::Reader::reads);
    world.set_tracker(machine, true);
    for (RouterId router = 0; router < world.router_count(); ++router) world.set_link(machine, router, true);
  }
  speak_one_version(world);
  // A machine that was killed with its address must be cleaned up by somebody, so everybody is started.
  world.run(2s);
  speak_one_version(world);  // also who was on its way out
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    world.start(machine);
    world.maintain(machine, MaintenanceTold::Wish::off);
  }
}

bool all_preempt(const World& world) {
  for (std::size_t machine = 0; machine < world.size(); ++machine) {
    if (world.parameters(machine).node.routers[0].router.preempt != Preempt::yes) return false;
  }
  return true;
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

class Player {
 public:
  explicit Player(World& world) : world_(world) {}

  std::string play(const std::vector<Happening>& happenings) {
    for (const Happening& happening : happenings) {
      world_.run(happening.after);
      if (!world_.violation().empty()) return {};
      if (happening.what == What::quiet) {
        if (std::string problem = rest(); !problem.empty()) return problem;
      } else {
        happen(happening);
      }
    }
    if (std::string problem = rest(); !problem.empty()) return problem;
    const std::uint64_t transitions = world_.counts().transitions;
    world_.run(6 * interval());
    return world_.counts().transitions == transitions ? "" : "settled, and then it moved again";
  }

 private:
  std::string rest() {
    make_quiet(world_);
    world_.run(quiet_time(machines_of(world_)) + world_.repair_time());
    for (RouterId router = 0; router < world_.router_count(); ++router) {
      if (std::string problem = world_.settled(router); !problem.empty()) return problem;
    }
    // Who has handed over does not preempt.
    return all_preempt(world_) && !handed_over_ ? check_best(world_) : "";
  }

  void happen(const Happening& it) {
    switch (it.what) {
      case What::start: return world_.start(it.machine);
      case What::stop: return world_.stop(it.machine);
      case What::handover: handed_over_ = true; return world_.handover(it.machine);
      case What::maintain: return world_.maintain(it.machine, static_cast<MaintenanceTold::Wish>(it.value));
      case What::crash: return world_.crash(it.machine);
      case What::guardian: return world_.crash_guardian(it.machine);
      case What::runner: return world_.crash_runner(it.machine);
      case What::everything: return world_.kill(it.machine, Death::everything);
      case What::power: return world_.kill(it.machine, Death::power);
      case What::hang: return world_.hang(it.machine);
      case What::starve: return world_.starve(it.machine, std::chrono::milliseconds(it.value));
      case What::pause: return world_.set_paused(it.machine, true);
      case What::freeze: return world_.freeze(it.machine);
      case What::wake: return world_.set_paused(it.machine, false);
      case What::check: return world_.set_tracker(it.machine, it.value != 0);
      case What::log: return world_.set_log_reader(it.machine, static_cast<Journal::Reader>(it.value));
      case What::scripts: return world_.hang_scripts(it.machine, (it.value & 1) != 0, (it.value & 2) != 0);
      case What::link: return world_.set_link(it.machine, it.router, it.value != 0);
      case What::cut:
        return world_.cut(it.machine, (it.value & 1) != 0, (it.value & 2) != 0,
                          (it.value & 4) != 0 ? std::nullopt : std::optional(it.router));
      case What::heal: return world_.heal();
      case What::quality: return world_.set_quality(it.quality);
      case What::step: return world_.step_clock(it.machine, std::chrono::milliseconds(it.value));
      case What::drift: return world_.set_drift(it.machine, static_cast<std::int32_t>(it.value));
      case What::reload:
        return world_.reload(it.machine,
                             draw_reload(world_.parameters(it.machine).node, static_cast<std::uint64_t>(it.value)));
      case What::migrate: return world_.migrate(it.machine, static_cast<Version>(it.value));
      case What::quiet: return;
    }
  }

  Duration interval() const {
    Duration interval{};
    for (const MachineParameters& machine : machines_of(world_)) {
      interval = std::max(interval, machine.node.routers[0].router.advert_interval);
    }
    return interval;
  }

  World& world_;
  bool handed_over_ = false;
};

}  // namespace

Outcome play(const Story& story, bool record, const Hooks& hooks) {
  World world(story.machines, story.seed, hooks);
  world.record(record);
  const Instant begun = world.now();
  Outcome outcome;
  outcome.problem = Player(world).play(story.happenings);
  if (!world.violation().empty()) outcome.problem = world.violation();
  outcome.counts = world.counts();
  outcome.simulated = world.now() - begun;
  outcome.timeline.assign(world.timeline().begin(), world.timeline().end());
  return outcome;
}

}  // namespace baton::sim
