#include "daemon/ledger_halves.h"

namespace baton::daemon {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

std::optional<std::size_t> LedgerHalves::begin(std::uint64_t turn) {
  std::uint64_t taken = taken_;
  do {
    if (taken >> 1 > turn) return std::nullopt;
  } while (!taken_.compare_exchange_weak(taken, turn << 1 | (taken & 1)));
  return 1 - (taken & 1);
}

bool LedgerHalves::is_latest(std::uint64_t turn) const {
  return taken_ >> 1 == turn;
}

bool LedgerHalves::finish(std::uint64_t turn) {
  std::uint64_t ours = turn << 1 | (taken_ & 1);
  return taken_.compare_exchange_strong(ours, ours ^ 1);
}

}  // namespace baton::daemon
