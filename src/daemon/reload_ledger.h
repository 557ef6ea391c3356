// How often a reload was asked for and what became of it, in memory that the guardian shares with its roles.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "daemon/reload.h"

namespace baton::daemon {

// Zeroes at first.
struct ReloadLedger {
  std::atomic<std::uint64_t> carried_out;
  std::atomic<std::uint64_t> refused;
  std::atomic<std::uint64_t> failed;

  void count(ReloadResult result) {
    if (result == ReloadResult::carried_out) ++carried_out;
    if (result == ReloadResult::refused) ++refused;
    if (result == ReloadResult::failed) ++failed;
  }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace baton::daemon
