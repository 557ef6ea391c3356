// A sync group decides from what its members are and want; Node carries it out (vrrp-behaviour: master only when every
// member wants it, one that leaves takes all along). Pure functions over a tally of the members, kept by whoever tells
// them of events, so that a group of a thousand is not counted anew for each of them.
#pragma once

#include <array>
#include <cstddef>

#include "vrrp/action.h"

namespace baton::vrrp {

struct GroupMember {
  State state = State::init;
  bool serving = false;       // MASTER and not leaving
  bool may_stay = false;      // serving, or leaving and stays when nobody takes over
  bool wants_master = false;  // its master-down timer has expired

  bool operator==(const GroupMember&) const = default;
};

class GroupTally {
 public:
  void add(const GroupMember& member);
  void replace(const GroupMember& before, const GroupMember& after);

  std::size_t members() const { return members_; }
  std::size_t count(State state) const { return states_[static_cast<std::size_t>(state)]; }
  std::size_t serving() const { return serving_; }
  std::size_t staying() const { return staying_; }  // those who may stay
  std::size_t wanting() const { return wanting_; }

 private:
  std::size_t members_ = 0;
  std::array<std::size_t, static_cast<std::size_t>(last_state) + 1> states_{};  // by State
  std::size_t serving_ = 0;
  std::size_t staying_ = 0;
  std::size_t wanting_ = 0;
};

// All must leave: one has left, or is not master while others are; and there is somebody who is not on the way out for
// good. `left`: a member was serving before this event.
bool must_leave(const GroupTally& tally, bool left);
// A member that was leaving stays: so may those that leave with it, as long as nobody has let go.
bool may_stay_together(const GroupTally& tally);
// The last member that did not want to be master now does.
bool may_become_master(const GroupTally& tally);
// Everybody who has begun serves: who begins now may do so at once.
bool serves_without_beginners(const GroupTally& tally);

// What the group is told to be. It was MASTER until its last member has let go, so that it is told once and last.
State group_state(const GroupTally& tally, State before);

}  // namespace baton::vrrp
