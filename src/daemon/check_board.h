// What the balancer knows of checks and quorums, in memory that outlives it: a next one, be it after a reload or after
// a death, goes on from there, and the api role tells it (services_status.h). The guardian makes it, the balancer
// writes it: a few numbers a check, a service and a real server, one for what serves in the kernel. Each is written as
// a whole, so that a reader at any time finds what was true a moment ago.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "balance/balancer.h"
#include "setup/balance_memory.h"

namespace baton::daemon {

// What carries out the table.
enum class PlaneKind : std::uint8_t { none, ipvs, nftables };
constexpr std::string_view name(PlaneKind kind) {
  switch (kind) {
    case PlaneKind::none: return "";
    case PlaneKind::ipvs: return "IPVS";
    case PlaneKind::nftables: return "nftables";
  }
  return "";
}
enum class PlaneState : std::uint8_t { unknown, serves, missing };
struct PlaneMemory {
  PlaneState state = PlaneState::unknown;
  PlaneKind kind = PlaneKind::none;  // of one that serves
  int code = 0;                      // errno, of one that is missing
  bool tells_connections = false;    // lvs_sync_daemon: to other directors
  bool hears_connections = false;    // likewise: those of others
  bool is_settled = false;           // services of configurations before are off

  bool operator==(const PlaneMemory&) const = default;
};

class CheckBoard {
 public:
  // How many there are of each, in the configuration's order.
  struct Shape {
    std::size_t checks = 0;
    std::size_t services = 0;
    std::size_t servers = 0;  // real servers
  };
  static std::size_t size_for(const Shape& shape) {
    return sizeof(Head) + shape.checks * sizeof(Check) +
           shape.servers * (sizeof(Traffic) + sizeof(Rise) + 2 * sizeof(Flag)) + shape.services * sizeof(Flag);
  }
  CheckBoard() = default;
  // `memory`: size_for() bytes, of zeros or of a board of the same shape.
  CheckBoard(void* memory, const Shape& shape)
      : shape_(shape),
        head_(static_cast<Head*>(memory)),
        checks_(reinterpret_cast<Check*>(head_ + 1)),
        traffic_(reinterpret_cast<Traffic*>(checks_ + shape.checks)),
        rises_(reinterpret_cast<Rise*>(traffic_ + shape.servers)),
        services_(reinterpret_cast<Flag*>(rises_ + shape.servers)),
        drains_(services_ + shape.services),
        known_(drains_ + shape.servers) {}

  std::size_t check_count() const { return shape_.checks; }
  std::size_t service_count() const { return shape_.services; }
  std::size_t server_count() const { return shape_.servers; }

