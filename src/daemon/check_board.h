// What the balancer knows of checks and quorums, in memory that outlives it: a next one, be it after a reload or after
// a death, goes on from there. The guardian makes it, the balancer writes it. One byte and one number a check, one byte
// a service; each is written as a whole, so that a reader at any time finds what was true a moment ago.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "balance/balancer.h"

namespace baton::daemon {

class CheckBoard {
 public:
  static std::size_t size_for(std::size_t checks, std::size_t services) {
    return checks * sizeof(Check) + services * sizeof(Service) + 1;
  }
  CheckBoard() = default;
  // `memory`: size_for() bytes, of zeros or of a board of the same size.
  CheckBoard(void* memory, std::size_t checks, std::size_t services)
      : checks_(static_cast<Check*>(memory)),
        services_(reinterpret_cast<Service*>(checks_ + checks)),
        check_count_(checks),
        service_count_(services) {}

  std::size_t check_count() const { return check_count_; }
  std::size_t service_count() const { return service_count_; }

  balance::CheckMemory check(std::size_t number) const {
    const std::uint64_t bits = checks_[number].load(std::memory_order_relaxed);
    return {.state = static_cast<balance::CheckState>(bits & 3),
            .has_weight = (bits & 4) != 0,
            .weight = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits >> 32))};
  }
  void set_check(std::size_t number, const balance::CheckMemory& memory) {
    const std::uint64_t weight = static_cast<std::uint32_t>(memory.weight);
    checks_[number].store(weight << 32 | (memory.has_weight ? 4U : 0U) | static_cast<std::uint64_t>(memory.state),
                          std::memory_order_relaxed);
  }

  // nullopt: nobody has said yet.
  std::optional<bool> has_quorum(std::size_t service) const {
    const std::uint8_t value = services_[service].load(std::memory_order_relaxed);
    return value == 0 ? std::nullopt : std::optional(value == 2);
  }
  void set_quorum(std::size_t service, bool has_quorum) {
    services_[service].store(has_quorum ? 2 : 1, std::memory_order_relaxed);
  }

 private:
  using Check = std::atomic<std::uint64_t>;
  using Service = std::atomic<std::uint8_t>;
  static_assert(Check::is_always_lock_free && Service::is_always_lock_free);

  Check* checks_ = nullptr;
  Service* services_ = nullptr;
  std::size_t check_count_ = 0;
  std::size_t service_count_ = 0;
};

}  // namespace baton::daemon
