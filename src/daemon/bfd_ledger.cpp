#include "daemon/bfd_ledger.h"

#include <algorithm>
#include <atomic>

#include "daemon/ledger_halves.h"

namespace baton::daemon {

namespace {

using Number = std::atomic<std::uint64_t>;
static_assert(Number::is_always_lock_free);

constexpr std::size_t words_of_a_row = 13;
using Words = std::array<std::uint64_t, words_of_a_row>;

struct Row {
  Number turn;  // odd while it is written
  std::array<Number, words_of_a_row> words;
};

struct Half {
  Number used;  // rows
  std::array<Row, BfdLedger::most> rows;
};

struct Book {
  LedgerHalves order;
  Number speaker;  // the turn of the role that serves
  Number beats;
  Number last_beat;
  std::array<Number, bfd::reject_reason_count> rejected;
  Number heirs;
  std::array<Number, BfdLedger::most> heir_keys;
  std::array<Half, 2> halves;
};

constexpr std::uint64_t counts_as_up = 1;
constexpr std::uint64_t was_up = 2;
constexpr std::uint64_t remote_demand = 4;
constexpr std::uint64_t low_half = 0xffffffff;

std::uint64_t number_of(std::chrono::microseconds span) {
  return static_cast<std::uint64_t>(span.count()) & low_half;
}
std::uint64_t number_of(Instant instant) {
  return static_cast<std::uint64_t>(instant.time_since_epoch().count());
}
std::chrono::microseconds low_span(std::uint64_t word) {
  return std::chrono::microseconds(word & low_half);
}
std::chrono::microseconds high_span(std::uint64_t word) {
  return std::chrono::microseconds(word >> 32);
}
Instant instant_of(std::uint64_t word) {
  return Instant(Duration(static_cast<Duration::rep>(word)));
}

Words words_of(BfdKey key, const BfdLedger::Known& known) {
  const bfd::SessionMemory& it = known.memory;
  const std::uint64_t flags =
      (it.counts_as_up ? counts_as_up : 0) | (it.was_up ? was_up : 0) | (it.remote_demand ? remote_demand : 0) |
      static_cast<std::uint64_t>(it.state) << 4 | static_cast<std::uint64_t>(it.remote_state) << 6 |
      static_cast<std::uint64_t>(it.diagnostic) << 8 | static_cast<std::uint64_t>(it.remote_diagnostic) << 16 |
      static_cast<std::uint64_t>(it.remote_multiplier) << 24 | static_cast<std::uint64_t>(it.timers.multiplier) << 32 |
      static_cast<std::uint64_t>(known.source_port) << 40;
  return {key,
          flags,
          it.identity.discriminator | static_cast<std::uint64_t>(it.remote_discriminator) << 32,
          it.identity.seed,
          number_of(it.remote_min_rx) | number_of(it.remote_desired_tx) << 32,
          number_of(it.timers.desired_min_tx) | number_of(it.timers.required_min_rx) << 32,
          number_of(it.timers.idle_tx),
          number_of(it.since),
          number_of(it.last_sent),
          number_of(it.last_received),
          known.accepted,
          known.sent,
          known.failures};
}

BfdLedger::Known known_of(const Words& words) {
  const std::uint64_t flags = words[1];
  const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(flags >> shift & 0xff); };
  return {.memory = {.state = static_cast<bfd::State>(flags >> 4 & 3),
                     .diagnostic = static_cast<bfd::Diagnostic>(byte(8) & 0x1f),
                     .counts_as_up = (flags & counts_as_up) != 0,
                     .was_up = (flags & was_up) != 0,
                     .identity = {.discriminator = static_cast<std::uint32_t>(words[2]), .seed = words[3]},
                     .remote_state = static_cast<bfd::State>(flags >> 6 & 3),
                     .remote_diagnostic = static_cast<bfd::Diagnostic>(byte(16) & 0x1f),
                     .remote_demand = (flags & remote_demand) != 0,
                     .remote_multiplier = byte(24),
                     .remote_discriminator = static_cast<std::uint32_t>(words[2] >> 32),
                     .remote_min_rx = low_span(words[4]),
                     .remote_desired_tx = high_span(words[4]),
                     .timers = {.desired_min_tx = low_span(words[5]),
                                .required_min_rx = high_span(words[5]),
                                .idle_tx = low_span(words[6]),
                                .multiplier = byte(32)},
                     .since = instant_of(words[7]),
                     .last_sent = instant_of(words[8]),
                     .last_received = instant_of(words[9])},
          .source_port = static_cast<std::uint16_t>(flags >> 40),
          .accepted = words[10],
          .sent = words[11],
          .failures = words[12]};
}

// Nothing where it is written again and again.
std::optional<Words> read(const Row& row) {
  constexpr int tries = 100;
  Words words{};
  for (int i = 0; i < tries; ++i) {
    const std::uint64_t turn = row.turn;
    std::ranges::transform(row.words, words.begin(), [](const Number& word) { return word.load(); });
    if (turn % 2 == 0 && row.turn == turn) return words;
  }
  return std::nullopt;
}

BfdLedger::Sessions read(const Half& half) {
  BfdLedger::Sessions sessions;
  const std::size_t used = std::min<std::size_t>(half.used, BfdLedger::most);
  for (std::size_t i = 0; i < used; ++i) {
    const auto words = read(half.rows[i]);
    if (words && words->front() != 0) sessions.emplace(words->front(), known_of(*words));
  }
  return sessions;
}

}  // namespace

