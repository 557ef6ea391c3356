// A machine's own clock: it may run fast or slow, and stand still with its machine.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace baton::sim {

class Clock {
 public:
  explicit Clock(Instant now) : since_(now), read_(now) {}

  Instant read(Instant now) const { return stands_ ? read_ : read_ + scale(now - since_, rate(), whole); }
  // The first moment at which it shows `shown`.
  Instant when(Instant shown) const {
    if (stands_) return Instant::max();
    const std::int64_t rounded_up = rate() - 1;
    return since_ + scale(std::max<Duration>(shown - read_, {}), whole, rate(), rounded_up);
  }

  // Parts in a million by which it runs fast, or slow.
  void set_drift(std::int32_t parts, Instant now) {
    go_on_from(now);
    drift_ = parts;
  }
  std::int32_t drift() const { return drift_; }
  void set_standing(bool stands, Instant now) {
    go_on_from(now);
    stands_ = stands;
  }

 private:
  static constexpr std::int64_t whole = 1'000'000;

  std::int64_t rate() const { return whole + drift_; }
  void go_on_from(Instant now) {
    read_ = read(now);
    since_ = now;
  }
  // Exact, and without a number that is too large.
  static Duration scale(Duration span, std::int64_t by, std::int64_t of, std::int64_t round = 0) {
    return Duration(span.count() / of * by + (span.count() % of * by + round) / of);
  }

  Instant since_;
  Instant read_;
  std::int32_t drift_ = 0;
  bool stands_ = false;
};

}  // namespace baton::sim
