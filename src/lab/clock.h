// The lab's clock: the same boot clock that the daemon uses, and a way to bring the kernel's packet time stamps to it.
#pragma once

#include <ctime>

#include "base/time.h"

namespace baton::lab {

inline Duration read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

inline Instant now() {
  return Instant(read_clock(CLOCK_BOOTTIME));
}

// SO_TIMESTAMPNS speaks of the wall clock. A wall clock that is set in the microseconds between is no concern of a lab.
inline Instant from_wall(const timespec& stamp) {
  const Duration age =
      read_clock(CLOCK_REALTIME) - std::chrono::seconds(stamp.tv_sec) - std::chrono::nanoseconds(stamp.tv_nsec);
  return now() - age;
}

}  // namespace baton::lab
