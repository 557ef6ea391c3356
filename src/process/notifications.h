// Runs notify scripts: in order for each key (NotifyQueue), each with a deadline.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/time.h"
#include "process/children.h"
#include "process/notify_queue.h"
#include "process/program.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t running_notifications = 128;  // at once

}  // namespace limits

class Notifications {
 public:
  struct Outlets {
    std::function<void(NotifyFinished finished)> finished;
    std::function<void(RunnerEvent event)> event;
  };

  Notifications(Children& children, Users& users, std::string search_path, RunnerCounters& counters, Outlets outlets)
      : children_(children),
        users_(users),
        search_path_(std::move(search_path)),
        counters_(counters),
        outlets_(std::move(outlets)) {}

  void add(Notify order);
  // Not ended yet, those under way included.
  std::size_t pending() const { return queue_.waiting() + running_; }

 private:
  void start_waiting();
  void start(const Notification& notification);
  void finish(const Notification& notification, RunEnd end, const std::string& report, Duration took);

  Children& children_;
  Users& users_;
  std::string search_path_;
  RunnerCounters& counters_;
  Outlets outlets_;
  NotifyQueue queue_;
  std::size_t running_ = 0;
};

}  // namespace baton::process
