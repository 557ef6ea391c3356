#include "vrrp/sync_group.h"

#include <algorithm>

namespace baton::vrrp {
namespace {

bool all(std::span<const GroupMember> members, State state) {
  return std::ranges::all_of(members, [&](const GroupMember& member) { return member.state == state; });
}

bool any(std::span<const GroupMember> members, State state) {
  return std::ranges::any_of(members, [&](const GroupMember& member) { return member.state == state; });
}

}  // namespace

bool must_leave(std::span<const GroupMember> members, bool left) {
  return any(members, State::master) && (left || any(members, State::backup) || any(members, State::fault));
}

bool may_become_master(std::span<const GroupMember> members) {
  return !members.empty() && std::ranges::all_of(members, &GroupMember::wants_master);
}

State group_state(std::span<const GroupMember> members, State before) {
  if (any(members, State::fault)) return State::fault;
  if (all(members, State::master)) return State::master;
  if (before == State::master && any(members, State::master)) return State::master;
  return any(members, State::init) ? State::init : State::backup;
}

}  // namespace baton::vrrp
