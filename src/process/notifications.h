// Runs notify scripts: in order for each key (NotifyQueue). A script may run for as long as it likes, as with
// keepalived; after `patience` that is said, and what waits for it goes on beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/timer_queue.h"
#include "process/children.h"
#include "process/notify_queue.h"
#include "process/program.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t running_notifications = 128;  // at once, those that nobody waits for left out
// Scripts beyond their patience that run on while others go on. With more, the next ones wait until one has ended.
inline constexpr std::size_t lingering_notifications = 128;

}  // namespace limits

class Notifications {
 public:
  struct Outlets {
    std::function<void(NotifyFinished finished)> finished;
    std::function<void(RunnerEvent event)> event;
  };

  Notifications(Children& children, Users& users, std::string search_path, Duration patience, RunnerCounters& counters,
                Outlets outlets)
      : patience_(patience),
        children_(children),
        users_(users),
        search_path_(std::move(search_path)),
        counters_(counters),
        outlets_(std::move(outlets)) {}

  void add(Notify order);
  // Not ended yet, those under way included, those that nobody waits for left out.
  std::size_t pending() const { return queue_.waiting() + running_.size() - lingering_; }

  std::optional<Instant> next_timeout() const { return timers_.next(); }
  void on_timeout(Instant now);

 private:
  using Number = std::uint64_t;
  struct Running {
    Notification notification;
    bool is_overdue = false;    // its deadline has passed
    bool is_lingering = false;  // nobody waits for it any more
  };

  void start_waiting();
  void start(Notification notification);
  void lose_patience(Running& running);
  void finish(Number number, RunEnd end, const std::string& report, Duration took);

  Duration patience_;
  Children& children_;
  Users& users_;
  std::string search_path_;
  RunnerCounters& counters_;
  Outlets outlets_;
  NotifyQueue queue_;
  std::map<Number, Running> running_;
  std::size_t lingering_ = 0;  // of running_
  Number last_number_ = 0;
  TimerQueue<Number> timers_;  // when patience ends
};

}  // namespace baton::process
