// What is asked of a world, and what must hold in it.
#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::sim {

using namespace std::chrono_literals;
using namespace vrrp;

State World::state(std::size_t id, RouterId router) const {
  return machines_[id].brain ? machines_[id].brain->state(router) : State::init;
}

bool World::is_healthy(std::size_t id) const {
  if (!is_running(id)) return false;
  for (RouterId router = 0; router < router_count(); ++router) {
    if (state(id, router) != State::backup && state(id, router) != State::master) return false;
  }
  return true;
}

std::optional<std::size_t> World::holder(RouterId router) const {
  std::optional<std::size_t> holder;
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    if (!machines_[id].configured[router]) continue;
    if (holder) return std::nullopt;
    holder = id;
  }
  return holder;
}

std::string World::settled(RouterId router) const {
  if (std::string problem = check_notified(); !problem.empty()) return problem;
  if (std::string problem = check_logs(); !problem.empty()) return problem;
  std::string holders;
  std::size_t healthy = 0;
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    if (machines_[id].configured[router]) holders += fmt::format(" m{}", id);
    if (is_healthy(id)) ++healthy;
  }
  const auto one = holder(router);
  if (healthy == 0)
    return holders.empty() ? "" : fmt::format("router {} is held without a healthy node:{}", router, holders);
  if (!one) return fmt::format("router {} has not one holder:{}", router, holders.empty() ? " nobody" : holders);
  if (!machines_[*one].parameters.node.groups.empty() && holder(0) != one) {
    return fmt::format("a group is torn apart: m{} holds router {}", *one, router);
  }
  if (state(*one, router) != State::master) return fmt::format("router {} is held by m{}, no MASTER", router, *one);
  return check_neighbours(router, *one);
}

std::string World::check_neighbours(RouterId router, std::size_t holder) const {
  for (std::size_t i = 0; i < neighbours; ++i) {
    const Client& each = clients_[router * neighbours + i];
    const std::string_view who = i == 0 ? "client" : "gateway";
    if (!is_served(each)) return fmt::format("the {} of router {} is not served", who, router);
    if (each.asks != holder) return fmt::format("the {} of router {} asks another than m{}", who, router, holder);
  }
  return {};
}

// What became of a machine is what its script was started for last, unless there was no runner to be told.
std::string World::check_notified() const {
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    const Machine& machine = machines_[id];
    if (!machine.runner || machine.paused) continue;
    for (RouterId router = 0; router < router_count(); ++router) {
      const std::uint64_t last = machine.notified[router];
      if (last == machine.unheard[router] || machine.runner->last_started(router) == last) continue;
      return fmt::format("m{} router {}: no script was started for its last transition", id, router);
    }
  }
  return {};
}

Duration World::repair_time() const {
  Duration longest{};
  for (const Machine& machine : machines_) {
    if (machine.runner_returns) longest = std::max(longest, *machine.runner_returns - now_);
  }
  return longest;
}

// An answer counts for one silence, and that is no longer than the master-down time, an interval before and one after.
void World::check_witness(std::size_t id, RouterId router) {
  const RouterParameters& parameters = machines_[id].parameters.node.routers[router].router;
  if (!parameters.needs_witness) return;
  Duration interval{};
  for (const Machine& each : machines_) {
    interval = std::max(interval, each.parameters.node.routers[router].router.advert_interval);
  }
  const Duration longest = interval * (parameters.down_timer_adverts + 2) + 3s;
  const auto witnessed_at = machines_[id].witnessed_at[router];
  if (witnessed_at && clock(id) - *witnessed_at <= longest) return;
  violate(fmt::format("m{} router {} rose out of silence without a witness", id, router));
}

// Nothing in the machine keeps its core from what is due.
void World::check_late(std::size_t id, Instant deadline) {
  const Machine& machine = machines_[id];
  const Duration late = now_ - std::max(machine.clock.when(deadline), machine.touched);
  if (late > 1ms) violate(fmt::format("m{} acts {} ms late", id, late / 1ms));
}

std::vector<World::Asleep> World::asleep(std::size_t id) const {
  const Machine& machine = machines_[id];
  std::vector<Asleep> routers;
  for (RouterId router = 0; router < router_count(); ++router) {
    routers.push_back({.held = machine.brain->holds_addresses(router) && !machine.parameters.stock,
                       .served = machine.brain->is_serving(router),
                       .interval = machine.parameters.node.routers[router].router.advert_interval});
  }
  return routers;
}

// Whoever slept through its adverts for so long has a successor, and lets go before it does anything else. One that was
// on its way out already counts from the end of that; clocks that were set anew meanwhile are a little wrong.
void World::check_awake(std::size_t id, const std::vector<Asleep>& before, Duration slept) {
  const Machine& machine = machines_[id];
  for (RouterId router = 0; router < router_count() && machine.brain; ++router) {
    const RouterParameters& now = machine.parameters.node.routers[router].router;
    const Duration adverts = std::max(now.advert_interval, before[router].interval) * (now.down_timer_adverts + 1);
    const Duration long_enough = adverts + adverts / 20 + (before[router].served ? 10ms : 2s);
    if (!before[router].held || slept < long_enough || !machine.brain->holds_addresses(router)) continue;
    violate(fmt::format("m{} router {} overslept and holds", id, router));
  }
}

// A moment after it let go.
void World::check_released(std::size_t id, RouterId router) {
  const Machine& machine = machines_[id];
  const auto released_at = machine.released_at[router];
  if (!machine.brain || machine.paused || !released_at || now_ - *released_at < released_within) return;
  violate(fmt::format("m{} answers for router {} and does not hold it", id, router));
}

void World::check(std::size_t id, Instant handled_timeout) {
  Machine& machine = machines_[id];
  if (!machine.brain) return;
  if (machine.brain->maintenance() == Maintenance::on) machine.in_maintenance = true;
  for (RouterId router = 0; router < router_count(); ++router) {
    const State state = machine.brain->state(router);
    const bool holds = machine.brain->holds_addresses(router);
    if (holds != (state == State::master)) violate(fmt::format("m{} router {} holds as {}", id, router, name(state)));
    if (machine.in_maintenance && machine.brain->is_serving(router)) {
      violate(fmt::format("m{} router {} serves in maintenance", id, router));
    }
    if (machine.told[router] != state) violate(fmt::format("m{} router {} is {}, untold", id, router, name(state)));
  }
  if (!machine.parameters.node.groups.empty()) {
    bool serves = false;
    bool waits = false;
    for (RouterId router = 0; router < router_count(); ++router) {
      serves |= machine.brain->is_serving(router);
      waits |= machine.brain->state(router) == State::backup;
    }
    if (serves && waits) violate(fmt::format("m{}: one member of its group serves, another is BACKUP", id));
  }
  const auto next = machine.brain->next_timeout();
  if (next && *next <= handled_timeout) violate(fmt::format("m{} has a deadline in the past", id));
}

}  // namespace baton::sim
