// Time as every room speaks of it. This header has no now(): a core is told the time, and only src/loop asks for it.
#pragma once

#include <chrono>

namespace baton {

using Duration = std::chrono::nanoseconds;

// Time since boot, suspended time included (Linux CLOCK_BOOTTIME, see clock_gettime(2)): a node that slept through
// its adverts must see, on waking, how long it slept.
struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using Instant = BootClock::time_point;

// UTC, for people and for wire formats that carry a date (the auth_hmac trailer). May jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

}  // namespace baton
