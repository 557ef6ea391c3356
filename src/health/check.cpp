#include "health/check.h"

#include <algorithm>

#include "base/assert.h"
#include "health/limits.h"

namespace baton::health {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014): one step, well mixed also from seeds that follow one another.
std::uint64_t mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

void Check::start(Instant now) {
  ASSERT(schedule_.delay_loop > Duration{} && schedule_.pages > 0);
  is_up_ = schedule_.starts_up;
  began_ = now + random_up_to(schedule_.warmup);
  next_try_ = began_;
}

unsigned Check::begin_try() {
  ASSERT(next_try_.has_value());
  began_ = *next_try_;
  next_try_.reset();
  return page_;
}

std::optional<Verdict> Check::end_try(const Outcome& outcome, Instant now) {
  ASSERT(!next_try_.has_value());
  ++tries_;
  last_outcome_ = outcome;
  // What we lack says nothing about the server. It does not come back sooner for being asked for at once.
  if (outcome.failure == Failure::no_resources) {
    next_try_ = now + std::max(schedule_.delay_before_retry, limits::lacking_pause);
    return std::nullopt;
  }
  return outcome.is_success() ? on_success(outcome, now) : on_failure(outcome, now);
}

std::optional<Verdict> Check::on_success(const Outcome& outcome, Instant now) {
  failures_in_a_row_ = 0;
  page_ = (page_ + 1) % schedule_.pages;
  const bool is_last_page = page_ == 0;
  const bool hurries = ((!is_up_ && schedule_.fast_recovery) || is_undecided()) && !is_last_page;
  next_after(hurries ? Duration{} : schedule_.delay_loop, now);
  if ((!is_up_ || is_undecided()) && !is_last_page) return std::nullopt;
  if (!is_up_ && ++rounds_in_a_row_ < schedule_.rise) return std::nullopt;
  rounds_in_a_row_ = 0;
  const bool is_news = !is_up_ || !was_told_ || weight_ != outcome.weight;
  is_up_ = true;
  weight_ = outcome.weight;
  reason_ = sentence(outcome);
  if (!is_news) return std::nullopt;
  was_told_ = true;
  return verdict();
}

std::optional<Verdict> Check::on_failure(const Outcome& outcome, Instant now) {
  ++failures_;
  ++failures_in_a_row_;
  rounds_in_a_row_ = 0;
  if (is_up_ && failures_in_a_row_ <= schedule_.retry && !is_undecided()) {
    next_after(schedule_.delay_before_retry, now);
    return std::nullopt;
  }
  page_ = 0;
  next_after(schedule_.delay_loop, now);
  const bool is_news = is_up_ || !was_told_;
  is_up_ = false;
  reason_ = sentence(outcome);
  if (!is_news) return std::nullopt;
  was_told_ = true;
  return verdict();
}

void Check::suspend() {
  next_try_.reset();
  failures_in_a_row_ = 0;
  rounds_in_a_row_ = 0;
  page_ = 0;
}

// At once would be all checks of a virtual server together, on a node that has just become MASTER.
void Check::go_on(Instant now) {
  constexpr Duration soon = std::chrono::seconds(1);
  began_ = now + random_up_to(std::min<Duration>(schedule_.delay_loop, soon));
  next_try_ = began_;
}

// An interval runs from when the try was due, so that no check drifts; one that is late already begins anew from now.
// The first interval of a check is shorter by chance: those that began at one moment, without warmup, part there.
void Check::next_after(Duration delay, Instant now) {
  if (is_first_ && delay == schedule_.delay_loop) {
    is_first_ = false;
    if (schedule_.warmup == Duration{}) delay -= random_up_to(delay / 2);
  }
  const bool is_interval = failures_in_a_row_ == 0 || !is_up_;
  const Instant due = (is_interval ? began_ : now) + delay;
  next_try_ = std::max(due, now);
}

Duration Check::random_up_to(Duration most) {
  if (most <= Duration{}) return {};
  return Duration(static_cast<Duration::rep>(mix(random_) % (static_cast<std::uint64_t>(most.count()) + 1)));
}

Check::State Check::state() const {
  return {.is_up = is_up_,
          .was_told = was_told_,
          .has_weight = weight_.has_value(),
          .weight = weight_.value_or(0),
          .page = page_,
          .failures_in_a_row = failures_in_a_row_,
          .rounds_in_a_row = rounds_in_a_row_,
          .last_failure = last_outcome_.failure,
          .tries = tries_,
          .failures = failures_,
          .next_try = next_try_.value_or(began_)};
}

void Check::resume(const State& state, Instant now) {
  is_up_ = state.is_up;
  was_told_ = state.was_told;
  if (state.has_weight) weight_ = state.weight;
  page_ = state.page < schedule_.pages ? state.page : 0;
  failures_in_a_row_ = state.failures_in_a_row;
  rounds_in_a_row_ = state.rounds_in_a_row;
  last_outcome_ = {.failure = state.last_failure, .detail = {}, .weight = weight_};
  if (state.tries > 0) reason_ = sentence(last_outcome_);
  tries_ = state.tries;
  failures_ = state.failures;
  is_first_ = tries_ == 0;
  const Duration latest = is_first_ ? std::max(schedule_.warmup, schedule_.delay_loop) : schedule_.delay_loop;
  began_ = std::clamp(state.next_try, now, now + latest);
  next_try_ = began_;
}

}  // namespace baton::health
