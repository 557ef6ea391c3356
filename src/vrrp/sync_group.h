// A sync group decides from what its members are and want; Node carries it out (vrrp-behaviour: master only when every
// member wants it, one that leaves takes all along). Pure functions over a snapshot of the members.
#pragma once

#include <span>

#include "vrrp/action.h"

namespace baton::vrrp {

struct GroupMember {
  State state = State::init;
  bool serving = false;       // MASTER and not leaving
  bool wants_master = false;  // its master-down timer has expired

  bool operator==(const GroupMember&) const = default;
};

// All must leave: one has left, or is not master while others are. `left`: a member was serving before this event.
bool must_leave(std::span<const GroupMember> members, bool left);
// The last member that did not want to be master now does.
bool may_become_master(std::span<const GroupMember> members);

// What the group is told to be. It was MASTER until its last member has let go, so that it is told once and last.
State group_state(std::span<const GroupMember> members, State before);

}  // namespace baton::vrrp
