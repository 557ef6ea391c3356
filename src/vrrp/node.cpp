#include "vrrp/node.h"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "base/timer_queue.h"
#include "vrrp/sync_group.h"

namespace baton::vrrp {
namespace {

// What faults a router has are told one by one; the reason of a transition is the one that was told last.
struct ChangeReasons {
  Reason worse;
  Reason better;
};
constexpr ChangeReasons by_tracker{Reason::tracked_down, Reason::tracked_up};
constexpr ChangeReasons by_link{Reason::link_down, Reason::link_up};
constexpr ChangeReasons by_source{Reason::no_source_address, Reason::source_address_back};
constexpr ChangeReasons by_configuration{Reason::configuration, Reason::configuration};
constexpr ChangeReasons by_group{Reason::sync_group, Reason::sync_group};

// A priority that no sum of trackers changes.
bool is_owner(const NodeRouterParameters& parameters) {
  return parameters.router.base_priority == spec::priority_owner;
}

bool starts_as_owner(const NodeRouterParameters& parameters) {
  return is_owner(parameters) && parameters.router.wanted_state == State::master;
}

// A router's trackers and its group's. Weighted ones of an owner have no effect; those of a member of a group neither,
// unless the group says so, because its members must agree (keepalived.conf(5), sgroup_tracking_weight).
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
  if (is_owner(router)) std::erase_if(tracking, [](const Tracking& each) { return each.weight != 0; });
  return tracking;
}

GroupMember member_of(const VirtualRouter& router) {
  return {.state = router.state(),
          .serving = router.is_serving(),
          .may_stay = router.is_serving() || router.may_stay(),
          .wants_master = router.wants_master()};
}

template <typename Kind>
constexpr auto holds = [](const Action& action) { return std::holds_alternative<Kind>(action); };

}  // namespace

struct Node::Implementation {
  struct Slot {
    Slot(RouterId its_id, VirtualRouter its_router, std::optional<GroupId> its_group)
        : id(its_id), router(std::move(its_router)), group(its_group) {}

    RouterId id;
    VirtualRouter router;
    std::optional<GroupId> group;
    std::vector<Tracking> tracking;         // its own and its group's, without what has no effect
    FaultCauses own_faults;                 // without what other members of the group have
    bool counts_as_faulty = false;          // in its group's count
    bool awaits_trackers = false;           // start() came, but a tracker with weight 0 has no result yet
    std::optional<std::uint8_t> inherited;  // resumed: this priority holds until every tracker has a result
    bool inherits_fault = false;            // resumed in FAULT: so it stays until every tracker with weight 0 has one
  };
  struct Link {
    bool up = true;
    std::vector<RouterId> routers;
  };
  struct Group {
    State told = State::init;
    GroupTally tally;
    std::size_t faulty = 0;                // members with faults of their own
    Instant longest_wait{};                // no deadline of a member is later
    std::optional<Instant> lower_told_at;  // all members announced again, because one had heard a lower master
  };

  explicit Implementation(NodeParameters given);

  Slot& slot(RouterId id) {
    ASSERT(id < slots.size());
    return slots[id];
  }
  // An event for one router: its actions are taken along, its deadline is noted.
  template <typename Event>
  void tell(RouterId id, NodeActions& out, Event&& event);
  // The same, and what it means for the other members of its sync group.
  template <typename Event>
  void tell_group(RouterId id, Instant now, NodeActions& out, Event&& event);
  void settle(GroupId id, bool left, Instant now, NodeActions& out);
  void tell_group_state(GroupId id, NodeActions& out);
  void tell_lower(RouterId heard_by, Instant now, NodeActions& out);
  void shorten_waits(GroupId id, Duration wait, Instant now, NodeActions& out);
  void begin(RouterId id, Instant now, NodeActions& out);

  void refresh_tracking(RouterId id, Instant now, NodeActions& out);
  void refresh_faults(RouterId id, ChangeReasons reasons, Instant now, NodeActions& out);
  void tell_causes(RouterId id, ChangeReasons reasons, Instant now, NodeActions& out);
  FaultCauses causes_of(RouterId id) const;
  bool awaits_tracker(RouterId id) const;
  Contribution contribution_of(const Tracking& tracking) const;
  bool has_dead_link(RouterId id) const;
  std::span<const RouterId> group_of(RouterId id) const;  // itself alone when it is in none

