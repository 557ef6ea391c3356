// Notices that this process was not run for a while: stopped, or with its whole machine. What was decided before may be
// wrong by now, so nothing is sent and nobody is served before the cores have looked at the clock. By CLOCK_BOOTTIME,
// so that a suspended machine's sleep counts.
#pragma once

#include <optional>

#include "base/time.h"

namespace baton::daemon {

namespace limits {
// Longer than an idle worker waits between two beats (worker_beat). A busy machine may be that late, too: it costs a
// look.
inline constexpr Duration pause_noticed = std::chrono::milliseconds(100);
}  // namespace limits

class PauseWatch {
 public:
  // To be asked once a turn at least; the time since it was asked last is what counts.
  bool was_paused(Instant now) {
    const bool paused = seen_ && now - *seen_ >= limits::pause_noticed;
    seen_ = now;
    return paused;
  }

 private:
  std::optional<Instant> seen_;
};

}  // namespace baton::daemon
