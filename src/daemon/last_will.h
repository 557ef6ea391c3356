// What a worker leaves behind, kept up to date in memory it shares with the guardian: a sign of life, and for every
// virtual router what is needed to go on as it or to say goodbye for it. Written by one process (the worker), read by
// others (guardian, api) at any moment, also when the writer was killed in the middle of a line. docs/decisions/0002.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "daemon/statistics.h"
#include "vrrp/advert_codec.h"
#include "vrrp/virtual_router.h"

namespace baton::daemon {

// What an operator has set in place of the configuration. A reload forgets it.
struct OperatorSettings {
  std::optional<std::uint8_t> base_priority;
  std::optional<vrrp::Preempt> preempt;
};

// What scripts, FIFOs, mail and webhooks were told last. Behind the state itself when a worker died before it came to
// it.
struct ToldStates {
  vrrp::State router = vrrp::State::init;
  vrrp::State group = vrrp::State::init;  // of its sync group, if it is in one
  bool operator==(const ToldStates&) const = default;
};

// One virtual router's last will.
struct RouterWill {
  vrrp::RouterMemory router;
  vrrp::CodecMemory codec;
  IpAddress source;                   // its adverts leave with this address
  std::uint32_t interface_index = 0;  // and through this interface
  bool holds_addresses = false;
  OperatorSettings settings{};
  ToldStates told{};
};
static_assert(std::is_trivially_copyable_v<RouterWill>);
using RouterWills = std::vector<std::optional<RouterWill>>;  // nullopt: nothing is known

class LastWill {
 public:
  // Bytes needed for so many routers.
  static std::size_t size_for(std::size_t routers);
  // A view of shared memory of size_for(routers) bytes, zero filled or written by an earlier LastWill.
  LastWill(void* memory, std::size_t routers);

  // --- the worker writes ---
  void beat(Instant now) { header().heartbeat.store(now.time_since_epoch().count(), std::memory_order_release); }
  void write(std::size_t router, const RouterWill& will);
  // Last, by one that leaves in order: read by nobody before.
  void write_statistics(std::size_t router, const RouterStatistics& statistics);
  void set_serving() { header().serving.store(true, std::memory_order_release); }
  // Every address is where it shall be: what earlier configurations left is gone.
  void set_clean() { header().clean.store(true, std::memory_order_release); }
  // Nothing is heard or said by this worker any more. Of the one before: written by the guardian into the next one's.
  void set_left(Instant now) { header().left.store(now.time_since_epoch().count(), std::memory_order_release); }

  // --- others read ---
  Instant heartbeat() const { return Instant(Duration(header().heartbeat.load(std::memory_order_acquire))); }
  // The worker has taken its routers over and sent what was due.
  bool is_serving() const { return header().serving.load(std::memory_order_acquire); }
  bool is_clean() const { return header().clean.load(std::memory_order_acquire); }
  std::size_t router_count() const { return routers_; }
  // nullopt: never written, or the writer died in the middle of it.
  std::optional<RouterWill> read(std::size_t router) const;
  const RouterStatistics& statistics(std::size_t router) const;
  RouterWills read_all() const;
  // When the worker has stopped hearing and speaking, for one that goes on; nullopt: it has not, or not in order.
  std::optional<Instant> left() const;

  // --- the guardian, between two workers ---
  void begin_generation(Instant now) {
    header().serving.store(false, std::memory_order_release);
    header().clean.store(false, std::memory_order_release);
    set_left(Instant{});
    beat(now);
  }
  // After the last will was carried out nobody may go on as these routers.
  void forget();

 private:
  struct Header {
    std::atomic<std::int64_t> heartbeat;
    std::atomic<bool> serving;
    std::atomic<bool> clean;
    std::atomic<std::int64_t> left;
  };
  struct Slot {
    std::atomic<std::uint32_t> version;  // odd while being written, 0 never written
    RouterWill will;
  };
  static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

  Header& header() const { return *static_cast<Header*>(memory_); }
  Slot& slot(std::size_t router) const;
  RouterStatistics& place_of_statistics(std::size_t router) const;

  void* memory_;
  std::size_t routers_;
};

}  // namespace baton::daemon
