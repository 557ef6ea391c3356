// The funnel: every try of every kind of check ends here, and this alone decides when the next one begins and what a
// series of them means. PURE: it is told the time and asked for the next.
//
//        success (of every page)          failure
//   up ◀──────────────────────── down ◀───────────── up, `retry` failures before it
//
// Up: a try every delay_loop; after a failure the next one comes delay_before_retry later, and `retry` failures in a
// row are survived. Down: a try every delay_loop, the first success is the end of it; where a check has several pages
// each must succeed, one a delay_loop, with fast_recovery one after the other. So keepalived has it. A check that is
// tracked needs `rise` such rounds instead of one, and its first round is a verdict in any case (first_decides), as
// that of a vrrp_script is: nothing is known yet that should be held on to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "health/outcome.h"

namespace baton::health {

struct Schedule {
  Duration delay_loop = std::chrono::seconds(60);  // above 0
  unsigned retry = 1;
  Duration delay_before_retry = std::chrono::seconds(1);
  Duration warmup{};
  bool starts_up = true;  // not alpha
  unsigned pages = 1;     // asked for in turn, one a try; at least 1
  bool fast_recovery = false;
  unsigned rise = 1;           // rounds of all pages that succeed, in a row, until one that is down is up
  bool first_decides = false;  // the first round is a verdict, whatever `retry` is; and, of one that starts up, `rise`

  bool operator==(const Schedule&) const = default;
};

// News for those who use the server.
struct Verdict {
  bool is_up = false;
  std::optional<std::int32_t> weight;
  std::string reason;

  bool operator==(const Verdict&) const = default;
};

class Check {
 public:
  // `seed` spreads the checks of one configuration over their intervals, the same way each time.
  Check(const Schedule& schedule, std::uint64_t seed) : schedule_(schedule), random_(seed) {}

  // The first try comes within warmup.
  void start(Instant now);
  // When the next try shall begin; nullopt: one is on its way, or start() has not been called.
  std::optional<Instant> next_try() const { return next_try_; }
  // A try begins; says which page it is for.
  unsigned begin_try();
  // It has ended. A verdict when that is news: up, down, another weight.
  std::optional<Verdict> end_try(const Outcome& outcome, Instant now);

  // Nobody wants to know for a while: no try, and one that is on its way does not count. What is known stands, but a
  // row that is interrupted is none.
  void suspend();
  // The next try comes within a second, and within delay_loop.
  void go_on(Instant now);

  bool is_up() const { return is_up_; }
  // Its present verdict, for those who come later.
  Verdict verdict() const { return {.is_up = is_up_, .weight = weight_, .reason = reason_}; }
  bool has_been_tried() const { return tries_ > 0; }
  unsigned failures_in_a_row() const { return failures_in_a_row_; }
  std::uint64_t tries() const { return tries_; }
  std::uint64_t failures() const { return failures_; }
  const Outcome& last_outcome() const { return last_outcome_; }

  // What another process needs to go on as this check. Plain bytes.
  struct State {
    bool is_up = true;
    bool was_told = false;
    bool has_weight = false;
    std::int32_t weight = 0;
    std::uint32_t page = 0;
    std::uint32_t failures_in_a_row = 0;
    std::uint32_t rounds_in_a_row = 0;  // that succeeded; only of one that is down
    Failure last_failure = Failure::none;
    std::uint64_t tries = 0;
    std::uint64_t failures = 0;
    Instant next_try{};  // of one on its way: when it was due
  };
  State state() const;
  // Instead of start(): nothing is forgotten, and the next try comes when it was due, or within delay_loop; the first
  // one within warmup, as it would have.
  void resume(const State& state, Instant now);

 private:
  std::optional<Verdict> on_success(const Outcome& outcome, Instant now);
  std::optional<Verdict> on_failure(const Outcome& outcome, Instant now);
  bool is_undecided() const { return schedule_.first_decides && !was_told_; }
  void next_after(Duration delay, Instant now);
  Duration random_up_to(Duration most);

  Schedule schedule_;
  std::uint64_t random_;
  std::optional<Instant> next_try_;
  Instant began_{};       // when the try was due
  bool is_first_ = true;  // no delay_loop has passed yet
  bool is_up_ = true;
  bool was_told_ = false;  // a verdict has left
  unsigned page_ = 0;
  unsigned failures_in_a_row_ = 0;
  unsigned rounds_in_a_row_ = 0;
  std::optional<std::int32_t> weight_;
  std::string reason_;
  Outcome last_outcome_;
  std::uint64_t tries_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace baton::health
