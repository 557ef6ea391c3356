// What brings about packets of ours may come as often as a stranger likes; how often we send does not
// (docs/decisions/0030).
#pragma once

#include <algorithm>

#include "base/time.h"

namespace baton::vrrp {

// In the long run one in each `share` of time, and after a time of quiet so many at once.
struct SendRate {
  Duration share;
  int in_a_row;
};

// An account from which each packet takes its share (the generic cell rate algorithm, ITU-T I.371). Whoever asks first
// waits for earliest(); what need not ask overdraws it by no more than one share, so that the next is never far away.
class SendAllowance {
 public:
  // In the past when one may be sent at once.
  Instant earliest(const SendRate& rate) const { return spent_until_ - (rate.in_a_row - 1) * rate.share; }
  void spend(const SendRate& rate, Instant now) {
    spent_until_ = std::min(std::max(spent_until_, now) + rate.share, now + rate.in_a_row * rate.share);
  }

  template <typename Self, typename Archive>
  static void members(Self& self, Archive& archive) {
    archive(self.spent_until_);
  }

 private:
  Instant spent_until_{};
};

}  // namespace baton::vrrp
