// What a node is told, as values: the other half of action.h. The worker, the simulator and `baton plan` tell a node,
// the recorder writes down what it was told, and `baton replay` tells it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/time.h"
#include "vrrp/action.h"
#include "vrrp/advert.h"
#include "vrrp/effective_priority.h"
#include "vrrp/virtual_router.h"

namespace baton::vrrp {

// Every router enters its first state. Trackers, links and sources told before count for it.
struct Start {};
// As Start, but routers with a memory go on where it ends (same index; nullopt: a new router).
struct Resume {
  std::vector<std::optional<RouterMemory>> memory;
};
// Accepted by the codec.
struct AdvertHeard {
  RouterId router = 0;
  Advert advert;
};
// At most `most` of the routers whose deadlines have come are served, so that thousands which are due at once need not
// be in one go.
struct TimePassed {
  std::size_t most = std::numeric_limits<std::size_t>::max();
};
struct TrackerTold {
  TrackerId tracker = 0;
  TrackerValue value;
};
struct LinkTold {
  std::string interface;
  bool up = false;
};
// The address a router's adverts leave with; nullopt: the interface has none.
struct SourceTold {
  RouterId router = 0;
  std::optional<IpAddress> source;
};
// Another node announced one of our addresses. `stranger`: from a MAC address that no node of ours shares with it; with
// virtual MAC addresses there is none to tell it by.
struct AnnouncementHeard {
  RouterId router = 0;
  IpAddress address;
  std::optional<MacAddress> stranger{};
};
// One of our addresses was removed by somebody else, and is back.
struct AddressRestored {
  RouterId router = 0;
};
// The router cannot run as configured, or can again.
struct ConfigurationTold {
  RouterId router = 0;
  bool faulty = false;
};
// Its whole sync group goes along.
struct Handover {
  RouterId router = 0;
};
struct Stop {};
// An operator has set it in place of what is configured.
struct PrioritySet {
  RouterId router = 0;
  std::uint8_t base = 0;  // 1..255
};
struct PreemptSet {
  RouterId router = 0;
  Preempt preempt = Preempt::yes;
};
// The operator's wish; the node's answer is Node::maintenance(). Told before the start it is carried out at once.
struct MaintenanceTold {
  enum class Wish : std::uint8_t {
    off,
    ask,    // when somebody else has, or takes, every address
    force,  // in any case
  };
  Wish wish = Wish::off;
};
inline constexpr MaintenanceTold::Wish last_wish = MaintenanceTold::Wish::force;

// Neighbours are known to know where its addresses live now (takeover_proof.h): the second burst says nothing new.
struct TakeoverProven {
  RouterId router = 0;
};

// A witness has answered a question that was asked since the master was heard last (AskWitness).
struct WitnessAnswered {
  RouterId router = 0;
};

using Input = std::variant<Start, Resume, AdvertHeard, TimePassed, TrackerTold, LinkTold, SourceTold, AnnouncementHeard,
                           AddressRestored, ConfigurationTold, Handover, Stop, PrioritySet, PreemptSet, MaintenanceTold,
                           TakeoverProven, WitnessAnswered>;

// One that sees every input of a node, and what it brought about.
class NodeObserver {
 public:
  virtual ~NodeObserver() = default;
  virtual void before(const Input& input, Instant now) = 0;     // the node does not know it yet
  virtual void after(std::span<const NodeAction> actions) = 0;  // the input has been dealt with
};

}  // namespace baton::vrrp
