// Maintenance of a whole node (docs/decisions/0015). A MASTER cannot hear a BACKUP that is well, so the proof that a
// peer serves is that it does: every MASTER asks to be relieved, and when each router has a master elsewhere, all are
// held down. Otherwise nobody is.
#include <algorithm>

#include "vrrp/node_implementation.h"

namespace baton::vrrp {

void Node::Implementation::handle(const MaintenanceTold& input, Instant now, NodeActions& out) {
  using enum MaintenanceTold::Wish;
  if (input.wish == off) {
    if (maintenance == Maintenance::asked) return refuse_maintenance();
    maintenance = Maintenance::off;
    return tell_all(now, out, [&](VirtualRouter& router, Actions& actions) { router.release(now, actions); });
  }
  if (input.wish == force || !running) return hold_all(now, out);
  maintenance = Maintenance::asked;
  maintenance_bound = now + limits::maintenance_patience;
  unrelieved.clear();
  for (Slot& each : slots) each.asked_relief = false;
}

// After every input while it is asked for.
void Node::Implementation::pursue_maintenance(Instant now, NodeActions& out) {
  if (!returning.empty()) forget_handovers();
  if (maintenance != Maintenance::asked || stopping) return;
  ask_for_relief(now, out);
  const auto is_relieved = [this](RouterId id) { return relief_of(id) == Relief::given; };
  std::erase_if(unrelieved, is_relieved);
  if (unrelieved.empty()) {  // those who were are looked at once more: a successor may be gone
    for (RouterId id = 0; id < slots.size(); ++id) {
      if (!is_relieved(id)) unrelieved.push_back(id);
    }
    if (unrelieved.empty()) return hold_all(now, out);
    ask_for_relief(now, out);
  }
  const bool is_denied =
      std::ranges::any_of(unrelieved, [this](RouterId id) { return relief_of(id) == Relief::denied; });
  if (is_denied || now >= maintenance_bound) refuse_maintenance();
}

// Each is asked once: who is MASTER after that has nobody.
void Node::Implementation::ask_for_relief(Instant now, NodeActions& out) {
  for (const RouterId id : unrelieved) {
    if (slots[id].asked_relief || !slots[id].router.is_serving()) continue;
    for (const RouterId member : group_of(id)) slots[member].asked_relief = true;
    handle(Handover{id}, now, out);
  }
}

Node::Implementation::Relief Node::Implementation::relief_of(RouterId id) const {
  const VirtualRouter& router = slots[id].router;
  switch (router.state()) {
    case State::fault:  // it has no address to give
    case State::maintenance: return Relief::given;
    case State::init: return Relief::awaited;
    case State::backup: return hears_master(router) ? Relief::given : Relief::awaited;
    case State::master: return slots[id].asked_relief && !router.is_leaving() ? Relief::denied : Relief::awaited;
  }
  return Relief::awaited;
}

// Since the maintenance was asked for: one that has died a moment ago is remembered for the master-down time. Who
// adverts so seldom that nobody would wait for it is believed for its interval.
bool Node::Implementation::hears_master(const VirtualRouter& router) const {
  if (!router.master()) return false;
  const Instant asked = maintenance_bound - limits::maintenance_patience;
  const bool is_rare = router.master_interval() > limits::maintenance_patience / 2;
  return router.memory().last_advert_accepted >= asked - (is_rare ? router.master_interval() : Duration::zero());
}

void Node::Implementation::hold_all(Instant now, NodeActions& out) {
  maintenance = Maintenance::on;
  unrelieved.clear();
  tell_all(now, out, [&](VirtualRouter& router, Actions& actions) { router.hold(now, actions); });
}

// Nothing stays of it: an address that has moved comes back where that is configured.
void Node::Implementation::refuse_maintenance() {
  maintenance = Maintenance::refused;
  returning.clear();
  for (const Slot& each : slots) {
    if (each.asked_relief) returning.push_back(each.id);
  }
  forget_handovers();
}

void Node::Implementation::forget_handovers() {
  std::erase_if(returning, [this](RouterId id) {
    slots[id].router.forget_handover();
    return !slots[id].router.is_leaving();
  });
}

template <typename Event>
void Node::Implementation::tell_all(Instant now, NodeActions& out, Event&& event) {
  for (RouterId id = 0; id < slots.size(); ++id) tell(id, out, event);
  for (GroupId id = 0; id < groups.size(); ++id) settle(id, false, now, out);
}

RouterMemory Node::memory(RouterId id) const {
  RouterMemory memory = router(id).memory();
  const bool is_asked = self_->maintenance == Maintenance::asked && self_->slot(id).asked_relief;
  const bool returns = std::ranges::find(self_->returning, id) != self_->returning.end();
  if (is_asked || returns) memory.yielded = false;
  return memory;
}

Maintenance Node::maintenance() const {
  return self_->maintenance;
}

const std::vector<RouterId>& Node::refused_by() const {
  return self_->unrelieved;
}

bool Node::has_master() const {
  return std::ranges::any_of(self_->slots, [](const auto& slot) { return slot.router.state() == State::master; });
}

}  // namespace baton::vrrp
