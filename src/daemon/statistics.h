// What is counted of one virtual router. Goes from worker to worker at a reload; a death begins anew.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/time.h"
#include "vrrp/reject_reason.h"

namespace baton::daemon {

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
  vrrp::RejectCounters rejected{};
  Instant last_accepted{};  // epoch: none yet

  // Every count from 0; when an advert was heard last stays known.
  void clear() { *this = {.last_accepted = last_accepted}; }
};
static_assert(std::is_trivially_copyable_v<RouterStatistics>);

}  // namespace baton::daemon
