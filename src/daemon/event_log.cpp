#include "daemon/event_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

namespace baton::daemon {

namespace {

struct Slot {
  std::atomic<std::uint64_t> number;  // 0: empty, or being written
  std::uint64_t bytes;
  std::array<char, limits::event_bytes> text;
};

struct Log {
  std::atomic<std::uint64_t> last;
  std::uint64_t reserved;
  std::array<Slot, limits::events_kept> slots;
};
static_assert(sizeof(Log) == EventLog::size);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace

std::uint64_t EventLog::add(std::string_view text) {
  auto& log = *static_cast<Log*>(memory_);
  const std::uint64_t number = log.last.fetch_add(1) + 1;
  if (text.size() > limits::event_bytes) return number;
  Slot& slot = log.slots[number % log.slots.size()];
  slot.number.store(0);
  slot.bytes = text.size();
  text.copy(slot.text.data(), text.size());
  slot.number.store(number);
  return number;
}

std::vector<EventLog::Entry> EventLog::after(std::uint64_t number) const {
  const auto& log = *static_cast<const Log*>(memory_);
  const std::uint64_t last = log.last.load();
  if (number > last) number = 0;  // of another life
  const std::uint64_t oldest = last > log.slots.size() ? last - log.slots.size() : 0;
  std::vector<Entry> entries;
  for (std::uint64_t i = std::max(number, oldest) + 1; i <= last; ++i) {
    const Slot& slot = log.slots[i % log.slots.size()];
    if (slot.number.load() != i) continue;
    Entry entry{.number = i,
                .text = std::string(slot.text.data(), std::min<std::size_t>(slot.bytes, slot.text.size()))};
    if (slot.number.load() == i) entries.push_back(std::move(entry));  // nobody wrote meanwhile
  }
  return entries;
}

std::uint64_t EventLog::last() const {
  return static_cast<const Log*>(memory_)->last.load();
}

}  // namespace baton::daemon