  NodeParameters parameters;
  std::vector<Slot> slots;
  std::vector<Group> groups;
  std::vector<TrackerValue> trackers;
  std::vector<std::vector<RouterId>> tracked_by;  // by tracker
  std::unordered_map<std::string, Link> links;
  TimerQueue<RouterId, DensePlaces<RouterId>> timers;
  Actions scratch;
  bool running = false;  // every router has entered its first state: groups are looked at
  bool stopping = false;
};

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

void Node::start(Instant now, NodeActions& out) {
  resume({}, now, out);
}

void Node::resume(const std::vector<std::optional<RouterMemory>>& memory, Instant now, NodeActions& out) {
  std::vector<RouterMemory> memories(self_->slots.size());
  for (RouterId id = 0; id < std::min(memory.size(), memories.size()); ++id)
    memories[id] = memory[id].value_or(RouterMemory{});

  for (RouterId id = 0; id < memories.size(); ++id) {
    Implementation::Slot& slot = self_->slots[id];
    const bool goes_on = memories[id].state != State::init;
    if (goes_on && memories[id].priority != 0) slot.inherited = memories[id].priority;
    slot.inherits_fault = memories[id].state == State::fault;
    self_->refresh_tracking(id, now, out);  // silent: nobody has started
    slot.awaits_trackers = !goes_on && self_->awaits_tracker(id);
    if (slot.group && goes_on) self_->groups[*slot.group].told = memories[id].state;
  }
  for (RouterId id = 0; id < memories.size(); ++id) {
    if (memories[id].state == State::init) continue;
    self_->tell(id, out, [&](VirtualRouter& router, Actions& actions) { router.resume(memories[id], now, actions); });
    self_->refresh_tracking(id, now, out);
  }
  for (RouterId id = 0; id < memories.size(); ++id) {
    if (memories[id].state != State::init || self_->slots[id].awaits_trackers) continue;
    self_->begin(id, now, out);
    self_->refresh_tracking(id, now, out);
  }
  self_->running = true;
  for (GroupId id = 0; id < self_->groups.size(); ++id) self_->settle(id, false, now, out);
}

void Node::on_advert(RouterId id, const Advert& advert, Instant now, NodeActions& out) {
  const VirtualRouter& heard_by = self_->slot(id).router;
  self_->tell_group(id, now, out,
                    [&](VirtualRouter& router, Actions& actions) { router.on_advert(advert, now, actions); });
  if (advert.priority != spec::priority_stop || heard_by.wait_reason() != Reason::master_stopped) return;
  // The peer's whole group leaves when one member does (keepalived waits on the others for the master-down time).
  // They wait as long as the one that heard it: a VRRPv3 goodbye shortens the interval on its own LAN alone.
  const Duration wait = heard_by.skew_time();
  if (const auto group = self_->slots[id].group) self_->shorten_waits(*group, wait, now, out);
}

void Node::on_timeout(Instant now, NodeActions& out, std::size_t most) {
  for (; most > 0; --most) {
    const std::optional<RouterId> id = self_->timers.pop_due(now);
    if (!id) return;
    self_->tell_group(*id, now, out, [&](VirtualRouter& router, Actions& actions) { router.on_timeout(now, actions); });
  }
}

void Node::on_tracker(TrackerId id, TrackerValue value, Instant now, NodeActions& out) {
  if (std::exchange(self_->trackers[id], value) == value) return;
  for (const RouterId router : self_->tracked_by[id]) self_->refresh_tracking(router, now, out);
}

void Node::on_link(const std::string& interface, bool up, Instant now, NodeActions& out) {
  const auto found = self_->links.find(interface);
  if (found == self_->links.end() || std::exchange(found->second.up, up) == up) return;
  for (const RouterId id : found->second.routers) {
    self_->slots[id].own_faults.link_down = self_->has_dead_link(id);
    self_->refresh_faults(id, by_link, now, out);
  }
}

void Node::on_source(RouterId id, std::optional<IpAddress> source, Instant now, NodeActions& out) {
  Implementation::Slot& slot = self_->slot(id);
  if (source) slot.router.on_source(*source);
  slot.own_faults.no_source_address = !source;
  self_->refresh_faults(id, by_source, now, out);
}

