// What is left when an event has settled, and who is who in it. PURE.
#pragma once

#include <span>
#include <string>

#include "plan/plan.h"
#include "plan/world.h"

namespace baton::plan {

// One ring after an event that has settled.
struct Aftermath {
  const World& world;
  const Event& event;
  RingId ring = 0;
  std::span<const NodeId> before;
  std::span<const NodeId> after;
  std::span<const Change> changes;  // of this ring, since the event
  Instant began;

  const Network& network() const { return world.network(); }
  const Ring& members() const { return world.network().rings[ring]; }
};

// The first router of a node there; nullptr: it has none.
const Ring::Member* member_of(const Aftermath& it, NodeId node);
// nullptr: its daemon does not run.
const vrrp::VirtualRouter* core_of(const Aftermath& it, const Ring::Member& member);
// The sync group that a router is in; empty: none.
std::string group_of(const Aftermath& it, const Ring::Member& member);
// The best of those that are ready to take it; nullptr: nobody is.
const Ring::Member* best_backup(const Aftermath& it);
// MASTER, and without these addresses: they are not in its list. nullptr: nobody is.
const Ring::Member* master_without(const Ring& ring, const World& world);

}  // namespace baton::plan
