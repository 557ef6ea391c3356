// Memory that forgets its beginning: a few segments, the oldest of which is written over by the next. Shared by the
// worker, which writes, and by others who read at any moment, also when the writer was killed in the middle of a word.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace baton::recorder {

namespace limits {
inline constexpr std::size_t segments = 4;  // at least three of which are whole
// A segment holds a snapshot, of at most 700 bytes a router, and what came after it.
inline constexpr std::size_t segment_bytes = 64 * 1024;
inline constexpr std::size_t segment_bytes_a_router = 1024;
}  // namespace limits

struct Segment {
  std::uint64_t sequence = 0;  // from 1
  Bytes bytes;
  bool operator==(const Segment&) const = default;
};

class Ring {
 public:
  static std::size_t size_for(std::size_t routers);
  // A view of so many bytes of memory, zero filled or written by an earlier Ring.
  Ring(void* memory, std::size_t size);

  // --- one writes ---
  // The next segment; the one before is finished. It is no segment for others until the first commit().
  std::span<std::uint8_t> begin();
  // So many of its bytes are good.
  void commit(std::size_t size);

  // --- others read ---
  std::uint64_t latest() const { return header().latest.load(std::memory_order_acquire); }  // 0: none was begun
  // Those up to `last`, the oldest first. One that is written over meanwhile is left out.
  std::vector<Segment> read(std::uint64_t last) const;
  std::vector<Segment> read() const { return read(latest()); }

 private:
  struct alignas(64) Header {
    std::atomic<std::uint64_t> latest;
  };
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> sequence;  // 0: none
    std::atomic<std::uint64_t> size;
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  Header& header() const { return *static_cast<Header*>(memory_); }
  std::byte* place(std::uint64_t sequence) const;
  Slot& slot(std::uint64_t sequence) const { return *reinterpret_cast<Slot*>(place(sequence)); }
  std::uint8_t* bytes(std::uint64_t sequence) const {
    return reinterpret_cast<std::uint8_t*>(place(sequence) + sizeof(Slot));
  }

  void* memory_;
  std::size_t slot_size_;
};

}  // namespace baton::recorder
