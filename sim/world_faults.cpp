// What happens to machines from outside, and to LANs.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/world.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

}  // namespace

// ---------------------------------------------------------------- what stands still

void World::freeze(std::size_t id) {
  Machine& machine = machines_[id];
  if (!is_running(id)) return;
  note(fmt::format("m{} is frozen, its clock as well", id));
  machine.paused = machine.frozen = true;
  machine.paused_at = now_;
  machine.clock.set_standing(true, now_);
  look();
}

void World::set_paused(std::size_t id, bool paused) {
  Machine& machine = machines_[id];
  if (!machine.brain || machine.paused == paused) return;
  note(fmt::format("m{} {}", id, paused ? "stands still" : "goes on"));
  if (paused) {
    machine.paused = true;
    machine.paused_at = now_;
    return;
  }
  const bool knows = !machine.frozen;
  awake(machine);
  look();
  const Duration slept = now_ - machine.paused_at;
  const auto before = asleep(id);
  machine.lateness = {};
  const auto on_timeout = [&] {
    if (is_running(id)) call(id, [&](Brain& brain, NodeActions& out) { brain.on_timeout(clock(id), out); });
  };
  if (random_.chance(30)) on_timeout();  // else the packets come first
  for (auto& handle : std::exchange(machine.waiting, {})) {
    if (is_running(id)) handle();
  }
  on_timeout();
  if (knows) check_awake(id, before, slept);
}

// ---------------------------------------------------------------- what is tracked

void World::set_tracker(std::size_t id, bool up) {
  Machine& machine = machines_[id];
  if (machine.tracker_up != up) note(fmt::format("m{} check is {}", id, up ? "up" : "down"));
  machine.tracker_up = up;
  if (machine.runner) machine.runner->set_service(up);
  if (!machine.parameters.script) tell_tracker(id, up);
}

void World::hang_scripts(std::size_t id, bool track, bool notify) {
  Machine& machine = machines_[id];
  if (!machine.parameters.script || (machine.track_hangs == track && machine.notify_hangs == notify)) return;
  note(fmt::format("m{} scripts hang:{}{}{}", id, track ? " track" : "", notify ? " notify" : "",
                   track || notify ? "" : " no more"));
  machine.track_hangs = track;
  machine.notify_hangs = notify;
  if (!machine.runner) return;
  machine.runner->set_hanging(track, notify);
  if (!track && !notify) machine.runner->end_hanging(clock(id));
}

void World::set_link(std::size_t id, RouterId router, bool up) {
  Machine& machine = machines_[id];
  if (machine.links_up[router] == up) return;
  note(fmt::format("m{} eth{} is {}", id, router, up ? "up" : "down"));
  machine.links_up[router] = up;
  look();
  receive(id, Kept::state, [this, id, router, up] {
    call(id, [&](Brain& brain, NodeActions& out) { brain.on_link(fmt::format("eth{}", router), up, clock(id), out); });
  });
}

// ---------------------------------------------------------------- clocks

void World::step_clock(std::size_t id, Duration by) {
  if (by / 1ms != 0) note(fmt::format("m{} its clock of the day is set by {} ms", id, by / 1ms));
  machines_[id].clock_step += by;
}

void World::set_clock_right(std::size_t id) {
  Machine& machine = machines_[id];
  const Duration wrong = clock(id).time_since_epoch() + machine.clock_step - now_.time_since_epoch();
  if (wrong != Duration::zero()) step_clock(id, -wrong);
}

void World::set_drift(std::size_t id, std::int32_t parts) {
  if (machines_[id].clock.drift() == parts) return;
  note(fmt::format("m{} its clock runs {} ppm fast", id, parts));
  machines_[id].clock.set_drift(parts, now_);
}

// ---------------------------------------------------------------- what happens to LANs

void World::cut(std::size_t id, bool inbound, bool outbound, std::optional<RouterId> only) {
  note(fmt::format("m{} is cut{}{}", id, inbound ? " inbound" : "", outbound ? " outbound" : ""));
  for (RouterId router = 0; router < router_count(); ++router) {
    for (std::size_t other = 0; other < machines_.size() + neighbours; ++other) {
      if (other == id || only.value_or(router) != router) continue;
      if (inbound) lans_[router].cut(other, id);
      if (outbound) lans_[router].cut(id, other);
    }
  }
  look();
}

void World::heal() {
  note("the LANs are healed");
  for (Lan& lan : lans_) lan.heal();
  look();
}

void World::set_quality(const Quality& quality) {
  note(fmt::format("loss {} %, duplicates {} %, delay {} us, jitter {} us", quality.loss_percent,
                   quality.duplicate_percent, quality.delay / 1us, quality.jitter / 1us));
  for (Lan& lan : lans_) lan.set_quality(quality);
}

}  // namespace baton::sim