  balance::CheckMemory check(std::size_t number) const {
    const std::uint64_t bits = checks_[number].state.load(std::memory_order_relaxed);
    const std::uint64_t since = checks_[number].since.load(std::memory_order_relaxed);
    return {.state = static_cast<balance::CheckState>(bits & 3),
            .has_weight = (bits & 4) != 0,
            .weight = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits >> 32)),
            .since = Instant(Duration(static_cast<Duration::rep>(since)))};
  }
  void set_check(std::size_t number, const balance::CheckMemory& memory) {
    const std::uint64_t weight = static_cast<std::uint32_t>(memory.weight);
    checks_[number].since.store(static_cast<std::uint64_t>(memory.since.time_since_epoch().count()),
                                std::memory_order_relaxed);
    checks_[number].state.store(weight << 32 | (memory.has_weight ? 4U : 0U) | static_cast<std::uint64_t>(memory.state),
                                std::memory_order_relaxed);
  }
  // The same at `now`: a state that is another one began then.
  void note_check(std::size_t number, balance::CheckMemory memory, Instant now) {
    const balance::CheckMemory before = check(number);
    memory.since = before.state == memory.state ? before.since : now;
    set_check(number, memory);
  }

  // nullopt: nobody has said yet.
  std::optional<bool> has_quorum(std::size_t service) const {
    const std::uint8_t value = services_[service].load(std::memory_order_relaxed);
    return value == 0 ? std::nullopt : std::optional(value == 2);
  }
  void set_quorum(std::size_t service, bool has_quorum) {
    services_[service].store(has_quorum ? 2 : 1, std::memory_order_relaxed);
  }

  // What a real server got, as it was counted last.
  ServerTraffic traffic(std::size_t server) const {
    ServerTraffic traffic;
    for (std::size_t i = 0; i < traffic_counts.size(); ++i) {
      const std::uint64_t count = traffic_[server].counts[i].load(std::memory_order_relaxed);
      if (count != 0) traffic.*traffic_counts[i] = count - 1;
    }
    return traffic;
  }
  void set_traffic(std::size_t server, const ServerTraffic& traffic) {
    for (std::size_t i = 0; i < traffic_counts.size(); ++i) {
      const auto count = traffic.*traffic_counts[i];
      traffic_[server].counts[i].store(count ? *count + 1 : 0, std::memory_order_relaxed);
    }
  }

  // An operator wants no new connections for it. This alone the guardian writes, and the balancer reads.
  bool is_drained(std::size_t server) const { return drains_[server].load(std::memory_order_relaxed) != 0; }
  void set_drained(std::size_t server, bool is_drained) {
    drains_[server].store(is_drained ? 1 : 0, std::memory_order_relaxed);
  }

  // slow_start: when its rise began; nullopt: it does not rise.
  std::optional<Instant> rise(std::size_t server) const {
    const std::uint64_t began = rises_[server].load(std::memory_order_relaxed);
    return began == 0 ? std::nullopt : std::optional(Instant(Duration(static_cast<Duration::rep>(began))));
  }
  void set_rise(std::size_t server, std::optional<Instant> began) {
    const auto since_boot = began.value_or(Instant()).time_since_epoch();
    rises_[server].store(static_cast<std::uint64_t>(since_boot.count()), std::memory_order_relaxed);
  }

  // It was there as a balancer began.
  bool is_known(std::size_t server) const { return known_[server].load(std::memory_order_relaxed) != 0; }
  void set_known(std::size_t server) { known_[server].store(1, std::memory_order_relaxed); }

  PlaneMemory plane() const {
    const std::uint64_t bits = head_ == nullptr ? 0 : head_->plane.load(std::memory_order_relaxed);
    return {.state = static_cast<PlaneState>(bits & 3),
            .kind = static_cast<PlaneKind>(bits >> 2 & 3),
            .code = static_cast<int>(bits >> 32),
            .tells_connections = (bits & tells_bit) != 0,
            .hears_connections = (bits & hears_bit) != 0,
            .is_settled = (bits & settled_bit) != 0};
  }
  void set_plane(const PlaneMemory& plane) {
    if (head_ == nullptr) return;
    head_->plane.store(static_cast<std::uint64_t>(plane.code) << 32 | static_cast<std::uint64_t>(plane.kind) << 2 |
                           static_cast<std::uint64_t>(plane.state) | (plane.tells_connections ? tells_bit : 0) |
                           (plane.hears_connections ? hears_bit : 0) | (plane.is_settled ? settled_bit : 0),
                       std::memory_order_relaxed);
  }

  // The balancer turns its loop. `beats`: how often; nullopt: there is no board.
  void beat() {
    if (head_ != nullptr) head_->beats.fetch_add(1, std::memory_order_relaxed);
  }
  std::optional<std::uint64_t> beats() const {
    if (head_ == nullptr) return std::nullopt;
    return head_->beats.load(std::memory_order_relaxed);
  }

 private:
  struct Head {
    std::atomic<std::uint64_t> plane;
    std::atomic<std::uint64_t> beats;
  };
  static constexpr std::uint64_t tells_bit = 1 << 4;
  static constexpr std::uint64_t hears_bit = 1 << 5;
  static constexpr std::uint64_t settled_bit = 1 << 6;
  struct Check {
    std::atomic<std::uint64_t> state;
    std::atomic<std::uint64_t> since;
  };
  static constexpr std::array traffic_counts{
      &ServerTraffic::connections, &ServerTraffic::active,   &ServerTraffic::inactive, &ServerTraffic::packets_in,
      &ServerTraffic::packets_out, &ServerTraffic::bytes_in, &ServerTraffic::bytes_out};
  struct Traffic {
    std::array<std::atomic<std::uint64_t>, traffic_counts.size()> counts;  // one more than it is; 0: not counted
  };
  using Rise = std::atomic<std::uint64_t>;
  using Flag = std::atomic<std::uint8_t>;
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && Flag::is_always_lock_free);

  Shape shape_;
  Head* head_ = nullptr;
  Check* checks_ = nullptr;
  Traffic* traffic_ = nullptr;
  Rise* rises_ = nullptr;
  Flag* services_ = nullptr;
  Flag* drains_ = nullptr;
  Flag* known_ = nullptr;
};

// All that is known of checks, services and real servers, for another board.
setup::BalanceMemory memory_of(const CheckBoard& board);
void note(const setup::BalanceMemory& memory, CheckBoard& board);

}  // namespace baton::daemon
