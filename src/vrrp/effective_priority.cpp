#include "vrrp/effective_priority.h"

#include <algorithm>

namespace baton::vrrp {
namespace {

constexpr int amount_max = spec::priority_owner - 2;  // 253

Contribution contribution_of_file(const Tracking& tracking, int number) {
  if (tracking.weight == 0) return {.fault = (number != 0) != tracking.reverse};
  const long long weight = tracking.reverse ? -tracking.weight : tracking.weight;
  const long long product = weight * number;
  if (product < -amount_max) return {.fault = true};
  return {.amount = static_cast<int>(std::min<long long>(product, amount_max))};
}

}  // namespace

Contribution contribution(TrackerKind kind, const Tracking& tracking, TrackerValue value) {
  if (value.status == TrackerStatus::unknown) return {.awaited = tracking.weight == 0};
  if (kind == TrackerKind::file) return contribution_of_file(tracking, value.number);

  const bool up = value.status == TrackerStatus::up;
  if (tracking.weight == 0) return {.fault = up == tracking.reverse};
  const bool counts = tracking.weight > 0 ? up : !up;
  const int weight = std::clamp(tracking.weight, -amount_max, amount_max);
  return {.amount = counts ? (tracking.reverse ? -weight : weight) : 0};
}

std::uint8_t effective_priority(std::uint8_t base, int sum) {
  if (base == spec::priority_owner) return base;
  return static_cast<std::uint8_t>(std::clamp(base + sum, 1, spec::priority_owner - 1));
}

}  // namespace baton::vrrp
