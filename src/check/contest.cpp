#include "check/contest.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <tuple>

namespace baton::check {
namespace {

using config::Tracking;

Weight weight_of(const Tracking& tracking) {
  Weight weight{.name = tracking.name,
                .up = std::max(tracking.weight, 0),
                .down = std::min(tracking.weight, 0),
                .place = tracking.place};
  if (tracking.reverse) {
    weight.up = -weight.up;
    weight.down = -weight.down;
  }
  return weight;
}

// config::Tracking::weight times a number, as far as a priority can be moved (vrrp/effective_priority.h).
int product(int weight, int number) {
  constexpr long long most = 253;
  return static_cast<int>(std::clamp(static_cast<long long>(weight) * number, -most - 1, most));
}

Weight weight_of_file(const Tracking& tracking, std::optional<int> made_with) {
  const int weight = tracking.reverse ? -tracking.weight : tracking.weight;
  const int well = product(weight, made_with.value_or(weight > 0 ? 1 : 0));
  return {.name = tracking.name,
          .up = well,
          .down = well > 0 ? 0 : well - std::abs(weight),
          .place = tracking.place,
          .is_of_file = true};
}

int sum_of(const std::vector<Weight>& weights) {
  int sum = 0;
  for (const Weight& weight : weights) sum += weight.up;
  return sum;
}

}  // namespace

GroupIndex::GroupIndex(const config::Configuration& configuration) : configuration_(configuration) {
  for (const config::SyncGroup& group : configuration.groups) {
    for (const std::string& member : group.members) by_member_.emplace(member, &group);
  }
}

const config::SyncGroup* GroupIndex::of(const config::Instance& instance) const {
  const auto found = by_member_.find(instance.name);
  return found == by_member_.end() ? nullptr : found->second;
}

std::vector<Weight> GroupIndex::weights_of(const config::Instance& instance) const {
  const config::SyncGroup* group = of(instance);
  std::vector<Weight> weights;
  if (group == nullptr || group->tracking_weight) add_weights(instance.trackers, weights);
  if (group != nullptr) add_weights(group->trackers, weights);
  return weights;
}

void GroupIndex::add_weights(const config::Trackers& trackers, std::vector<Weight>& weights) const {
  for (const auto* list : {&trackers.scripts, &trackers.interfaces, &trackers.processes, &trackers.checks}) {
    for (const Tracking& tracking : *list) {
      if (tracking.weight != 0) weights.push_back(weight_of(tracking));
    }
  }
  for (const Tracking& tracking : trackers.files) {
    if (std::abs(tracking.weight) <= 1) continue;  // the number is the amount, or a fault
    const auto file = std::ranges::find(configuration_.files, tracking.name, &config::TrackedFile::name);
    weights.push_back(weight_of_file(tracking, file == configuration_.files.end() ? std::nullopt : file->init_value));
  }
}

int effective_priority(int base, int sum) {
  constexpr int owner = 255;
  return base == owner ? owner : std::clamp(base + sum, 1, owner - 1);
}

Contest::Contest(const VirtualRouter& router, std::span<const GroupIndex> groups) {
  for (const Member& member : router.members) {
    Contender contender{.member = &member, .weights = groups[member.node].weights_of(*member.instance)};
    contender.priority = effective_priority(member.instance->priority, sum_of(contender.weights));
    contenders_.push_back(std::move(contender));
  }
  // Of equals the higher address wins (RFC 9568 §6.4.3).
  std::ranges::sort(contenders_, std::ranges::greater{}, [](const Contender& each) {
    return std::tuple(each.priority, each.member->instance->source.value_or(IpAddress()), ~each.member->node);
  });
}

int Contest::holder_without(std::span<const Weight* const> failed) const {
  int sum = sum_of(holder().weights);
  for (const Weight* weight : failed) sum += weight->down - weight->up;
  return effective_priority(holder().member->instance->priority, sum);
}

const Contest::Contender* Contest::challenger() const {
  for (std::size_t at = 1; at < contenders_.size(); ++at) {
    if (contenders_[at].member->instance->preempt) return &contenders_[at];
  }
  return nullptr;
}

}  // namespace baton::check
