// What each health check has come to, in memory that the checker role writes and others read: the next checker goes on
// from it, whether the one before died or a reload replaced it, and `/metrics` asks nobody. A checker writes the half
// that the one before did not (LedgerHalves), so that the two never write the same row. Each number is whole; a reader
// may see one try in one number and not yet in another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checker/limits.h"
#include "health/check.h"
#include "health/outcome.h"

namespace baton::daemon {

// Of a check: the same in the next configuration that has it.
using CheckKey = std::uint64_t;

class CheckLedger {
 public:
  static constexpr std::size_t most = checker::limits::checks;
  static constexpr std::size_t detail_size = 64;
  static std::size_t size();

  // A view of that many bytes, zeroes at first, which outlive us. Nullptr: nothing is kept.
  explicit CheckLedger(void* memory = nullptr) : memory_(memory) {}

  // --- the guardian, before each start of a checker ---
  void turn();

  // --- the checker: one at a time ---
  using States = std::vector<std::optional<health::Check::State>>;  // by index
  // What the half before has of these checks; from now on rows have these indexes. nullopt: a checker that was started
  // after us was faster, and there is nothing left for us to do.
  std::optional<States> take_over(std::span<const CheckKey> keys);
  // `detail`: of the last try's Outcome; the first detail_size bytes of it are kept.
  void put(std::size_t index, const health::Check::State& state, std::string_view detail = {});
  // As the one before put it, until it is put again.
  std::string detail(std::size_t index) const;
  // ha_suspend: nobody tries it for the time being.
  void set_suspended(std::size_t index, bool is_suspended);
  // A try has ended so.
  void count(health::Failure failure);
  // It turns its loop.
  void beat();

  // --- others ---
  struct Known {
    health::Check::State state;
    std::string detail;  // of the last try
    bool is_suspended = false;
  };
  struct Reading {
    std::unordered_map<CheckKey, Known> checks;
    std::array<std::uint64_t, health::failure_count> outcomes{};  // tries by how they ended; [0]: successes
  };
  Reading read() const;
  // How often it turned its loop, so that one that hangs is noticed; nullopt: nothing is kept.
  std::optional<std::uint64_t> beats() const;

 private:
  void* memory_;
  std::size_t half_ = 0;    // of the checker
  std::uint64_t turn_ = 0;  // of the checker that was started last; in a checker, its own
};

}  // namespace baton::daemon
