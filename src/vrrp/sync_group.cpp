#include "vrrp/sync_group.h"

namespace baton::vrrp {

void GroupTally::add(const GroupMember& member) {
  ++members_;
  ++states_[static_cast<std::size_t>(member.state)];
  serving_ += member.serving ? 1 : 0;
  staying_ += member.may_stay ? 1 : 0;
  wanting_ += member.wants_master ? 1 : 0;
}

void GroupTally::replace(const GroupMember& before, const GroupMember& after) {
  --members_;
  --states_[static_cast<std::size_t>(before.state)];
  serving_ -= before.serving ? 1 : 0;
  staying_ -= before.may_stay ? 1 : 0;
  wanting_ -= before.wants_master ? 1 : 0;
  add(after);
}

bool must_leave(const GroupTally& tally, bool left) {
  return tally.staying() > 0 && (left || tally.count(State::backup) > 0 || tally.count(State::fault) > 0);
}

bool may_become_master(const GroupTally& tally) {
  return tally.members() > 0 && tally.wanting() == tally.members();
}

bool serves_without_beginners(const GroupTally& tally) {
  return tally.serving() > 0 && tally.serving() + tally.count(State::init) == tally.members();
}

State group_state(const GroupTally& tally, State before) {
  if (tally.count(State::fault) > 0) return State::fault;
  const std::size_t masters = tally.count(State::master);
  if (masters > 0 && (masters == tally.members() || before == State::master)) return State::master;
  return tally.count(State::init) > 0 ? State::init : State::backup;
}

}  // namespace baton::vrrp
