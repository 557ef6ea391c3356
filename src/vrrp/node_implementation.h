// What a node is made of; for node.cpp and node_snapshot.cpp alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/timer_queue.h"
#include "vrrp/node.h"
#include "vrrp/sync_group.h"

namespace baton::vrrp {

// For the tallies of groups.
inline GroupMember member_of(const VirtualRouter& router) {
  return {.state = router.state(),
          .serving = router.is_serving(),
          .may_stay = router.is_serving() || router.may_stay(),
          .wants_master = router.wants_master()};
}

struct Node::Implementation {
  struct Slot {
    Slot(RouterId its_id, VirtualRouter its_router, std::optional<GroupId> its_group)
        : id(its_id),
          router(std::move(its_router)),
          group(its_group),
          base_priority(router.parameters().base_priority) {}

    RouterId id;
    VirtualRouter router;
    std::optional<GroupId> group;
    std::uint8_t base_priority;             // as configured, or as somebody has set it since
    std::vector<Tracking> tracking;         // its own and its group's, without what has no effect
    FaultCauses own_faults;                 // without what other members of the group have
    bool counts_as_faulty = false;          // in its group's count
    bool awaits_trackers = false;           // start() came, but a tracker with weight 0 has no result yet
    std::optional<std::uint8_t> inherited;  // resumed: this priority holds until every tracker has a result
    bool inherits_fault = false;            // resumed in FAULT: so it stays until every tracker with weight 0 has one
    bool asked_relief = false;              // for the maintenance that is asked for: once
  };
  // What faults a router has are told one by one; the reason of a transition is the one that was told last.
  struct ChangeReasons {
    Reason worse;
    Reason better;
  };
  static constexpr ChangeReasons by_tracker{Reason::tracked_down, Reason::tracked_up};
  static constexpr ChangeReasons by_link{Reason::link_down, Reason::link_up};
  static constexpr ChangeReasons by_source{Reason::no_source_address, Reason::source_address_back};
  static constexpr ChangeReasons by_configuration{Reason::configuration, Reason::configuration};
  static constexpr ChangeReasons by_group{Reason::sync_group, Reason::sync_group};
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
  const Slot& slot(RouterId id) const {
    ASSERT(id < slots.size());
    return slots[id];
  }
  // One input; is_known() ones change nothing.
  bool is_known(const Input& input, Instant now) const;
  void handle(const Start&, Instant now, NodeActions& out) { handle(Resume{}, now, out); }
  void handle(const Resume& input, Instant now, NodeActions& out);
  void handle(const AdvertHeard& input, Instant now, NodeActions& out);
  void handle(const TimePassed& input, Instant now, NodeActions& out);
  void handle(const TrackerTold& input, Instant now, NodeActions& out);
  void handle(const LinkTold& input, Instant now, NodeActions& out);
  void handle(const SourceTold& input, Instant now, NodeActions& out);
  void handle(const AnnouncementHeard& input, Instant now, NodeActions& out);
  void handle(const AddressRestored& input, Instant now, NodeActions& out);
  void handle(const ConfigurationTold& input, Instant now, NodeActions& out);
  void handle(const Handover& input, Instant now, NodeActions& out);
  void handle(const Stop& input, Instant now, NodeActions& out);
  void handle(const PrioritySet& input, Instant now, NodeActions& out);
  void handle(const PreemptSet& input, Instant now, NodeActions& out);
  void handle(const MaintenanceTold& input, Instant now, NodeActions& out);
  void handle(const TakeoverProven& input, Instant now, NodeActions& out);
  void handle(const WitnessAnswered& input, Instant now, NodeActions& out);

  // An event for one router: its actions are taken along, its deadline is noted.
  template <typename Event>
  void tell(RouterId id, NodeActions& out, Event&& event);
  // The same, and what it means for the other members of its sync group.
  template <typename Event>
  void tell_group(RouterId id, Instant now, NodeActions& out, Event&& event);
  void settle(GroupId id, bool left, Instant now, NodeActions& out);
  void stay_together(GroupId id, Instant now, NodeActions& out);
  void tell_group_state(GroupId id, NodeActions& out);
  void tell_lower(RouterId heard_by, Instant now, NodeActions& out);
  void shorten_waits(GroupId id, Duration wait, Instant now, NodeActions& out);
  void begin(RouterId id, Instant now, NodeActions& out);

  // Maintenance (node_maintenance.cpp).
  enum class Relief : std::uint8_t { given, awaited, denied };
  Relief relief_of(RouterId id) const;
  bool hears_master(const VirtualRouter& router) const;
  void pursue_maintenance(Instant now, NodeActions& out);
  void ask_for_relief(Instant now, NodeActions& out);
  void hold_all(Instant now, NodeActions& out);
  void refuse_maintenance();
  void forget_handovers();
  template <typename Event>
  void tell_all(Instant now, NodeActions& out, Event&& event);

  void refresh_tracking(RouterId id, Instant now, NodeActions& out);
  void refresh_faults(RouterId id, ChangeReasons reasons, Instant now, NodeActions& out);
  void tell_causes(RouterId id, ChangeReasons reasons, Instant now, NodeActions& out);
  FaultCauses causes_of(RouterId id) const;
  bool awaits_tracker(RouterId id) const;
  bool counts(RouterId id, const Tracking& tracking) const;
  Contribution contribution_of(const Tracking& tracking) const;
  bool has_dead_link(RouterId id) const;
  std::span<const RouterId> group_of(RouterId id) const;  // itself alone when it is in none

  NodeParameters parameters;
  std::vector<Slot> slots;
  std::vector<Group> groups;
  std::vector<TrackerValue> trackers;
  std::vector<std::vector<RouterId>> tracked_by;  // by tracker
  std::unordered_map<std::string, Link> links;
  std::optional<Instant> next_timeout() const;

  TimerQueue<RouterId, DensePlaces<RouterId>> timers;
  Actions scratch;
  NodeObserver* observer = nullptr;
  bool running = false;  // every router has entered its first state: groups are looked at
  bool stopping = false;

  Maintenance maintenance = Maintenance::off;
  Instant maintenance_bound{};       // Maintenance::asked: it is refused then
  std::vector<RouterId> returning;   // refused: asked for relief, and preempt again once they have handed over
  std::vector<RouterId> unrelieved;  // asked: those that were not relieved when last looked at; refused: because of
};

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

}  // namespace baton::vrrp
