// The watchdog of the service manager (WatchdogSec= of the unit file, sd_notify(3)): told that we live, also while no
// worker runs, for it is the guardian that is watched.
#pragma once

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

#include "loop/loop.h"

namespace baton::daemon {

class ServiceWatchdog {
 public:
  explicit ServiceWatchdog(loop::Loop& loop) : timer_(loop.timer([this] { show_life(); })) {}

  void begin() { timer_.set(loop::now()); }
  // Something may keep us for so long from now on (WATCHDOG_USEC); then end_patience().
  void ask_for_patience(Duration bound) const {
    set(std::max(usual(), static_cast<std::uint64_t>(bound / std::chrono::microseconds(1))));
  }
  void end_patience() const { set(usual()); }

 private:
  static constexpr Duration interval = std::chrono::seconds(1);  // it waits for seconds

  void show_life() {
    timer_.set(loop::now() + interval);
    (void)::sd_notify(0, "WATCHDOG=1");
  }
  // In microseconds; 0: nobody watches.
  static std::uint64_t usual() {
    std::uint64_t microseconds = 0;
    return ::sd_watchdog_enabled(0, &microseconds) > 0 ? microseconds : 0;
  }
  static void set(std::uint64_t microseconds) {
    if (usual() > 0) (void)::sd_notify(0, fmt::format("WATCHDOG_USEC={}\nWATCHDOG=1", microseconds).c_str());
  }

  loop::Timer timer_;
};

}  // namespace baton::daemon
