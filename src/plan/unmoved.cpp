#include "plan/unmoved.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace baton::plan {

namespace {

std::string sum_of(const Aftermath& it, const Ring::Member& member) {
  std::string text;
  for (const vrrp::PriorityPart& part : it.world.core(member.node).priority_parts(member.router)) {
    if (part.amount == 0) continue;
    text += text.empty() ? fmt::format("{}", part.amount) : fmt::format("{:+}", part.amount);
  }
  return text;
}

bool tracks(const std::vector<vrrp::Tracking>& tracking, vrrp::TrackerId id) {
  return std::ranges::find(tracking, id, &vrrp::Tracking::tracker) != tracking.end();
}

// By itself or its sync group.
std::vector<vrrp::Tracking> tracking_of(const Aftermath& it, const Ring::Member& member) {
  const vrrp::NodeParameters& node = it.network().nodes[member.node].setup.node;
  std::vector<vrrp::Tracking> tracking = node.routers[member.router].tracking;
  for (const vrrp::GroupParameters& group : node.groups) {
    if (std::ranges::find(group.members, member.router) == group.members.end()) continue;
    tracking.insert(tracking.end(), group.tracking.begin(), group.tracking.end());
  }
  return tracking;
}

bool tracks_what_failed(const Aftermath& it, const Ring::Member& member) {
  const vrrp::NodeParameters& node = it.network().nodes[member.node].setup.node;
  const std::vector<vrrp::Tracking> tracking = tracking_of(it, member);
  const auto is_tracked = [&](vrrp::TrackerId id) { return tracks(tracking, id); };
  const bool is_check = it.event.kind == EventKind::script || it.event.kind == EventKind::check ||
                        it.event.kind == EventKind::hang || it.event.kind == EventKind::process ||
                        it.event.kind == EventKind::file || it.event.kind == EventKind::bfd;
  if (is_check) {
    return is_tracked(static_cast<vrrp::TrackerId>(it.event.index));
  }
  if (it.event.kind != EventKind::link) return false;
  for (vrrp::TrackerId id = 0; id < node.trackers.size(); ++id) {
    const bool is_it =
        node.trackers[id].kind == vrrp::TrackerKind::interface && node.trackers[id].name == it.event.object;
    if (is_it && is_tracked(id)) return true;
  }
  return false;
}

// What its priority loses when this fails; nothing of a file, whose number may be any.
int loss(vrrp::TrackerKind kind, const vrrp::Tracking& tracking) {
  if (kind == vrrp::TrackerKind::file) return 0;
  using enum vrrp::TrackerStatus;
  const int when_up = vrrp::contribution(kind, tracking, {.status = up}).amount;
  const int when_down = vrrp::contribution(kind, tracking, {.status = down}).amount;
  return std::max(0, when_up - when_down);
}

// With all that moves nothing alone, would it move?
bool is_half_of_it(const Aftermath& it, const Ring::Member& holder, int against) {
  const auto& node = it.network().nodes[holder.node].setup.node;
  int well = node.routers[holder.router].router.base_priority;
  std::vector<int> losses;
  for (const vrrp::Tracking& each : tracking_of(it, holder)) {
    const vrrp::TrackerKind kind = node.trackers[each.tracker].kind;
    losses.push_back(loss(kind, each));
    if (kind != vrrp::TrackerKind::file) {
      well += vrrp::contribution(kind, each, {.status = vrrp::TrackerStatus::up}).amount;
    }
  }
  int together = well;
  for (const int each : losses) together -= well - each >= against ? each : 0;
  return together < against;
}

}  // namespace

Unmoved unmoved(const Aftermath& it) {
  const bool stays = it.before.size() == 1 && it.after.size() == 1 && it.before.front() == it.after.front();
  if (!stays || it.event.is_return || is_of_all_nodes(it.event) || it.event.node != it.after.front()) return {};
  const Ring::Member* holder = member_of(it, it.event.node);
  if (holder == nullptr || core_of(it, *holder) == nullptr || !tracks_what_failed(it, *holder)) return {};
  const Ring::Member* best = best_backup(it);
  if (best == nullptr) return {};
  const vrrp::VirtualRouter& theirs = *core_of(it, *best);
  if (theirs.priority() > core_of(it, *holder)->priority()) {
    const std::string why = fmt::format(
        "{} has {} against {}, and {}", it.network().name(best->node), sum_of(it, *best), sum_of(it, *holder),
        theirs.parameters().preempt == vrrp::Preempt::no ? "nopreempt" : "does not take it");
    return {.why = why};
  }
  return {
      .why = fmt::format("{} still {} {}", sum_of(it, *holder),
                         theirs.priority() == core_of(it, *holder)->priority() ? "equals" : "beats", sum_of(it, *best)),
      .is_half = is_half_of_it(it, *holder, theirs.priority())};
}

}  // namespace baton::plan
