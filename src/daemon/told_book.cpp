#include "daemon/told_book.h"

namespace baton::daemon {

ToldBook::Owed ToldBook::take_over(std::span<const std::optional<RouterWill>> wills) {
  const auto goes_on = [&](vrrp::RouterId id) { return wills[id] && wills[id]->router.state != vrrp::State::init; };
  Owed owed;
  for (vrrp::RouterId id = 0; id < wills.size(); ++id) {
    if (!goes_on(id)) continue;
    const vrrp::RouterMemory& memory = wills[id]->router;
    const vrrp::State told = told_[id].router = handed_over_[id].router = wills[id]->told.router;
    if (told != memory.state) owed.routers.emplace_back(id, vrrp::StateChanged{told, memory.state, memory.reason});
  }
  for (vrrp::GroupId id = 0; id < setup_.groups.size(); ++id) {
    const std::vector<vrrp::RouterId>& members = setup_.node.groups[id].members;
    vrrp::GroupStateChanged change;
    for (const vrrp::RouterId member : members) {
      if (goes_on(member)) change = {wills[member]->told.group, wills[member]->router.state};
    }
    for (const vrrp::RouterId member : members) told_[member].group = handed_over_[member].group = change.from;
    if (change.from != change.to) owed.groups.emplace_back(id, change);
  }
  return owed;
}

void ToldBook::hand_over_router(vrrp::RouterId router, vrrp::State state) {
  handed_over_[router].router = state;
  unconfirmed_.insert(router);
}

void ToldBook::hand_over_group(vrrp::GroupId group, vrrp::State state) {
  for (const vrrp::RouterId member : setup_.node.groups[group].members) {
    handed_over_[member].group = state;
    unconfirmed_.insert(member);
  }
}

void ToldBook::confirm() {
  for (const vrrp::RouterId router : unconfirmed_) {
    if (told_[router] == handed_over_[router]) continue;
    told_[router] = handed_over_[router];
    new_.push_back(router);
  }
  unconfirmed_.clear();
}

}  // namespace baton::daemon
