#include "daemon/check_ledger.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

#include "daemon/ledger_halves.h"

namespace baton::daemon {

namespace {

using Number = std::atomic<std::uint64_t>;
static_assert(Number::is_always_lock_free);

struct Row {
  Number key;
  Number flags;   // up, told, has a weight, suspended; page, failures in a row, last failure
  Number weight;  // and rounds in a row
  Number tries;
  Number failures;
  Number next_try;
  Number detail_turn;  // odd while the detail is written
  std::array<Number, CheckLedger::detail_size / sizeof(std::uint64_t)> detail;
};

struct Half {
  Number used;  // rows
  std::array<Row, CheckLedger::most> rows;
};

struct Book {
  LedgerHalves order;
  Number beats;
  std::array<Number, health::failure_count> outcomes;
  std::array<Half, 2> halves;
};

constexpr std::uint64_t is_up = 1;
constexpr std::uint64_t was_told = 2;
constexpr std::uint64_t has_weight = 4;
constexpr std::uint64_t suspended = 8;

void write(Row& row, const health::Check::State& state) {
  const std::uint64_t flags = (state.is_up ? is_up : 0) | (state.was_told ? was_told : 0) |
                              (state.has_weight ? has_weight : 0) |
                              static_cast<std::uint64_t>(state.last_failure) << 8 |
                              static_cast<std::uint64_t>(std::min(state.page, 0xffffU)) << 16 |
                              static_cast<std::uint64_t>(state.failures_in_a_row) << 32;
  row.flags = flags | (row.flags & suspended);
  row.weight = std::bit_cast<std::uint32_t>(state.weight) | static_cast<std::uint64_t>(state.rounds_in_a_row) << 32;
  row.tries = state.tries;
  row.failures = state.failures;
  row.next_try = static_cast<std::uint64_t>(state.next_try.time_since_epoch().count());
}

health::Check::State read(const Row& row) {
  const std::uint64_t flags = row.flags;
  const std::uint64_t failure = flags >> 8 & 0xff;
  return {
      .is_up = (flags & is_up) != 0,
      .was_told = (flags & was_told) != 0,
      .has_weight = (flags & has_weight) != 0,
      .weight = std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(row.weight)),
      .page = static_cast<std::uint32_t>(flags >> 16 & 0xffff),
      .failures_in_a_row = static_cast<std::uint32_t>(flags >> 32),
      .rounds_in_a_row = static_cast<std::uint32_t>(row.weight >> 32),
      .last_failure = failure < health::failure_count ? static_cast<health::Failure>(failure) : health::Failure::none,
      .tries = row.tries,
      .failures = row.failures,
      .next_try = Instant(Duration(static_cast<Duration::rep>(row.next_try.load())))};
}

void write_detail(Row& row, std::string_view detail) {
  std::array<std::uint64_t, CheckLedger::detail_size / sizeof(std::uint64_t)> words{};
  detail.copy(reinterpret_cast<char*>(words.data()), CheckLedger::detail_size);
  const std::uint64_t turn = row.detail_turn | 1;  // odd already when a writer before us was killed in the middle of it
  row.detail_turn = turn;
  std::ranges::copy(words, row.detail.begin());
  row.detail_turn = turn + 1;
}

// Empty where it is being written: the next question finds it.
std::string read_detail(const Row& row) {
  const std::uint64_t turn = row.detail_turn;
  std::array<std::uint64_t, CheckLedger::detail_size / sizeof(std::uint64_t)> words{};
  std::ranges::transform(row.detail, words.begin(), [](const Number& word) { return word.load(); });
  if (turn % 2 != 0 || row.detail_turn != turn) return {};
  const auto* text = reinterpret_cast<const char*>(words.data());
  return {text, ::strnlen(text, CheckLedger::detail_size)};
}

std::size_t used(const Half& half) {
  return std::min<std::size_t>(half.used, CheckLedger::most);
}

}  // namespace

std::size_t CheckLedger::size() {
  return sizeof(Book);
}

void CheckLedger::turn() {
  if (memory_ == nullptr) return;
  turn_ = static_cast<Book*>(memory_)->order.turn();
}

// A row at a time as long as we are the latest: one that overtakes us fills the same half.
std::optional<CheckLedger::States> CheckLedger::take_over(std::span<const CheckKey> keys) {
  States states(keys.size());
  if (memory_ == nullptr) return states;
  auto& book = *static_cast<Book*>(memory_);
  const auto half = book.order.begin(turn_);
  if (!half) return std::nullopt;
  half_ = *half;
  Half& ours = book.halves[half_];
  const Half& before = book.halves[1 - half_];
  std::unordered_map<CheckKey, std::size_t> places;
  for (std::size_t i = 0; i < used(before); ++i) places.emplace(before.rows[i].key, i);
  ours.used = 0;
  const std::size_t count = std::min(keys.size(), most);
  for (std::size_t i = 0; i < count && book.order.is_latest(turn_); ++i) {
    const auto found = places.find(keys[i]);
    ours.rows[i].key = keys[i];
    ours.rows[i].flags = 0;
    if (found != places.end()) states[i] = daemon::read(before.rows[found->second]);
    daemon::write(ours.rows[i], states[i].value_or(health::Check::State{}));
    write_detail(ours.rows[i], found == places.end() ? std::string() : read_detail(before.rows[found->second]));
  }
  if (!book.order.is_latest(turn_)) return std::nullopt;  // the half may be another's by now
  ours.used = count;
  if (!book.order.finish(turn_)) return std::nullopt;
  return states;
}

void CheckLedger::put(std::size_t index, const health::Check::State& state, std::string_view detail) {
  if (memory_ == nullptr || index >= most) return;
  auto& book = *static_cast<Book*>(memory_);
  Row& row = book.halves[half_].rows[index];
  daemon::write(row, state);
  write_detail(row, detail);
}

std::string CheckLedger::detail(std::size_t index) const {
  if (memory_ == nullptr || index >= most) return {};
  return read_detail(static_cast<const Book*>(memory_)->halves[half_].rows[index]);
}

void CheckLedger::set_suspended(std::size_t index, bool is_suspended) {
  if (memory_ == nullptr || index >= most) return;
  auto& book = *static_cast<Book*>(memory_);
  Number& flags = book.halves[half_].rows[index].flags;
  flags = is_suspended ? flags | suspended : flags & ~suspended;
}

void CheckLedger::count(health::Failure failure) {
  if (memory_ == nullptr) return;
  ++static_cast<Book*>(memory_)->outcomes[static_cast<std::size_t>(failure)];
}

void CheckLedger::beat() {
  if (memory_ != nullptr) ++static_cast<Book*>(memory_)->beats;
}

std::optional<std::uint64_t> CheckLedger::beats() const {
  if (memory_ == nullptr) return std::nullopt;
  return static_cast<const Book*>(memory_)->beats.load();
}

CheckLedger::Reading CheckLedger::read() const {
  Reading reading;
  if (memory_ == nullptr) return reading;
  const auto& book = *static_cast<const Book*>(memory_);
  const Half& half = book.halves[book.order.half()];
  for (std::size_t i = 0; i < used(half); ++i) {
    const Row& row = half.rows[i];
    reading.checks.emplace(
        row.key,
        Known{.state = daemon::read(row), .detail = read_detail(row), .is_suspended = (row.flags & suspended) != 0});
  }
  std::ranges::transform(book.outcomes, reading.outcomes.begin(), [](const Number& number) { return number.load(); });
  return reading;
}

}  // namespace baton::daemon
