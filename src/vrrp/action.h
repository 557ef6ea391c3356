// What a core wants done. Values: the daemon carries them out, a test compares them, the simulator delivers them, a
// recorder writes them down. Whether addresses belong on the interface is not an action: it is asked of the router
// (VirtualRouter::holds_addresses), and the difference to the kernel's state is carried out as one batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/time.h"
#include "vrrp/advert.h"

namespace baton::vrrp {

enum class State : std::uint8_t {
  init,
  backup,
  master,
  fault,
  maintenance,  // held down by the operator: a BACKUP that takes nothing over (docs/decisions/0015)
};
std::string_view name(State state);  // "INIT", "BACKUP", "MASTER", "FAULT", "MAINTENANCE"

// Why a state was entered or left; each has a sentence in the log, in `baton status` and in `baton why`.
enum class Reason : std::uint8_t {
  start,                        // first state after start
  master_down,                  // no advert for the master-down interval (RFC 9568 §6.4.2)
  master_stopped,               // the master sent priority 0
  master_below_us,              // the master's priority fell below ours: taken over after our skew time
  owner,                        // priority 255 and wanted state MASTER
  better_master,                // an advert with a higher priority (RFC 9568 §6.4.3)
  equal_master_higher_address,  // same priority, higher address (RFC 9568 §6.4.3)
  handover,                     // the operator asked for it
  stop,                         // the daemon stops
  tracked_down,                 // a tracked object with weight 0 failed
  tracked_up,                   // the last cause of the fault is gone
  link_down,
  link_up,
  no_source_address,
  source_address_back,
  sync_group,        // the group moved; reason() of the member that moved it says why
  overslept,         // we were not running for longer than a master-down interval
  resumed,           // taken over from the worker before us
  configuration,     // cannot run as configured
  maintenance,       // the operator holds this node down
  maintenance_over,  // and does so no more
};
inline constexpr State last_state = State::maintenance;
inline constexpr Reason last_reason = Reason::maintenance_over;
std::string_view name(Reason reason);

using RouterId = std::uint32_t;  // index of the virtual router in its node
using GroupId = std::uint32_t;   // index of the sync group in its node

// Send one logical advert now (a copy per unicast peer).
struct SendAdvert {
  std::uint8_t priority = 0;
  std::optional<Duration> interval{};  // when not our own advert_int
  bool operator==(const SendAdvert&) const = default;
};

// Announce every address of the router (gratuitous ARP, NA), `rounds` times back to back, once the wanted addresses
// are in the kernel. Void when the router is not VirtualRouter::is_serving() by then: two backups that rise together
// would talk the clients into asking the one that leaves again.
struct Announce {
  unsigned rounds = 1;
  bool operator==(const Announce&) const = default;
};

// A transition that people and scripts are told about. A stop is one transition, to INIT, also from MASTER.
struct StateChanged {
  State from = State::init;
  State to = State::init;
  Reason reason = Reason::start;
  bool operator==(const StateChanged&) const = default;
};

struct PriorityChanged {
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  bool operator==(const PriorityChanged&) const = default;
};

// As MASTER, an advert with a lower priority was heard (notify_master_rx_lower_pri).
struct LowerPriorityHeard {
  Advert advert;
  bool operator==(const LowerPriorityHeard&) const = default;
};

// As BACKUP, another node is master now.
struct MasterLearned {
  IpAddress address;
  std::uint8_t priority = 0;
  bool operator==(const MasterLearned&) const = default;
};

// A handover was asked for and nobody took the address within the bound; we go on as master.
struct HandoverFailed {
  bool operator==(const HandoverFailed&) const = default;
};

// As MASTER, somebody else was found to have what we have, and not for the moment that a change of masters takes:
// another MASTER adverts, or a stranger announces one of our addresses (docs/decisions/0023).
struct SecondOwnerSeen {
  IpAddress address;              // who adverts; or which of ours is announced
  std::optional<MacAddress> mac;  // from where it is announced; nullopt: an advert
  std::uint8_t priority = 0;      // of the advert
  bool we_stay = true;            // else it is left to the other one
  bool operator==(const SecondOwnerSeen&) const = default;
};

// Ask the witnesses of the router now; who answers is told as WitnessAnswered (docs/decisions/0028).
struct AskWitness {
  bool operator==(const AskWitness&) const = default;
};

// The master is silent, and no witness has answered: it is we who may be cut off. BACKUP until one answers.
struct WitnessMissed {
  bool operator==(const WitnessMissed&) const = default;
};

using Action = std::variant<SendAdvert, Announce, StateChanged, PriorityChanged, LowerPriorityHeard, MasterLearned,
                            HandoverFailed, SecondOwnerSeen, AskWitness, WitnessMissed>;

struct GroupStateChanged {
  State from = State::init;
  State to = State::init;
  bool operator==(const GroupStateChanged&) const = default;
};

using Actions = std::vector<Action>;

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

}  // namespace baton::vrrp