void Node::on_announcement(RouterId id, const IpAddress& address, Instant now, NodeActions& out) {
  self_->tell_group(id, now, out,
                    [&](VirtualRouter& router, Actions& actions) { router.on_announcement(address, now, actions); });
}

void Node::on_address_restored(RouterId id, Instant now, NodeActions& out) {
  self_->tell_group(id, now, out,
                    [&](VirtualRouter& router, Actions& actions) { router.on_address_restored(now, actions); });
}

void Node::on_configuration_fault(RouterId id, bool faulty, Instant now, NodeActions& out) {
  self_->slot(id).own_faults.configuration = faulty;
  self_->refresh_faults(id, by_configuration, now, out);
}

// ---------------------------------------------------------------- commands

void Node::handover(RouterId id, Instant now, NodeActions& out) {
  for (const RouterId member : self_->group_of(id)) {
    self_->tell(member, out, [&](VirtualRouter& router, Actions& actions) { router.handover(now, actions); });
  }
  if (const auto group = self_->slot(id).group) self_->settle(*group, false, now, out);
}

void Node::stop(Instant now, NodeActions& out) {
  self_->stopping = true;
  for (RouterId id = 0; id < self_->slots.size(); ++id) {
    self_->slots[id].awaits_trackers = false;
    self_->tell(id, out, [&](VirtualRouter& router, Actions& actions) { router.stop(now, actions); });
  }
  for (GroupId id = 0; id < self_->groups.size(); ++id) self_->tell_group_state(id, out);
}

// ---------------------------------------------------------------- questions

std::optional<Instant> Node::next_timeout() const {
  return self_->timers.next();
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
State Node::group_state(GroupId id) const {
  return self_->groups[id].told;
}
TrackerValue Node::tracker(TrackerId id) const {
  return self_->trackers[id];
}

std::vector<PriorityPart> Node::priority_parts(RouterId id) const {
  std::vector<PriorityPart> parts{{"base", self_->parameters.routers[id].router.base_priority}};
  for (const Tracking& tracking : self_->slots[id].tracking) {
    if (tracking.weight == 0) continue;
    parts.push_back({self_->parameters.trackers[tracking.tracker].name, self_->contribution_of(tracking).amount});
  }
  return parts;
}

// ---------------------------------------------------------------- routers and their groups

template <typename Event>
void Node::Implementation::tell(RouterId id, NodeActions& out, Event&& event) {
  Slot& slot = slots[id];
  const GroupMember before = slot.group ? member_of(slot.router) : GroupMember{};
  scratch.clear();
  event(slot.router, scratch);
  for (const Action& action : scratch) out.push_back(RouterAction{id, action});
  timers.set(id, slot.router.next_timeout());
  if (!slot.group) return;
  Group& group = groups[*slot.group];
  group.tally.replace(before, member_of(slot.router));
  group.longest_wait = std::max(group.longest_wait, slot.router.next_timeout().value_or(Instant{}));
}

template <typename Event>
void Node::Implementation::tell_group(RouterId id, Instant now, NodeActions& out, Event&& event) {
  const Slot& slot = slots[id];
  if (!slot.group) return tell(id, out, event);

  const GroupMember before = member_of(slot.router);
  tell(id, out, event);
  const bool heard_lower = std::ranges::any_of(scratch, holds<LowerPriorityHeard>);
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
    const Contribution contribution = contribution_of(tracking);
    sum += contribution.amount;
    slot.own_faults.tracked_down |= contribution.fault;
    all_known &= trackers[tracking.tracker].status != TrackerStatus::unknown;
  }
  refresh_faults(id, by_tracker, now, out);
  if (all_known) slot.inherited.reset();
  const std::uint8_t base = parameters.routers[id].router.base_priority;
  const std::uint8_t priority = slot.inherited.value_or(effective_priority(base, sum));
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

Contribution Node::Implementation::contribution_of(const Tracking& tracking) const {
  return contribution(parameters.trackers[tracking.tracker].kind, tracking, trackers[tracking.tracker]);
}

bool Node::Implementation::has_dead_link(RouterId id) const {
  const NodeRouterParameters& router = parameters.routers[id];
  const auto tracked = std::span(router.links).subspan(router.dont_track_primary && !router.links.empty() ? 1 : 0);
  return std::ranges::any_of(tracked, [&](const std::string& link) { return !links.at(link).up; });
}

}  // namespace baton::vrrp
