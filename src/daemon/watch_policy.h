// How the guardian judges a worker: is it hung, may it be resumed, when is it started again. Values in, values out;
// the guardian (guardian.h) carries the verdicts out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace baton::daemon {

namespace limits {

inline constexpr Duration worker_beat = std::chrono::milliseconds(80);  // how often an idle worker shows life
inline constexpr Duration hang = std::chrono::milliseconds(200);        // no sign of life for this long: hung
// How often the guardian looks while something is expected of the worker. Else it looks when a hang could be one.
inline constexpr Duration close_look = std::chrono::milliseconds(40);
// A silent worker that waits for a processor, or in the kernel, is waited for longer: see starved_bound().
inline constexpr Duration starved_least = std::chrono::seconds(1);
inline constexpr Duration starved_most = std::chrono::seconds(10);
// A worker that starts from scratch has no address and nobody counts on it; on a slow machine its first steps take
// long.
inline constexpr Duration hang_at_start = std::chrono::seconds(5);
inline constexpr Duration serving_again = std::chrono::milliseconds(80);  // a resumed worker must serve after this ...
inline constexpr Duration serving_again_at_most = std::chrono::milliseconds(500);  // ... or half an advert interval
inline constexpr Duration lived_long = std::chrono::seconds(60);  // then a death is the first one again
inline constexpr Duration longest_back_off = std::chrono::seconds(60);

}  // namespace limits

// What the kernel says of the worker's process (proc(5), /proc/PID/stat).
struct ProcessState {
  char state = 'S';             // R running or waiting for a processor, S sleeping, D waiting for a device, T stopped
  std::uint64_t cpu_ticks = 0;  // utime + stime
};

// How long a worker that gets no processor is waited for. Its last advert may have been an interval old when its
// silence began: peers that wait for `adverts` intervals hear the next one in time when it speaks again after one less.
inline Duration starved_bound(Duration advert_interval, unsigned adverts) {
  const Duration spare = advert_interval * (std::max(adverts, 1U) - 1);
  return std::clamp<Duration>(spare, limits::starved_least, limits::starved_most);
}

struct Patience {
  Duration silence = limits::hang;
  Duration starved = limits::starved_least;  // with a worker that could not show life; at least as long
};

// Silence is a hang, unless the guardian was away itself (the whole machine slept) or the worker is ready to run and
// gets no processor, or the kernel holds it up: then killing it would make a slow machine worse, and it gets longer,
// but not so long that its peers have taken over. Nobody is condemned at the first look: when the whole machine stood
// still for a moment, that look comes first.
class HangDetector {
 public:
  // A new worker, or the first look.
  void reset(Instant now) {
    next_look_ = now + limits::close_look;
    silent_since_ = now;
    doubted_.reset();
    cpu_ticks_ = not_read;
  }

  // When is_hung() is to be asked again; before that the answer would be no.
  Instant next_look() const { return next_look_; }

  // `process` is read only when it matters: when the silence is longer than `patience.silence`.
  template <typename ReadProcess>
  bool is_hung(Instant heartbeat, Instant now, ReadProcess&& read_process, Patience patience = {}) {
    if (now - next_look_ > away) silent_since_ = now;  // we were: start counting anew
    if (heartbeat > silent_since_) silent_since_ = heartbeat;
    const Duration silence = now - silent_since_;
    const bool is_doubted = doubted_ == silent_since_;
    if (silence < patience.silence - limits::close_look) {
      next_look_ = silent_since_ + patience.silence - limits::close_look;
      cpu_ticks_ = not_read;
      return false;
    }
    doubted_ = silent_since_;
    next_look_ = silence < patience.silence ? silent_since_ + patience.silence : now + limits::close_look;
    if (silence < patience.silence || !is_doubted) return false;
    if (silence >= std::max(patience.silence, patience.starved)) return true;
    const ProcessState process = read_process();
    const bool ran_meanwhile = cpu_ticks_ != not_read && cpu_ticks_ != process.cpu_ticks;
    cpu_ticks_ = process.cpu_ticks;
    // One that waits in the kernel (for the lock of all interfaces, say) goes on by itself, and cannot be killed
    // before.
    const bool waits = process.state == 'R' || process.state == 'D';
    const bool starved = waits && !ran_meanwhile;
    return !starved;
  }

 private:
  static constexpr std::uint64_t not_read = ~0ULL;
  static constexpr Duration away = std::chrono::milliseconds(80);  // we look that late only when we did not run

  Instant next_look_{};
  std::optional<Instant> doubted_;  // the silence that a look has found to be long
  Instant silent_since_{};
  std::uint64_t cpu_ticks_ = not_read;
};

// How long a resumed worker may take until it serves. Half an interval after the death, which came less than one after
// the last advert, leaves half the patience of a backup (three intervals).
inline Duration resume_bound(Duration shortest_advert_interval) {
  return std::clamp<Duration>(shortest_advert_interval / 2, limits::serving_again, limits::serving_again_at_most);
}

// What follows a death. The first death after a long life: start again at once and go on where the dead worker was
// (nobody notices). A death soon after: the last will first, then a start from scratch after 0, 1, 2, 4 ... 60 s.
class RestartPolicy {
 public:
  struct Verdict {
    bool resume = false;  // else: carry out the last will
    Duration back_off{};  // before the next start
  };

  void on_start(Instant now) { started_ = now; }
  Verdict on_death(Instant now) {
    const bool lived_long = now - started_ >= limits::lived_long;
    if (lived_long || first_) {
      first_ = false;
      back_off_ = Duration::zero();
      return {.resume = true, .back_off = {}};
    }
    const Duration wait = back_off_;
    back_off_ = std::min(limits::longest_back_off, std::max<Duration>(std::chrono::seconds(1), back_off_ * 2));
    return {.resume = false, .back_off = wait};
  }
  // A resumed worker did not come up in time: whatever it was told to go on as, it is not tried again.
  Verdict on_failed_resume(Instant now) {
    first_ = false;
    started_ = now;
    return on_death(now);
  }

 private:
  Instant started_{};
  bool first_ = true;
  Duration back_off_{};
};

// The same for a role that nobody waits for: started again at once, and then after 1, 2, 4 ... 60 s, so that one which
// cannot live costs a line a minute.
class BackOff {
 public:
  void on_start(Instant now) { started_ = now; }
  Duration on_death(Instant now) {
    if (now - started_ >= limits::lived_long) next_ = Duration::zero();
    const Duration wait = next_;
    next_ = std::clamp<Duration>(next_ * 2, std::chrono::seconds(1), limits::longest_back_off);
    return wait;
  }

 private:
  Instant started_{};
  Duration next_{};
};

}  // namespace baton::daemon
