// Two owners, as the worker notices them: which announcements of strangers its node is told of, so that a flood of them
// stays a trickle, and whom it tells what the node makes of them (docs/decisions/0023).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "daemon/newsroom.h"
#include "daemon/statistics.h"
#include "log/rate_limit.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t strangers_a_beat = 16;  // of all routers, between two beats of the worker
inline constexpr Duration second_owner_told =
    std::chrono::seconds(60);  // once in so long, of a router and kind of sign
}  // namespace limits

class SecondOwners {
 public:
  SecondOwners(std::vector<RouterStatistics>& statistics, WorkerStatistics& counted, Newsroom& newsroom)
      : statistics_(statistics),
        counted_(counted),
        newsroom_(newsroom),
        told_(limits::second_owner_told, 2 * statistics.size()) {}

  // Is the node to hear that somebody has announced an address of this router? The successor of one that leaves is
  // awaited; strangers may be many.
  bool is_worth_telling(const vrrp::VirtualRouter& router, bool is_stranger);
  void on_beat() { strangers_left_ = limits::strangers_a_beat; }
  void on_seen(vrrp::RouterId router, const vrrp::SecondOwnerSeen& seen, const vrrp::Node& node, Instant now);

 private:
  std::vector<RouterStatistics>& statistics_;
  WorkerStatistics& counted_;
  Newsroom& newsroom_;
  log::RateLimit told_;
  std::size_t strangers_left_ = limits::strangers_a_beat;
};

}  // namespace baton::daemon
