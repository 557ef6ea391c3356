#include "recorder/ring.h"

#include <algorithm>

#include "base/assert.h"

namespace baton::recorder {

std::size_t Ring::size_for(std::size_t routers) {
  constexpr std::size_t overhead = sizeof(Header) + limits::segments * sizeof(Slot);
  return overhead + limits::segments * (limits::segment_bytes + routers * limits::segment_bytes_a_router);
}

Ring::Ring(void* memory, std::size_t size)
    : memory_(memory), slot_size_((size - sizeof(Header)) / limits::segments / alignof(Slot) * alignof(Slot)) {
  ASSERT(size > sizeof(Header) && slot_size_ > sizeof(Slot));
}

std::byte* Ring::place(std::uint64_t sequence) const {
  return static_cast<std::byte*>(memory_) + sizeof(Header) + sequence % limits::segments * slot_size_;
}

std::span<std::uint8_t> Ring::begin() {
  const std::uint64_t next = latest() + 1;
  slot(next).sequence.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot(next).size.store(0, std::memory_order_relaxed);
  header().latest.store(next, std::memory_order_release);
  return {bytes(next), slot_size_ - sizeof(Slot)};
}

void Ring::commit(std::size_t size) {
  const std::uint64_t now = header().latest.load(std::memory_order_relaxed);
  slot(now).size.store(size, std::memory_order_release);
  if (slot(now).sequence.load(std::memory_order_relaxed) != now) {
    slot(now).sequence.store(now, std::memory_order_release);
  }
}

std::vector<Segment> Ring::read(std::uint64_t last) const {
  std::vector<Segment> segments;
  const std::uint64_t first = last < limits::segments ? 1 : last - limits::segments + 1;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    const Slot& its = slot(sequence);
    if (its.sequence.load(std::memory_order_acquire) != sequence) continue;
    // Whoever died may have written anything anywhere.
    const std::size_t size = std::min<std::size_t>(its.size.load(std::memory_order_acquire), slot_size_ - sizeof(Slot));
    Segment segment{.sequence = sequence, .bytes = Bytes(bytes(sequence), bytes(sequence) + size)};
    std::atomic_thread_fence(std::memory_order_acquire);
    if (its.sequence.load(std::memory_order_relaxed) == sequence) segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace baton::recorder
