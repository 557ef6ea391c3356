// A node's snapshot (docs/decisions/0012). What follows from the routers' own state is not in it: timers, tallies,
// counts of the faulty.
#include <algorithm>

#include "vrrp/node_implementation.h"
#include "vrrp/state_archive.h"

namespace baton::vrrp {

namespace {

// Of the slot, beside its router.
template <typename Slot, typename Archive>
void members_of_slot(Slot& slot, Archive& archive) {
  archive(slot.base_priority);
  archive(slot.own_faults);
  archive(slot.counts_as_faulty);
  archive(slot.awaits_trackers);
  archive(slot.inherited);
  archive(slot.inherits_fault);
  archive(slot.asked_relief);
}

template <typename Group, typename Archive>
void members_of_group(Group& group, Archive& archive) {
  archive(group.told, last_state);
  archive(group.longest_wait);
  archive(group.lower_told_at);
}

}  // namespace

void Node::save(CompactWriter& out) const {
  StateSaver saver(out);
  saver(self_->running);
  saver(self_->stopping);
  saver(self_->maintenance, last_maintenance);
  saver(self_->maintenance_bound);
  for (const auto* ids : {&self_->unrelieved, &self_->returning}) {
    out.number(ids->size());
    for (const RouterId id : *ids) out.number(id);
  }
  for (const TrackerValue& tracker : self_->trackers) {
    saver(tracker.status, TrackerStatus::down);
    out.signed_number(tracker.number);
  }
  std::vector<std::string_view> down;
  for (const auto& [name, link] : self_->links) {
    if (!link.up) down.push_back(name);
  }
  std::ranges::sort(down);  // the same state is the same bytes
  out.number(down.size());
  for (const std::string_view name : down) out.text(name);
  for (const Implementation::Slot& slot : self_->slots) {
    members_of_slot(slot, saver);
    slot.router.save(out);
  }
  for (const Implementation::Group& group : self_->groups) members_of_group(group, saver);
}

bool Node::restore(CompactReader& in) {
  StateLoader loader(in);
  loader(self_->running);
  loader(self_->stopping);
  loader(self_->maintenance, last_maintenance);
  loader(self_->maintenance_bound);
  for (auto* ids : {&self_->unrelieved, &self_->returning}) {
    ids->resize(in.at_most(self_->slots.size()));
    for (RouterId& id : *ids) id = static_cast<RouterId>(in.at_most(self_->slots.size() - 1));
  }
  for (TrackerValue& tracker : self_->trackers) {
    loader(tracker.status, TrackerStatus::down);
    tracker.number = in.int32();
  }
  for (auto& [name, link] : self_->links) link.up = true;
  for (std::uint64_t left = in.at_most(self_->links.size()); left > 0; --left) {
    const auto found = self_->links.find(in.text(in.remaining()));
    if (found == self_->links.end()) return false;
    found->second.up = false;
  }
  for (Implementation::Group& group : self_->groups) group = {};
  for (Implementation::Slot& slot : self_->slots) {
    members_of_slot(slot, loader);
    slot.router.restore(in);
    if (slot.base_priority == 0) return false;
    if (!in.ok() || !slot.router.is_possible()) return false;
    self_->timers.set(slot.id, slot.router.next_timeout());
    if (!slot.group) continue;
    Implementation::Group& group = self_->groups[*slot.group];
    group.tally.add(member_of(slot.router));
    group.faulty += slot.counts_as_faulty ? 1 : 0;
  }
  for (Implementation::Group& group : self_->groups) members_of_group(group, loader);
  return in.ok();
}

}  // namespace baton::vrrp