std::size_t BfdLedger::size() {
  return sizeof(Book);
}

void BfdLedger::turn() {
  if (memory_ == nullptr) return;
  turn_ = static_cast<Book*>(memory_)->order.turn();
}

void BfdLedger::set_heirs(std::span<const BfdKey> keys) {
  if (memory_ == nullptr) return;
  auto& book = *static_cast<Book*>(memory_);
  const std::size_t count = std::min(keys.size(), most);
  std::ranges::copy(keys.first(count), book.heir_keys.begin());
  book.heirs = count;
}

std::optional<BfdLedger::Sessions> BfdLedger::take_over() {
  if (memory_ == nullptr) return Sessions();
  auto& book = *static_cast<Book*>(memory_);
  const auto half = book.order.begin(turn_);
  if (!half) return std::nullopt;
  half_ = *half;
  book.halves[half_].used = 0;
  if (!book.order.finish(turn_)) return std::nullopt;
  return daemon::read(book.halves[1 - half_]);
}

bool BfdLedger::has_heir(BfdKey key) const {
  if (memory_ == nullptr) return false;
  const auto& book = *static_cast<const Book*>(memory_);
  const auto* const first = book.heir_keys.begin();
  const auto* const last = first + std::min<std::size_t>(book.heirs, most);
  return std::any_of(first, last, [&](const Number& each) { return each == key; });
}

void BfdLedger::speak() {
  if (memory_ != nullptr) static_cast<Book*>(memory_)->speaker = turn_;
}

bool BfdLedger::is_spoken_for() const {
  if (memory_ == nullptr) return true;
  const auto& book = *static_cast<const Book*>(memory_);
  return book.speaker == book.order.turns();
}

bool BfdLedger::has_successor() const {
  return memory_ == nullptr || static_cast<const Book*>(memory_)->speaker > turn_;
}

void BfdLedger::put(std::size_t index, BfdKey key, const Known& known) {
  if (memory_ == nullptr || index >= most) return;
  Half& half = static_cast<Book*>(memory_)->halves[half_];
  Row& row = half.rows[index];
  const std::uint64_t turn = row.turn | 1;  // odd already when a writer before us was killed in the middle of it
  row.turn = turn;
  std::ranges::copy(words_of(key, known), row.words.begin());
  row.turn = turn + 1;
  if (half.used <= index) half.used = index + 1;
}

void BfdLedger::put(const bfd::RejectCounters& rejected) {
  if (memory_ != nullptr) std::ranges::copy(rejected, static_cast<Book*>(memory_)->rejected.begin());
}

void BfdLedger::beat(Instant now) {
  if (memory_ == nullptr) return;
  auto& book = *static_cast<Book*>(memory_);
  ++book.beats;
  book.last_beat = number_of(now);
}

BfdLedger::Reading BfdLedger::read() const {
  if (memory_ == nullptr) return {};
  const auto& book = *static_cast<const Book*>(memory_);
  Reading reading{.sessions = daemon::read(book.halves[book.order.half()]), .beat = instant_of(book.last_beat)};
  std::ranges::transform(book.rejected, reading.rejected.begin(), [](const Number& count) { return count.load(); });
  return reading;
}

std::optional<std::uint64_t> BfdLedger::beats() const {
  if (memory_ == nullptr) return std::nullopt;
  return static_cast<const Book*>(memory_)->beats.load();
}

}  // namespace baton::daemon
