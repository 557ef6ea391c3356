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
  const std::size_t others = tally.count(State::backup) + tally.count(State::fault) + tally.count(State::maintenance);
  return tally.staying() > 0 && (left || others > 0);
}

bool may_stay_together(const GroupTally& tally) {
  return tally.count(State::master) == tally.members();
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
  if (tally.count(State::init) > 0) return State::init;
  return tally.count(State::maintenance) > 0 ? State::maintenance : State::backup;
}

}  // namespace baton::vrrp
