#include "plan/aftermath.h"

#include <algorithm>

namespace baton::plan {

const Ring::Member* member_of(const Aftermath& it, NodeId node) {
  const auto found = std::ranges::find(it.members().members, node, &Ring::Member::node);
  return found == it.members().members.end() ? nullptr : &*found;
}

const vrrp::VirtualRouter* core_of(const Aftermath& it, const Ring::Member& member) {
  return it.world.is_running(member.node) ? &it.world.core(member.node).router(member.router) : nullptr;
}

std::string group_of(const Aftermath& it, const Ring::Member& member) {
  for (const vrrp::GroupParameters& group : it.network().nodes[member.node].setup.node.groups) {
    if (std::ranges::find(group.members, member.router) != group.members.end()) return group.name;
  }
  return "";
}

const Ring::Member* best_backup(const Aftermath& it) {
  const Ring::Member* best = nullptr;
  for (const Ring::Member& member : it.members().members) {
    const vrrp::VirtualRouter* core = core_of(it, member);
    if (core == nullptr || core->state() != vrrp::State::backup) continue;
    if (best == nullptr || core->priority() > core_of(it, *best)->priority()) best = &member;
  }
  return best;
}

const Ring::Member* master_without(const Ring& ring, const World& world) {
  const auto is_it = [&](const Ring::Member& each) { return !each.carries && world.holds(each); };
  const auto found = std::ranges::find_if(ring.members, is_it);
  return found == ring.members.end() ? nullptr : &*found;
}

}  // namespace baton::plan
