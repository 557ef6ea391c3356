// The last events, in memory that the guardian shares with its roles: whoever comes later hears what was missed, also
// from an api role that has just taken the place of another. Each event has a number that goes up by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t events_kept = 256;
inline constexpr std::size_t event_bytes = 496;  // of one as JSON; the text of a longer one is not kept
}  // namespace limits

class EventLog {
 public:
  static constexpr std::size_t size = 16 + limits::events_kept * (16 + limits::event_bytes);

  // `memory` of that size, zeroes at first; it outlives us.
  explicit EventLog(void* memory) : memory_(memory) {}

  // The number it gets. Two roles may write at the same time.
  std::uint64_t add(std::string_view text);

  struct Entry {
    std::uint64_t number = 0;
    std::string text;
  };
  // Those with a higher number that are still there, in their order; all of them where that number was never given.
  std::vector<Entry> after(std::uint64_t number) const;
  std::uint64_t last() const;

 private:
  void* memory_;
};

}  // namespace baton::daemon
