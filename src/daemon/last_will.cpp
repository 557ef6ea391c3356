#include "daemon/last_will.h"

#include <cstring>

#include "base/assert.h"

namespace baton::daemon {

namespace {

constexpr std::size_t header_size = 64;  // one cache line, so that the heartbeat shares it with no router

}  // namespace

std::size_t LastWill::size_for(std::size_t routers) {
  return header_size + routers * (sizeof(Slot) + sizeof(RouterStatistics));
}

LastWill::LastWill(void* memory, std::size_t routers) : memory_(memory), routers_(routers) {
  static_assert(sizeof(Header) <= header_size);
}

LastWill::Slot& LastWill::slot(std::size_t router) const {
  ASSERT(router < routers_);
  return reinterpret_cast<Slot*>(static_cast<std::byte*>(memory_) + header_size)[router];
}

RouterStatistics& LastWill::place_of_statistics(std::size_t router) const {
  ASSERT(router < routers_);
  static_assert(sizeof(Slot) % alignof(RouterStatistics) == 0);
  return reinterpret_cast<RouterStatistics*>(static_cast<std::byte*>(memory_) + header_size +
                                             routers_ * sizeof(Slot))[router];
}

void LastWill::write_statistics(std::size_t router, const RouterStatistics& statistics) {
  place_of_statistics(router) = statistics;
}

const RouterStatistics& LastWill::statistics(std::size_t router) const {
  return place_of_statistics(router);
}

void LastWill::write(std::size_t router, const RouterWill& will) {
  Slot& place = slot(router);
  const std::uint32_t version = place.version.load(std::memory_order_relaxed);
  place.version.store(version | 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  place.will = will;
  const std::uint32_t next = (version | 1) + 1;
  place.version.store(next == 0 ? 2 : next, std::memory_order_release);
}

std::optional<RouterWill> LastWill::read(std::size_t router) const {
  const Slot& place = slot(router);
  constexpr int tries = 3;  // a living writer is done within nanoseconds; a dead one never is
  for (int i = 0; i < tries; ++i) {
    const std::uint32_t before = place.version.load(std::memory_order_acquire);
    if (before == 0 || before % 2 == 1) continue;
    const RouterWill will = place.will;
    std::atomic_thread_fence(std::memory_order_acquire);
    if (place.version.load(std::memory_order_relaxed) == before) return will;
  }
  return std::nullopt;
}

RouterWills LastWill::read_all() const {
  RouterWills wills;
  wills.reserve(routers_);
  for (std::size_t i = 0; i < routers_; ++i) wills.push_back(read(i));
  return wills;
}

std::optional<Instant> LastWill::left() const {
  const std::int64_t left = header().left.load(std::memory_order_acquire);
  return left == 0 ? std::nullopt : std::optional(Instant(Duration(left)));
}

void LastWill::forget() {
  for (std::size_t i = 0; i < routers_; ++i) slot(i).version.store(0, std::memory_order_release);
}

}  // namespace baton::daemon
