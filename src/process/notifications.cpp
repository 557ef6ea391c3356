#include "process/notifications.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "process/track_scripts.h"

namespace baton::process {

void Notifications::add(Notify order) {
  std::size_t dropped = 0;
  for (notify::Command& command : order.commands) {
    dropped += queue_.push({order.key, order.rules, std::move(command), order.deadline});
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
  while (running_ < limits::running_notifications) {
    const auto next = queue_.take();
    if (!next) return;
    start(*next);
  }
}

void Notifications::start(const Notification& notification) {
  ++counters_.notifications;
  ++running_;
  const auto program = resolve(notification.command, notification.rules, search_path_, users_);
  if (!program) {
    return finish(notification, {RunEnd::Kind::could_not_run, program.error().code}, program.error().text, {});
  }
  if (!program->warning.empty()) outlets_.event({Level::warning, program->warning});
  const auto is_overdue = std::make_shared<bool>(false);
  const auto child = children_.start(*program, notification.deadline,
                                     {.on_end =
                                          [this, notification, is_overdue](const ChildEnd& end, Duration took) {
                                            RunEnd told = end.end;
                                            if (*is_overdue) told = {RunEnd::Kind::timed_out, end.end.code};
                                            finish(notification, told, end.report, took);
                                            start_waiting();
                                          },
                                      .on_deadline =
                                          [this, is_overdue] {
                                            *is_overdue = true;
                                            ++counters_.notification_timeouts;
                                          }});
  if (!child) finish(notification, {RunEnd::Kind::could_not_run, child.error().code}, to_string(child.error()), {});
}

void Notifications::finish(const Notification& notification, RunEnd end, const std::string& report, Duration took) {
  --running_;
  queue_.finished(notification.key);
  const std::string& command = notification.command.argv.empty() ? notification.key : notification.command.argv.front();
  if (!end.is_success()) {
    outlets_.event(
        {Level::warning, fmt::format("{}: notify script {} {}", notification.key, command, describe(end, report))});
  }
  outlets_.finished({.key = notification.key, .command = command, .end = end, .took = took});
}

}  // namespace baton::process
