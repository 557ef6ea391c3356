#include "balance/weight_ramp.h"

#include <algorithm>

namespace baton::balance {

void WeightRamp::begin(std::size_t service, std::size_t server, Duration lasts, Instant now) {
  if (lasts <= Duration::zero()) return;
  rising_[{service, server}] = {.began = now, .lasts = lasts};
}

std::vector<WeightRamp::Step> WeightRamp::step(Instant now) {
  std::vector<Step> steps;
  for (auto it = rising_.begin(); it != rising_.end();) {
    Rise& rise = it->second;
    const auto passed = std::clamp<Duration>(now - rise.began, Duration::zero(), rise.lasts);
    const int parts = std::min(ramp_steps, 1 + static_cast<int>(passed * ramp_steps / rise.lasts));
    if (parts > rise.parts) {
      rise.parts = parts;
      steps.push_back({.service = it->first.first, .server = it->first.second, .parts = parts});
    }
    it = parts == ramp_steps ? rising_.erase(it) : std::next(it);
  }
  return steps;
}

std::optional<Instant> WeightRamp::next_at() const {
  std::optional<Instant> next;
  for (const auto& [place, rise] : rising_) next = std::min(next.value_or(rise.next()), rise.next());
  return next;
}

}  // namespace baton::balance
