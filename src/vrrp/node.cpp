#include "vrrp/node.h"

#include <algorithm>
#include <span>
#include <utility>

#include "vrrp/node_implementation.h"

namespace baton::vrrp {
namespace {

// A priority that no sum of trackers changes.
bool is_owner(const NodeRouterParameters& parameters) {
  return parameters.router.base_priority == spec::priority_owner;
}

bool starts_as_owner(const NodeRouterParameters& parameters) {
  return is_owner(parameters) && parameters.router.wanted_state == State::master;
}

// A router's trackers and its group's. Weighted ones of a member of a group have no effect unless the group says so,
// because its members must agree (keepalived.conf(5), sgroup_tracking_weight).
std::vector<Tracking> effective_tracking(const NodeParameters& parameters, RouterId id, std::optional<GroupId> group) {
  const NodeRouterParameters& router = parameters.routers[id];
  std::vector<Tracking> tracking = router.tracking;
  if (group && !parameters.groups[*group].tracking_weight) {
    std::erase_if(tracking, [](const Tracking& each) { return each.weight != 0; });
  }
  if (group) {
    const std::vector<Tracking>& of_group = parameters.groups[*group].tracking;
    tracking.insert(tracking.end(), of_group.begin(), of_group.end());
  }
  return tracking;
}

bool is_known_wish(MaintenanceTold::Wish wish, Maintenance maintenance) {
  switch (wish) {
    case MaintenanceTold::Wish::off: return maintenance == Maintenance::off || maintenance == Maintenance::refused;
    case MaintenanceTold::Wish::ask: return maintenance == Maintenance::on || maintenance == Maintenance::asked;
    case MaintenanceTold::Wish::force: return maintenance == Maintenance::on;
  }
  return false;
}

template <typename Kind>
constexpr auto holds = [](const Action& action) { return std::holds_alternative<Kind>(action); };

}  // namespace

// ---------------------------------------------------------------- construction

Node::Implementation::Implementation(NodeParameters given)
    : parameters(std::move(given)),
      groups(parameters.groups.size()),
      trackers(parameters.trackers.size()),
      tracked_by(parameters.trackers.size()) {
  std::vector<std::optional<GroupId>> group_of_router(parameters.routers.size());
  for (GroupId id = 0; id < groups.size(); ++id) {
    const std::vector<RouterId>& members = parameters.groups[id].members;
    for (const RouterId member : members) group_of_router[member] = id;
    // Owners that are master at start are so together or not at all.
    if (std::ranges::all_of(members, [&](RouterId member) { return starts_as_owner(parameters.routers[member]); }))
      continue;
    for (const RouterId member : members) parameters.routers[member].router.wanted_state = State::backup;
  }

  slots.reserve(parameters.routers.size());
  for (RouterId id = 0; id < parameters.routers.size(); ++id) {
    NodeRouterParameters& router = parameters.routers[id];
    router.router.in_sync_group = group_of_router[id].has_value();
    Slot& slot = slots.emplace_back(id, VirtualRouter(router.router), group_of_router[id]);
    if (slot.group) groups[*slot.group].tally.add(member_of(slot.router));
    slot.tracking = effective_tracking(parameters, id, slot.group);
    for (const Tracking& tracking : slot.tracking) tracked_by[tracking.tracker].push_back(id);
    for (const std::string& link : router.links) links[link].routers.push_back(id);
  }
}

Node::Node(NodeParameters parameters) : self_(std::make_unique<Implementation>(std::move(parameters))) {}
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

// ---------------------------------------------------------------- handle

void Node::handle(const Input& input, Instant now, NodeActions& out) {
  if (self_->is_known(input, now)) return;
  const std::size_t before = out.size();
  if (self_->observer != nullptr) self_->observer->before(input, now);
  std::visit([&](const auto& each) { self_->handle(each, now, out); }, input);
  self_->pursue_maintenance(now, out);
  if (self_->observer != nullptr) self_->observer->after(std::span(out).subspan(before));
}

// What is told again, and a timer that wakes us early, is no input: nobody need remember it.
bool Node::Implementation::is_known(const Input& input, Instant now) const {
  if (std::holds_alternative<TimePassed>(input)) return next_timeout().value_or(Instant::max()) > now;
  if (const auto* it = std::get_if<MaintenanceTold>(&input)) return is_known_wish(it->wish, maintenance);
  if (const auto* it = std::get_if<TrackerTold>(&input)) return trackers[it->tracker] == it->value;
  if (const auto* it = std::get_if<LinkTold>(&input)) {
    const auto found = links.find(it->interface);
    return found == links.end() || found->second.up == it->up;
  }
  if (const auto* it = std::get_if<SourceTold>(&input)) {
    const Slot& its = slot(it->router);
    return its.own_faults.no_source_address == !it->source && (!it->source || its.router.source() == *it->source);
  }
  if (const auto* it = std::get_if<ConfigurationTold>(&input)) {
    return slot(it->router).own_faults.configuration == it->faulty;
  }
  if (const auto* it = std::get_if<PrioritySet>(&input)) return slot(it->router).base_priority == it->base;
  if (const auto* it = std::get_if<PreemptSet>(&input)) {
    return slot(it->router).router.parameters().preempt == it->preempt;
  }
  return false;
}

void Node::Implementation::handle(const Resume& input, Instant now, NodeActions& out) {
  std::vector<RouterMemory> memories(slots.size());
  for (RouterId id = 0; id < std::min(input.memory.size(), memories.size()); ++id)
    memories[id] = input.memory[id].value_or(RouterMemory{});

  for (RouterId id = 0; id < memories.size(); ++id) {
    Slot& its = slots[id];
    const bool goes_on = memories[id].state != State::init;
    if (goes_on && memories[id].priority != 0) its.inherited = memories[id].priority;
    its.inherits_fault = memories[id].state == State::fault;
    refresh_tracking(id, now, out);  // silent: nobody has started
    its.awaits_trackers = !goes_on && awaits_tracker(id);
    if (its.group && goes_on) groups[*its.group].told = memories[id].state;
  }
  for (RouterId id = 0; id < memories.size(); ++id) {
    if (memories[id].state == State::init) continue;
    tell(id, out, [&](VirtualRouter& router, Actions& actions) { router.resume(memories[id], now, actions); });
    refresh_tracking(id, now, out);
  }
  for (RouterId id = 0; id < memories.size(); ++id) {
    if (memories[id].state != State::init || slots[id].awaits_trackers) continue;
    begin(id, now, out);
    refresh_tracking(id, now, out);
  }
  running = true;
  for (GroupId id = 0; id < groups.size(); ++id) settle(id, false, now, out);
}

void Node::Implementation::handle(const AdvertHeard& input, Instant now, NodeActions& out) {
  const Advert& advert = input.advert;
  const VirtualRouter& heard_by = slot(input.router).router;
  tell_group(input.router, now, out,
             [&](VirtualRouter& router, Actions& actions) { router.on_advert(advert, now, actions); });
  if (advert.priority != spec::priority_stop || heard_by.wait_reason() != Reason::master_stopped) return;
  // The peer's whole group leaves when one member does (keepalived waits on the others for the master-down time).
  // They wait as long as the one that heard it: a VRRPv3 goodbye shortens the interval on its own LAN alone.
  const Duration wait = heard_by.skew_time();
  if (const auto group = slots[input.router].group) shorten_waits(*group, wait, now, out);
}

void Node::Implementation::handle(const TimePassed& input, Instant now, NodeActions& out) {
  for (std::size_t most = input.most; most > 0; --most) {
    const std::optional<RouterId> id = timers.pop_due(now);
    if (!id) return;
    tell_group(*id, now, out, [&](VirtualRouter& router, Actions& actions) { router.on_timeout(now, actions); });
  }
}

void Node::Implementation::handle(const TrackerTold& input, Instant now, NodeActions& out) {
  trackers[input.tracker] = input.value;
  for (const RouterId router : tracked_by[input.tracker]) refresh_tracking(router, now, out);
}

void Node::Implementation::handle(const LinkTold& input, Instant now, NodeActions& out) {
  Link& link = links.at(input.interface);
  link.up = input.up;
  for (const RouterId id : link.routers) {
    slots[id].own_faults.link_down = has_dead_link(id);
    refresh_faults(id, by_link, now, out);
  }
}

void Node::Implementation::handle(const SourceTold& input, Instant now, NodeActions& out) {
  Slot& its = slot(input.router);
  if (input.source) its.router.on_source(*input.source);
  its.own_faults.no_source_address = !input.source;
  refresh_faults(input.router, by_source, now, out);
}

void Node::Implementation::handle(const AnnouncementHeard& input, Instant now, NodeActions& out) {
  tell_group(input.router, now, out, [&](VirtualRouter& router, Actions& actions) {
    router.on_announcement(input.address, input.stranger, now, actions);
  });
}

void Node::Implementation::handle(const AddressRestored& input, Instant now, NodeActions& out) {
  tell_group(input.router, now, out,
             [&](VirtualRouter& router, Actions& actions) { router.on_address_restored(now, actions); });
}

void Node::Implementation::handle(const ConfigurationTold& input, Instant now, NodeActions& out) {
  slot(input.router).own_faults.configuration = input.faulty;
  refresh_faults(input.router, by_configuration, now, out);
}

void Node::Implementation::handle(const Handover& input, Instant now, NodeActions& out) {
  for (const RouterId member : group_of(input.router)) {
    tell(member, out, [&](VirtualRouter& router, Actions& actions) { router.handover(now, actions); });
  }
  if (const auto group = slot(input.router).group) settle(*group, false, now, out);
}

void Node::Implementation::handle(const Stop&, Instant now, NodeActions& out) {
  stopping = true;
  for (RouterId id = 0; id < slots.size(); ++id) {
    slots[id].awaits_trackers = false;
    tell(id, out, [&](VirtualRouter& router, Actions& actions) { router.stop(now, actions); });
  }
  for (GroupId id = 0; id < groups.size(); ++id) tell_group_state(id, out);
}

void Node::Implementation::handle(const PrioritySet& input, Instant now, NodeActions& out) {
  slot(input.router).base_priority = input.base;
  refresh_tracking(input.router, now, out);
}

void Node::Implementation::handle(const PreemptSet& input, Instant now, NodeActions& out) {
  tell(input.router, out, [&](VirtualRouter& router, Actions&) { router.set_preempt(input.preempt, now); });
}

void Node::Implementation::handle(const TakeoverProven& input, Instant, NodeActions& out) {
  tell(input.router, out, [](VirtualRouter& router, Actions&) { router.on_takeover_proven(); });
}

void Node::Implementation::handle(const WitnessAnswered& input, Instant now, NodeActions& out) {
  tell(input.router, out, [&](VirtualRouter& router, Actions&) { router.on_witness(now); });
}

void Node::observe(NodeObserver* observer) {
  self_->observer = observer;
}

// ---------------------------------------------------------------- questions

std::optional<Instant> Node::next_timeout() const {
  return self_->next_timeout();
}

std::optional<Instant> Node::Implementation::next_timeout() const {
  const std::optional<Instant> next = timers.next();
  if (maintenance != Maintenance::asked || stopping) return next;
  return std::min(next.value_or(maintenance_bound), maintenance_bound);
}

bool Node::is_stopped() const {
  return self_->stopping &&
         std::ranges::all_of(self_->slots, [](const auto& slot) { return slot.router.is_stopped(); });
}

std::size_t Node::router_count() const {
  return self_->slots.size();
}
const VirtualRouter& Node::router(RouterId id) const {
  return self_->slot(id).router;
}
const NodeParameters& Node::parameters() const {
  return self_->parameters;
}
std::uint8_t Node::base_priority(RouterId id) const {
  return self_->slot(id).base_priority;
}
State Node::group_state(GroupId id) const {
  return self_->groups[id].told;
}
TrackerValue Node::tracker(TrackerId id) const {
  return self_->trackers[id];
}

std::vector<PriorityPart> Node::priority_parts(RouterId id) const {
  std::vector<PriorityPart> parts{{"base", base_priority(id)}};
  for (const Tracking& tracking : self_->slots[id].tracking) {
    if (tracking.weight == 0 || !self_->counts(id, tracking)) continue;
    parts.push_back({self_->parameters.trackers[tracking.tracker].name, self_->contribution_of(tracking).amount});
  }
  return parts;
}

// ---------------------------------------------------------------- routers and their groups

template <typename Event>
void Node::Implementation::tell_group(RouterId id, Instant now, NodeActions& out, Event&& event) {
  const Slot& slot = slots[id];
  if (!slot.group) return tell(id, out, event);

  const GroupMember before = member_of(slot.router);
  tell(id, out, event);
  const bool heard_lower = std::ranges::any_of(scratch, holds<LowerPriorityHeard>);
  const bool stays = before.state == State::master && !before.serving && slot.router.is_serving();
  if (stays) stay_together(*slot.group, now, out);
  if (member_of(slot.router) != before) settle(*slot.group, before.serving && !slot.router.is_serving(), now, out);
  if (slot.router.wants_master() && !slot.router.next_timeout()) {
    // Vetoed by those that do not want to.
    tell(id, out, [&](VirtualRouter& router, Actions&) { router.restart_wait(now); });
  }
  if (heard_lower) tell_lower(id, now, out);
}

// Clients that point at the lower master for one address do so for all. Once for all members that hear of it.
void Node::Implementation::tell_lower(RouterId heard_by, Instant now, NodeActions& out) {
  std::optional<Instant>& told_at = groups[*slots[heard_by].group].lower_told_at;
  if (told_at && now < *told_at + slots[heard_by].router.answer_interval()) return;
  told_at = now;
  for (const RouterId member : group_of(heard_by)) {
    if (member == heard_by) continue;
    tell(member, out, [&](VirtualRouter& router, Actions& actions) { router.repeat_announcements(now, actions); });
  }
}

// A peer that stops says goodbye for each member: the first is for all, the others find nothing to shorten.
void Node::Implementation::shorten_waits(GroupId id, Duration wait, Instant now, NodeActions& out) {
  if (groups[id].longest_wait <= now + wait) return;
  Instant longest{};
  for (const RouterId member : parameters.groups[id].members) {
    tell(member, out, [&](VirtualRouter& router, Actions&) { router.shorten_wait(wait, now); });
    longest = std::max(longest, slots[member].router.next_timeout().value_or(Instant{}));
  }
  groups[id].longest_wait = longest;
}

void Node::Implementation::settle(GroupId id, bool left, Instant now, NodeActions& out) {
  if (!running) return;
  const GroupTally& tally = groups[id].tally;
  const std::vector<RouterId>& members = parameters.groups[id].members;
  if (must_leave(tally, left)) {
    // A member that only asks for relief may stay, and so may the others, as long as nobody has let go.
    const bool all_may_stay = tally.staying() == tally.members();
    for (const RouterId member : members) {
      tell(member, out, [&](VirtualRouter& router, Actions& actions) {
        if (all_may_stay) return router.ask_relief(Reason::sync_group, now, actions);
        router.become_backup(Reason::sync_group, now, actions);
      });
    }
  }
  if (may_become_master(tally)) {
    for (const RouterId member : members) {
      tell(member, out,
           [&](VirtualRouter& router, Actions& actions) { router.become_master(router.wait_reason(), now, actions); });
    }
  }
  tell_group_state(id, out);
}

void Node::Implementation::stay_together(GroupId id, Instant now, NodeActions& out) {
  if (!may_stay_together(groups[id].tally)) return;
  for (const RouterId member : parameters.groups[id].members) {
    tell(member, out, [&](VirtualRouter& router, Actions& actions) { router.stay_with_group(now, actions); });
  }
}

void Node::Implementation::tell_group_state(GroupId id, NodeActions& out) {
  State& told = groups[id].told;
  const State state = vrrp::group_state(groups[id].tally, told);
  if (state == told) return;
  out.push_back(GroupAction{id, {told, state}});
  told = state;
}

// The first state of a router that has no memory. One that a reload added to a group of masters, or that was awaited
// there, joins them: a BACKUP among them would make all of them leave, and come back.
void Node::Implementation::begin(RouterId id, Instant now, NodeActions& out) {
  const Slot& slot = slots[id];
  const Group* group = slot.group ? &groups[*slot.group] : nullptr;
  const bool joins =
      group != nullptr && group->told == State::master && group->faulty == 0 && serves_without_beginners(group->tally);
  tell_group(id, now, out, [&](VirtualRouter& router, Actions& actions) {
    return joins ? router.join(now, actions) : router.start(now, actions);
  });
}

std::span<const RouterId> Node::Implementation::group_of(RouterId id) const {
  const Slot& slot = slots[id];
  if (slot.group) return parameters.groups[*slot.group].members;
  return std::span(&slot.id, 1);
}

// ---------------------------------------------------------------- what is tracked

void Node::Implementation::refresh_tracking(RouterId id, Instant now, NodeActions& out) {
  Slot& slot = slots[id];
  int sum = 0;
  bool all_known = true;
  slot.inherits_fault = slot.inherits_fault && awaits_tracker(id);
  slot.own_faults.tracked_down = slot.inherits_fault;
  for (const Tracking& tracking : slot.tracking) {
    if (!counts(id, tracking)) continue;
    const Contribution contribution = contribution_of(tracking);
    sum += contribution.amount;
    slot.own_faults.tracked_down |= contribution.fault;
    all_known &= trackers[tracking.tracker].status != TrackerStatus::unknown;
  }
  refresh_faults(id, by_tracker, now, out);
  if (all_known) slot.inherited.reset();
  // Whom the configuration does not make an owner becomes none: 255 that was set leaves its priority where it is
  // (keepalived 2.2.7, watched).
  const bool is_unowned = slot.base_priority == spec::priority_owner && !is_owner(parameters.routers[id]);
  const std::uint8_t own = is_unowned ? slot.router.priority() : effective_priority(slot.base_priority, sum);
  const std::uint8_t priority = slot.inherited.value_or(own);
  tell_group(id, now, out,
             [&](VirtualRouter& router, Actions& actions) { router.on_priority(priority, now, actions); });
  if (!slot.awaits_trackers || awaits_tracker(id)) return;
  slot.awaits_trackers = false;
  begin(id, now, out);
}

// A router and, when it is well itself no more or again, the members of its group.
void Node::Implementation::refresh_faults(RouterId id, ChangeReasons reasons, Instant now, NodeActions& out) {
  Slot& slot = slots[id];
  const bool is_faulty = slot.own_faults.any();
  const bool turned = std::exchange(slot.counts_as_faulty, is_faulty) != is_faulty;
  if (!slot.group) return tell_causes(id, reasons, now, out);

  std::size_t& faulty = groups[*slot.group].faulty;
  if (turned) faulty = is_faulty ? faulty + 1 : faulty - 1;
  tell_causes(id, reasons, now, out);
  // Between none and one it changes for all others, between one and two for that one; above for nobody.
  if (turned && faulty <= (is_faulty ? 2U : 1U)) {
    for (const RouterId member : parameters.groups[*slot.group].members) {
      if (member != id) tell_causes(member, by_group, now, out);
    }
  }
  settle(*slot.group, false, now, out);
}

void Node::Implementation::tell_causes(RouterId id, ChangeReasons reasons, Instant now, NodeActions& out) {
  const FaultCauses causes = causes_of(id);
  if (causes == slots[id].router.faults()) return;
  const Reason reason = causes.any() ? reasons.worse : reasons.better;
  tell(id, out, [&](VirtualRouter& router, Actions& actions) { router.on_faults(causes, reason, now, actions); });
}

FaultCauses Node::Implementation::causes_of(RouterId id) const {
  const Slot& slot = slots[id];
  FaultCauses causes = slot.own_faults;
  causes.sync_group = slot.group && groups[*slot.group].faulty > (slot.counts_as_faulty ? 1U : 0U);
  return causes;
}

bool Node::Implementation::awaits_tracker(RouterId id) const {
  return std::ranges::any_of(slots[id].tracking, [&](const Tracking& each) { return contribution_of(each).awaited; });
}

// Weights of an owner have no effect.
bool Node::Implementation::counts(RouterId id, const Tracking& tracking) const {
  return tracking.weight == 0 || slots[id].base_priority != spec::priority_owner;
}

Contribution Node::Implementation::contribution_of(const Tracking& tracking) const {
  return contribution(parameters.trackers[tracking.tracker].kind, tracking, trackers[tracking.tracker]);
}

bool Node::Implementation::has_dead_link(RouterId id) const {
  const NodeRouterParameters& router = parameters.routers[id];
  const auto tracked = std::span(router.links).subspan(router.dont_track_primary && !router.links.empty() ? 1 : 0);
  return std::ranges::any_of(tracked, [&](const std::string& link) { return !links.at(link).up; });
}

}  // namespace baton::vrrp
