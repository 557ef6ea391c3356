// What is counted of one virtual router. Goes from worker to worker at a reload; a death begins anew.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include "base/time.h"
#include "vrrp/action.h"
#include "vrrp/reject_reason.h"

namespace baton::daemon {

// The last sign that somebody else had the addresses of a MASTER (vrrp::SecondOwnerSeen).
struct SecondOwner {
  Instant at{};  // epoch: none yet
  vrrp::SecondOwnerSeen seen{};
};

struct RouterStatistics {
  std::uint64_t adverts_sent = 0;    // that left, to one peer at least
  std::uint64_t packets_failed = 0;  // that the kernel did not take
  int last_send_error = 0;           // errno of the last of them
  std::uint64_t adverts_accepted = 0;
  std::uint64_t priority_zero_sent = 0;
  std::uint64_t priority_zero_accepted = 0;
  std::uint64_t became_master = 0;
  std::uint64_t released_master = 0;
  std::uint64_t unlike_addresses = 0;  // adverts accepted although their address list is not ours
  std::uint64_t second_masters = 0;    // adverts of another MASTER
  std::uint64_t hook_waits = 0;        // its addresses waited for before_announce
  std::uint64_t hooks_late = 0;        // hooks of it, or of its group, that did not end in time
  std::uint64_t hooks_failed = 0;
  std::uint64_t strangers = 0;  // announcements of our addresses by strangers; some of a flood
  SecondOwner second_owner{};
  vrrp::RejectCounters rejected{};
  Instant last_accepted{};  // epoch: none yet

  // Every count from 0; when an advert was heard last stays known.
  void clear() { *this = {.last_accepted = last_accepted}; }
};
static_assert(std::is_trivially_copyable_v<RouterStatistics>);

// How late something was: a histogram whose bounds are in seconds, one count more for what lies beyond the last.
class Lateness {
 public:
  static constexpr std::array bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1};

  void add(Duration late) {
    const double seconds = std::chrono::duration<double>(late).count();
    ++counts_[static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin())];
    sum_ += seconds;
  }
  const auto& counts() const { return counts_; }
  double sum() const { return sum_; }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  double sum_ = 0;
};

// What is counted of one worker, since it began.
struct WorkerStatistics {
  Lateness lateness;  // of the routers' timers
  std::uint64_t handovers_done = 0;
  std::uint64_t handovers_failed = 0;    // nobody took the address within the bound
  std::uint64_t announcements_lost = 0;  // of our addresses, by others, that came too fast to be looked at
};

}  // namespace baton::daemon
