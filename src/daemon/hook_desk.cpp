#include "daemon/hook_desk.h"

#include <algorithm>
#include <utility>

namespace baton::daemon {

HookDesk::HookDesk(const Setup& setup, std::uint64_t first_number, Handlers handlers)
    : setup_(setup), handlers_(std::move(handlers)), desks_(setup.hooks.size()), last_number_(first_number) {}

// ---------------------------------------------------------------- what happened

bool HookDesk::on_master(vrrp::RouterId router, Instant now) {
  for (const std::size_t index : hooks_of(router)) {
    Desk& desk = desks_[index];
    if (desk.masters.empty()) {
      desk.has_released = false;
      desk.announcing = run(index, setup_.hooks[index].before_announce, now);
      if (!desk.announcing) send(index, setup_.hooks[index].after_announce, setup_.hooks[index].timeout);
    }
    desk.masters.insert(router);
    if (desk.announcing && desk.held.insert(router).second) ++held_count_;
  }
  return holds_back(router);
}

void HookDesk::on_resumed(vrrp::RouterId router) {
  for (const std::size_t index : hooks_of(router)) desks_[index].masters.insert(router);
}

void HookDesk::on_stayed(vrrp::RouterId router) {
  for (const std::size_t index : hooks_of(router)) begin_again(index);
}

std::size_t HookDesk::on_followed() {
  for (std::size_t index = 0; index < desks_.size(); ++index) {
    if (!desks_[index].masters.empty()) begin_again(index);
  }
  return std::exchange(departures_, {}).size();
}

void HookDesk::follow(vrrp::RouterId router, bool is_leaving) {
  if (hooks_of(router).empty()) return;
  const bool has_changed = is_leaving ? leaving_.insert(router).second : leaving_.erase(router) > 0;
  if (!has_changed) return;
  if (!is_leaving) return on_stayed(router);
  for (const std::size_t index : hooks_of(router)) release_unawaited(index);
}

void HookDesk::on_left(vrrp::RouterId router) {
  leaving_.erase(router);
  for (const std::size_t index : hooks_of(router)) {
    Desk& desk = desks_[index];
    let_go_of(desk, router);
    if (desk.masters.erase(router) == 0) continue;
    release_unawaited(index);
    if (!desk.masters.empty()) continue;
    desk.announcing.reset();  // it runs on, and its end is nobody's
    send(index, setup_.hooks[index].after_release, setup_.hooks[index].timeout);
  }
}

void HookDesk::on_backup_at_start(vrrp::RouterId router) {
  for (const std::size_t index : hooks_of(router)) {
    const HookSetup& hooks = setup_.hooks[index];
    if (hooks.members.front() == router) send(index, hooks.at_start, hooks.timeout);
  }
}

void HookDesk::on_finished(const process::NotifyFinished& finished) {
  if (finished.number == 0) return;
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    Desk& desk = desks_[i];
    if (setup_.hooks[i].key != finished.key) continue;  // numbers of others are none of ours
    for (std::optional<Run>* run : {&desk.announcing, &desk.releasing}) {
      if (!*run || (*run)->number != finished.number || (*run)->awaited == 0) continue;
      --(*run)->awaited;
      if (!finished.end.is_success()) (*run)->has_failed = true;
    }
  }
}

void HookDesk::prepare_release(std::span<const vrrp::RouterId> routers, Instant now, std::function<void()> then) {
  Departure departure{.awaited = {}, .then = std::move(then)};
  for (const vrrp::RouterId router : routers) {
    for (const std::size_t index : hooks_of(router)) {
      Desk& desk = desks_[index];
      if (!desk.masters.contains(router)) continue;
      if (!desk.has_released) {
        desk.has_released = true;
        desk.releasing = run(index, setup_.hooks[index].before_release, now);
      }
      if (desk.releasing) departure.awaited.push_back(index);
    }
  }
  if (departure.awaited.empty() || departures_.size() >= limits::departures_that_wait) return departure.then();
  departures_.push_back(std::move(departure));
}

