// Why an address is where it is after an event, as one sentence, from what the cores said of it: the reasons of their
// transitions, and the priorities of that moment. PURE.
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

std::string explain(const Aftermath& it);

// The event should have taken the address from its owner, for the owner tracks what failed, and somebody could hold it:
// why it stays, "110 still beats 100+2". Empty: nothing of the kind.
std::string why_unmoved(const Aftermath& it);

// MASTER, and without these addresses: they are not in its list. nullptr: nobody is.
const Ring::Member* master_without(const Ring& ring, const World& world);
// "10.0.20.101, 10.0.20.102 and 7 more".
std::string to_text(std::span<const IpAddress> addresses);

// "3.61 s", "24 ms".
std::string to_text(Duration duration);
// "web1 and web2".
std::string to_text(std::span<const NodeId> nodes, const Network& network);

}  // namespace baton::plan
