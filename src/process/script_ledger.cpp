#include "process/script_ledger.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

namespace baton::process {

namespace {

using Number = std::atomic<std::uint64_t>;
static_assert(Number::is_always_lock_free);

struct Slot {
  Number key;  // 0: free
  std::array<Number, run_result_names.size()> results;
  std::array<Number, duration_bounds.size() + 1> durations;
  Number sum_ns;
  Number last_ns;  // one more, so that 0 is none
};

struct Book {
  Number beats;
  Number used;  // slots from here on were never used
  std::array<Slot, ScriptLedger::most> slots;
};

// FNV-1a. Among thousands of names two with the same key are not to be expected, and would only be counted together.
std::uint64_t key_of(std::string_view name) {
  std::uint64_t key = 0xcbf29ce484222325U;
  for (const char letter : name) key = (key ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3U;
  return key == 0 ? 1 : key;
}

void clear(Slot& slot) {
  slot.key = 0;
  for (Number& number : slot.results) number = 0;
  for (Number& number : slot.durations) number = 0;
  slot.sum_ns = 0;
  slot.last_ns = 0;
}

ScriptRuns runs_of(const Slot& slot) {
  ScriptRuns runs;
  std::ranges::transform(slot.results, runs.results.begin(), [](const Number& number) { return number.load(); });
  std::ranges::transform(slot.durations, runs.durations.begin(), [](const Number& number) { return number.load(); });
  runs.sum = Duration(slot.sum_ns.load());
  if (const std::uint64_t last = slot.last_ns.load(); last != 0) runs.last = Duration(last - 1);
  return runs;
}

}  // namespace

std::size_t ScriptLedger::size() {
  return sizeof(Book);
}

void ScriptLedger::keep(const std::vector<std::string_view>& names) {
  if (memory_ == nullptr) return;
  auto& book = *static_cast<Book*>(memory_);
  std::unordered_set<std::uint64_t> wanted;
  for (const std::string_view name : names) wanted.insert(key_of(name));
  places_.clear();
  for (std::size_t place = 0; place < std::min<std::size_t>(book.used, most); ++place) {
    Slot& slot = book.slots[place];
    if (wanted.erase(slot.key) == 1) {
      places_[slot.key] = place;
    } else {
      clear(slot);
    }
  }
  std::size_t place = 0;
  for (const std::uint64_t key : wanted) {
    while (place < most && book.slots[place].key != 0) ++place;
    if (place == most) return;
    book.slots[place].key = key;
    places_[key] = place;
    book.used = std::max<std::uint64_t>(book.used, place + 1);
  }
}

void ScriptLedger::count(std::string_view name, RunResult result, std::optional<Duration> took) {
  const auto place = places_.find(key_of(name));
  if (place == places_.end()) return;
  Slot& slot = static_cast<Book*>(memory_)->slots[place->second];
  ++slot.results[static_cast<std::size_t>(result)];
  if (!took) return;
  const auto ns = static_cast<std::uint64_t>(std::max(Duration::zero(), *took).count());
  const auto bound = std::ranges::lower_bound(duration_bounds, static_cast<double>(ns) / 1e9);
  ++slot.durations[static_cast<std::size_t>(bound - duration_bounds.begin())];
  slot.sum_ns += ns;
  slot.last_ns = ns + 1;
}

void ScriptLedger::beat() {
  if (memory_ != nullptr) ++static_cast<Book*>(memory_)->beats;
}

std::optional<std::uint64_t> ScriptLedger::beats() const {
  if (memory_ == nullptr) return std::nullopt;
  return static_cast<const Book*>(memory_)->beats.load();
}

std::optional<ScriptRuns> ScriptLedger::Reading::of(std::string_view name) const {
  const auto found = runs_.find(key_of(name));
  return found == runs_.end() ? std::nullopt : std::optional(found->second);
}

ScriptLedger::Reading ScriptLedger::read() const {
  Reading reading;
  if (memory_ == nullptr) return reading;
  const auto& book = *static_cast<const Book*>(memory_);
  for (std::size_t place = 0; place < std::min<std::size_t>(book.used, most); ++place) {
    const Slot& slot = book.slots[place];
    const std::uint64_t key = slot.key;
    if (key == 0) continue;
    ScriptRuns runs = runs_of(slot);
    if (slot.key == key) reading.runs_[key] = runs;  // else the place became another's meanwhile
  }
  return reading;
}

}  // namespace baton::process
