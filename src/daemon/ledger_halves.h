// Roles that follow one another and write a ledger of two halves, in memory that outlives them: whose turn it is, and
// which half is whose. A role fills the half that the one before does not write, and then makes it the one that counts,
// so that one that ends before it does so, or never began, leaves what there was. (A checker finishes with all rows; a
// BFD role before it opens its sockets, so one that is killed over those leaves the sessions that it has come to.)
// Zeroes at first. Of three roles at once the first must be dead before the third is started.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace baton::daemon {

class LedgerHalves {
 public:
  // --- the guardian: before each start of a role, and this is its turn ---
  std::uint64_t turn() { return ++turns_; }
  std::uint64_t turns() const { return turns_; }

  // --- a role ---
  // The half that it fills. nullopt: a role that was started after it was faster.
  std::optional<std::size_t> begin(std::uint64_t turn);
  // No role that was started after it has begun.
  bool is_latest(std::uint64_t turn) const;
  // It has filled its half, and that counts from now on. False: a role that was started after it has begun meanwhile,
  // and goes on from the half that counted before.
  bool finish(std::uint64_t turn);

  // --- anybody ---
  // The one that counts.
  std::size_t half() const { return taken_ & 1; }

 private:
  std::atomic<std::uint64_t> turns_;  // how many roles were started
  std::atomic<std::uint64_t> taken_;  // the turn of the one that began last, and the half that counts: in one number,
                                      // so that nobody finishes who was overtaken
};

}  // namespace baton::daemon
