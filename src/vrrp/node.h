// One server: its virtual routers, its sync groups, and the things they track. The pure core as the daemon, the
// simulator, `baton plan` and `baton replay` run it: events in, actions out, one timer. Routers, groups and trackers
// are named by their index in NodeParameters.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vrrp/action.h"
#include "vrrp/effective_priority.h"
#include "vrrp/virtual_router.h"

namespace baton::vrrp {

struct NodeRouterParameters {
  std::string name;
  RouterParameters router;
  std::vector<Tracking> tracking;
  std::vector<std::string> links;  // interfaces that must be up: its own and those of its addresses
  bool dont_track_primary = false;
};

struct GroupParameters {
  std::string name;
  std::vector<RouterId> members;
  std::vector<Tracking> tracking;  // group level
  bool tracking_weight = false;    // sgroup_tracking_weight
};

struct NodeParameters {
  std::vector<TrackerParameters> trackers;
  std::vector<NodeRouterParameters> routers;
  std::vector<GroupParameters> groups;
};

// One share of an effective priority, for `baton status`: base 100, chk_nginx +4.
struct PriorityPart {
  std::string name;
  int amount = 0;
  bool operator==(const PriorityPart&) const = default;
};

struct RouterAction {
  RouterId router = 0;
  Action action;
  bool operator==(const RouterAction&) const = default;
};
struct GroupAction {
  GroupId group = 0;
  GroupStateChanged action;
  bool operator==(const GroupAction&) const = default;
};
using NodeAction = std::variant<RouterAction, GroupAction>;
using NodeActions = std::vector<NodeAction>;

class Node {
 public:
  explicit Node(NodeParameters parameters);
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;
  ~Node();

  // --- handle ---
  // Every router enters its first state. Trackers, links and sources told before count for it.
  void start(Instant now, NodeActions& out);
  // As start, but routers with a memory go on where it ends (same index; nullopt: a new router).
  void resume(const std::vector<std::optional<RouterMemory>>& memory, Instant now, NodeActions& out);
  void on_advert(RouterId router, const Advert& advert, Instant now, NodeActions& out);
  // At most `most` of the routers whose deadlines have come, so that thousands which are due at once need not be served
  // in one go.
  void on_timeout(Instant now, NodeActions& out, std::size_t most = std::numeric_limits<std::size_t>::max());
  void on_tracker(TrackerId tracker, TrackerValue value, Instant now, NodeActions& out);
  void on_link(const std::string& interface, bool up, Instant now, NodeActions& out);
  // The address a router's adverts leave with; nullopt: the interface has none.
  void on_source(RouterId router, std::optional<IpAddress> source, Instant now, NodeActions& out);
  void on_announcement(RouterId router, const IpAddress& address, Instant now, NodeActions& out);
  void on_address_restored(RouterId router, Instant now, NodeActions& out);
  void on_configuration_fault(RouterId router, bool faulty, Instant now, NodeActions& out);

  // --- commands ---
  void handover(RouterId router, Instant now, NodeActions& out);  // its whole sync group goes along
  void stop(Instant now, NodeActions& out);

  // --- questions ---
  std::optional<Instant> next_timeout() const;
  bool is_stopped() const;  // after stop(): nothing is held any more
  std::size_t router_count() const;
  const VirtualRouter& router(RouterId id) const;
  const NodeParameters& parameters() const;
  std::vector<PriorityPart> priority_parts(RouterId router) const;
  State group_state(GroupId group) const;
  TrackerValue tracker(TrackerId id) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace baton::vrrp