// However a script ended: an address that nobody has is worse than what the script was to bring.
std::vector<vrrp::RouterId> HookDesk::settle(Instant now) {
  std::vector<vrrp::RouterId> free;
  for (std::size_t index = 0; index < desks_.size(); ++index) {
    Desk& desk = desks_[index];
    if (take_outcome(index, Hook::before_announce, desk.announcing, now)) {
      held_count_ -= desk.held.size();
      for (const vrrp::RouterId router : std::exchange(desk.held, {})) free.push_back(router);
      send(index, setup_.hooks[index].after_announce, setup_.hooks[index].timeout);
    }
    (void)take_outcome(index, Hook::before_release, desk.releasing, now);
  }
  std::erase_if(free, [this](vrrp::RouterId router) { return holds_back(router); });  // by its group, or by itself

  std::vector<std::function<void()>> due;
  std::erase_if(departures_, [&](Departure& departure) {
    std::erase_if(departure.awaited, [this](std::size_t index) { return !desks_[index].releasing; });
    if (departure.awaited.empty()) due.push_back(std::move(departure.then));
    return departure.awaited.empty();
  });
  for (const auto& then : due) then();
  return free;
}

// ---------------------------------------------------------------- questions

std::optional<Instant> HookDesk::next_at() const {
  std::optional<Instant> next;
  for (const Desk& desk : desks_) {
    for (const std::optional<Run>* run : {&desk.announcing, &desk.releasing}) {
      if (*run) next = std::min(next.value_or((*run)->until), (*run)->until);
    }
  }
  return next;
}

std::optional<Instant> HookDesk::waits_until(vrrp::RouterId router) const {
  std::optional<Instant> until;
  for (const std::size_t index : hooks_of(router)) {
    const Desk& desk = desks_[index];
    if (desk.held.contains(router)) until = std::max(until.value_or(desk.announcing->until), desk.announcing->until);
  }
  return until;
}

bool HookDesk::is_held(vrrp::RouterId router) const {
  return std::ranges::any_of(hooks_of(router), [&](std::size_t index) { return desks_[index].held.contains(router); });
}

// ---------------------------------------------------------------- runs

void HookDesk::send(std::size_t index, const std::vector<notify::Command>& commands, Duration deadline) {
  if (commands.empty()) return;
  handlers_.run({.key = setup_.hooks[index].key, .rules = {}, .commands = commands, .deadline = deadline, .number = 0});
}

std::optional<HookDesk::Run> HookDesk::run(std::size_t index, const std::vector<notify::Command>& commands,
                                           Instant now) {
  if (commands.empty()) return std::nullopt;
  const HookSetup& hooks = setup_.hooks[index];
  const Run run{.number = ++last_number_, .awaited = commands.size(), .begun = now, .until = now + hooks.timeout};
  handlers_.run({.key = hooks.key, .rules = {}, .commands = commands, .deadline = hooks.timeout, .number = run.number});
  return run;
}

// What before_release has stopped.
void HookDesk::begin_again(std::size_t index) {
  const HookSetup& hooks = setup_.hooks[index];
  if (hooks.before_release.empty() || !std::exchange(desks_[index].has_released, false)) return;
  send(index, hooks.before_announce, hooks.timeout);
  send(index, hooks.after_announce, hooks.timeout);
}

void HookDesk::release_unawaited(std::size_t index) {
  if (std::exchange(desks_[index].has_released, true)) return;
  send(index, setup_.hooks[index].before_release, setup_.hooks[index].timeout);
}

std::optional<HookDesk::Outcome> HookDesk::take_outcome(std::size_t index, Hook hook, std::optional<Run>& run,
                                                        Instant now) {
  if (!run || (run->awaited > 0 && now < run->until)) return std::nullopt;
  const Outcome outcome = run->awaited > 0 ? Outcome::late : run->has_failed ? Outcome::failed : Outcome::ended;
  handlers_.on_outcome(index, hook, outcome, now - run->begun);
  run.reset();
  return outcome;
}

void HookDesk::let_go_of(Desk& desk, vrrp::RouterId router) {
  held_count_ -= desk.held.erase(router);
}

}  // namespace baton::daemon
