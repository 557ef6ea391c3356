#include "process/notifications.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "process/track_scripts.h"

namespace baton::process {

namespace {

const std::string& command_of(const Notification& notification) {
  return notification.command.argv.empty() ? notification.key : notification.command.argv.front();
}

}  // namespace

void Notifications::add(Notify order) {
  std::size_t dropped = 0;
  for (notify::Command& command : order.commands) {
    const auto gone = queue_.push({order.key, order.rules, std::move(command), order.deadline, order.number});
    if (!gone) continue;
    ++dropped;
    // An end as any other, or it would be waited for, and told to the next runner again.
    outlets_.finished({.key = gone->key,
                       .command = command_of(*gone),
                       .end = {RunEnd::Kind::could_not_run, EAGAIN},
                       .took = Duration::zero(),
                       .number = gone->number});
  }
  if (dropped > 0) {
    counters_.notifications_dropped += dropped;
    outlets_.event({Level::warning, fmt::format("{}: {} notify scripts dropped, they take longer than the events that "
                                                "call for them",
                                                order.key, dropped)});
  }
  start_waiting();
}

void Notifications::start_waiting() {
  while (running_.size() - lingering_ < limits::running_notifications) {
    auto next = queue_.take();
    if (!next) return;
    start(*std::move(next));
  }
}

void Notifications::start(Notification notification) {
  ++counters_.notifications;
  const Number number = ++last_number_;
  const Notification& kept =
      running_.emplace(number, Running{.notification = std::move(notification)}).first->second.notification;
  const auto program = resolve(kept.command, kept.rules, search_path_, users_);
  if (!program) {
    return finish(number, {RunEnd::Kind::could_not_run, program.error().code}, program.error().text, {});
  }
  if (!program->warning.empty()) outlets_.event({Level::warning, program->warning});
  const auto deadline = kept.deadline > Duration::zero() ? std::optional(kept.deadline) : std::nullopt;
  const auto child = children_.start(*program, deadline,
                                     {.on_end =
                                          [this, number](const ChildEnd& end, Duration took) {
                                            RunEnd told = end.end;
                                            if (running_.at(number).is_overdue) {
                                              told = {RunEnd::Kind::timed_out, end.end.code};
                                            }
                                            finish(number, told, end.report, took);
                                            start_waiting();
                                          },
                                      .on_deadline =
                                          [this, number] {
                                            running_.at(number).is_overdue = true;
                                            ++counters_.notification_timeouts;
                                          }});
  if (!child) return finish(number, {RunEnd::Kind::could_not_run, child.error().code}, to_string(child.error()), {});
  timers_.set(number, loop::now() + patience_);
}

void Notifications::on_timeout(Instant now) {
  while (const auto number = timers_.pop_due(now)) {
    if (lingering_ < limits::lingering_notifications) {
      lose_patience(running_.at(*number));
    } else {
      timers_.set(*number, now + patience_);
    }
  }
  start_waiting();
}

void Notifications::lose_patience(Running& running) {
  constexpr std::size_t most_named = 3;
  const std::string& key = running.notification.key;
  const auto& waiting = queue_.waiting(key);
  std::string others;
  for (std::size_t i = 0; i < std::min(waiting.size(), most_named); ++i) {
    others += fmt::format("{}{}", i == 0 ? ": " : ", ", fmt::join(waiting[i].command.argv, " "));
  }
  if (waiting.size() > most_named) others += ", ...";
  outlets_.event({Level::warning,
                  fmt::format("{}: notify script {} still runs after {} s; {}", key, command_of(running.notification),
                              std::chrono::duration_cast<std::chrono::seconds>(patience_).count(),
                              waiting.empty() ? "the next one will not wait for it"
                                              : fmt::format("{} that waited for it go on{}", waiting.size(), others))});
  running.is_lingering = true;
  ++lingering_;
  queue_.finished(key);
}

void Notifications::finish(Number number, RunEnd end, const std::string& report, Duration took) {
  timers_.set(number, std::nullopt);
  const Running running = std::move(running_.extract(number).mapped());
  const Notification& notification = running.notification;
  if (running.is_lingering) {
    --lingering_;
  } else {
    queue_.finished(notification.key);
  }
  const std::string& command = command_of(notification);
  if (!end.is_success()) {
    outlets_.event(
        {Level::warning, fmt::format("{}: notify script {} {}", notification.key, command, describe(end, report))});
  } else if (running.is_lingering) {
    outlets_.event({Level::info, fmt::format("{}: notify script {} has ended after {} s", notification.key, command,
                                             std::chrono::duration_cast<std::chrono::seconds>(took).count())});
  }
  outlets_.finished(
      {.key = notification.key, .command = command, .end = end, .took = took, .number = notification.number});
}

}  // namespace baton::process
