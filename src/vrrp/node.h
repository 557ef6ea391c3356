// One server: its virtual routers, its sync groups, and the things they track. The pure core as the daemon, the
// simulator, `baton plan` and `baton replay` run it: events in, actions out, one timer. Routers, groups and trackers
// are named by their index in NodeParameters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/compact.h"
#include "vrrp/action.h"
#include "vrrp/effective_priority.h"
#include "vrrp/input.h"
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

// Of the node: docs/decisions/0015.
enum class Maintenance : std::uint8_t {
  off,
  asked,    // every MASTER asks to be relieved; who is relieved awaits the others
  refused,  // off, because of refused_by()
  on,       // no router becomes MASTER; those that were let go within a bound
};
inline constexpr Maintenance last_maintenance = Maintenance::on;

namespace limits {
// Until then every router must be seen to have a master elsewhere.
inline constexpr Duration maintenance_patience = std::chrono::seconds(10);
}  // namespace limits

class Node {
 public:
  explicit Node(NodeParameters parameters);
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;
  ~Node();

  // --- handle ---
  // What a node decides follows from this alone: its parameters, and the inputs so far (input.h says what each means).
  void handle(const Input& input, Instant now, NodeActions& out);
  // Sees every input from now on; nullptr: nobody does.
  void observe(NodeObserver* observer);

  // The same, as calls.
  void start(Instant now, NodeActions& out) { handle(Start{}, now, out); }
  void resume(std::vector<std::optional<RouterMemory>> memory, Instant now, NodeActions& out) {
    handle(Resume{std::move(memory)}, now, out);
  }
  void on_advert(RouterId router, const Advert& advert, Instant now, NodeActions& out) {
    handle(AdvertHeard{router, advert}, now, out);
  }
  void on_timeout(Instant now, NodeActions& out, std::size_t most = TimePassed{}.most) {
    handle(TimePassed{most}, now, out);
  }
  void on_tracker(TrackerId tracker, TrackerValue value, Instant now, NodeActions& out) {
    handle(TrackerTold{tracker, value}, now, out);
  }
  void on_link(const std::string& interface, bool up, Instant now, NodeActions& out) {
    handle(LinkTold{interface, up}, now, out);
  }
  void on_source(RouterId router, std::optional<IpAddress> source, Instant now, NodeActions& out) {
    handle(SourceTold{router, source}, now, out);
  }
  void on_announcement(RouterId router, const IpAddress& address, std::optional<MacAddress> stranger, Instant now,
                       NodeActions& out) {
    handle(AnnouncementHeard{router, address, stranger}, now, out);
  }
  void on_address_restored(RouterId router, Instant now, NodeActions& out) {
    handle(AddressRestored{router}, now, out);
  }
  void on_configuration_fault(RouterId router, bool faulty, Instant now, NodeActions& out) {
    handle(ConfigurationTold{router, faulty}, now, out);
  }
  void handover(RouterId router, Instant now, NodeActions& out) { handle(Handover{router}, now, out); }
  void stop(Instant now, NodeActions& out) { handle(Stop{}, now, out); }
  void set_base_priority(RouterId router, std::uint8_t base, Instant now, NodeActions& out) {
    handle(PrioritySet{router, base}, now, out);
  }
  void set_preempt(RouterId router, Preempt preempt, Instant now, NodeActions& out) {
    handle(PreemptSet{router, preempt}, now, out);
  }
  void on_takeover_proven(RouterId router, Instant now, NodeActions& out) { handle(TakeoverProven{router}, now, out); }
  void on_witness(RouterId router, Instant now, NodeActions& out) { handle(WitnessAnswered{router}, now, out); }
  void maintain(MaintenanceTold::Wish wish, Instant now, NodeActions& out) { handle(MaintenanceTold{wish}, now, out); }

  // --- snapshot ---
  // All that inputs have made of it: a node with the same parameters that restores it decides the same ever after.
  void save(CompactWriter& out) const;
  // False: this is no snapshot of such a node, which is of no use any more.
  bool restore(CompactReader& in);

  // --- questions ---
  std::optional<Instant> next_timeout() const;
  bool is_stopped() const;  // after stop(): nothing is held any more
  std::size_t router_count() const;
  const VirtualRouter& router(RouterId id) const;
  // For a successor of this node, which does not know of a maintenance that was only asked for: what that has given
  // away may come back.
  RouterMemory memory(RouterId id) const;
  const NodeParameters& parameters() const;
  std::uint8_t base_priority(RouterId id) const;  // as configured, or as somebody has set it since
  std::vector<PriorityPart> priority_parts(RouterId router) const;
  State group_state(GroupId group) const;
  TrackerValue tracker(TrackerId id) const;
  Maintenance maintenance() const;
  const std::vector<RouterId>& refused_by() const;  // Maintenance::refused: those that nobody has relieved
  bool has_master() const;                          // a router of this node is MASTER

 private:
  struct Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace baton::vrrp
