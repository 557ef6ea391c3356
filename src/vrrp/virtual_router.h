// One virtual router (RFC 9568 §6). Knows the protocol and nothing else: no socket, no clock, no log.
//
//             start                 master-down, master stopped or below us
//   INIT ───────────────▶ BACKUP ─────────────────────────────────────────▶ MASTER
//     ▲  └─ owner, MASTER wanted ───────────────────────────────────────────▶ │ │
//     │                     │ ▲ ◀──────── better master, handover ────────────┘ │
//     │                fault│ │ clear                                     fault │
//     │                     ▼ │                                                 │
//     └─────── stop ────── FAULT ◀──────────────────────────────────────────────┘
//
// After every input drain the actions completely before the next input, then ask holds_addresses() and next_timeout().
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "vrrp/action.h"
#include "vrrp/advert.h"

namespace baton::vrrp {

enum class Preempt : std::uint8_t { no, yes };

// garp_* and their global vrrp_garp_* defaults (keepalived.conf(5)).
struct AnnouncementParameters {
  unsigned repeat = 5;                            // rounds on becoming MASTER
  Duration delay = std::chrono::seconds(5);       // then once more after this; 0: no second burst
  Duration refresh{};                             // and for ever every so often; 0: never
  unsigned refresh_repeat = 1;
  unsigned lower_priority_repeat = 5;             // when a lower master was heard
  Duration lower_priority_delay = std::chrono::seconds(5);

  bool operator==(const AnnouncementParameters&) const = default;
};

struct RouterParameters {
  Version version = Version::v2;
  std::uint8_t base_priority = spec::priority_default;   // 1..255
  Duration advert_interval = std::chrono::seconds(1);
  State wanted_state = State::backup;                    // MASTER matters for the owner (255) alone
  Preempt preempt = Preempt::yes;
  Duration preempt_delay{};
  Duration startup_delay{};                              // vrrp_startup_delay: timers count from its end, adverts are ignored meanwhile
  unsigned down_timer_adverts = 3;                       // 1..100
  bool lower_priority_no_advert = false;                 // lower_prio_no_advert
  bool higher_priority_send_advert = false;              // higher_prio_send_advert
  bool make_before_break = true;                         // docs/decisions/0003
  AnnouncementParameters announcements;
};

// Bounds of make-before-break; ours to change.
namespace limits {

inline constexpr Duration linger_after_advert = std::chrono::milliseconds(200);  // successor's advert heard, its announcement not
inline constexpr Duration provoke_after_advert = std::chrono::milliseconds(20);  // then ask for it with an advert of ours
inline constexpr Duration handover_margin = std::chrono::milliseconds(150);      // above the slowest successor's skew time
inline constexpr Duration hasty_interval = std::chrono::milliseconds(250);       // VRRPv3: skew step stays at 1 ms a priority
inline constexpr std::size_t peers_remembered = 16;

}  // namespace limits

// Why there is no master to be had from here. Several may hold at once; FAULT lasts until none does.
struct FaultCauses {
  bool link_down = false;
  bool no_source_address = false;
  bool tracked_down = false;
  bool configuration = false;
  bool any() const { return link_down || no_source_address || tracked_down || configuration; }
  bool operator==(const FaultCauses&) const = default;
};

// What a worker leaves to the one after it (docs/decisions/0002); plain data, kept in shared memory.
struct RouterMemory {
  State state = State::init;
  Reason reason = Reason::start;
  Instant since{};                    // state entered
  Instant last_advert_sent{};
  Instant last_advert_accepted{};
  IpAddress master;
  std::uint8_t master_priority = 0;
  Duration master_interval{};
};

class VirtualRouter {
 public:
  explicit VirtualRouter(RouterParameters parameters);

  // --- handle: what happened ---
  void start(Instant now, Actions& out);
  // Goes on where another process stopped: MASTER stays MASTER (adverts at once), BACKUP keeps its master-down deadline.
  void resume(const RouterMemory& memory, Instant now, Actions& out);
  void on_advert(const Advert& advert, Instant now, Actions& out);
  void on_timeout(Instant now, Actions& out);  // early or repeated calls do nothing
  void on_faults(const FaultCauses& causes, Reason reason, Instant now, Actions& out);
  void on_source(const IpAddress& source);     // own address, for the tie-break
  // The sum of base and trackers changed; already clamped (effective_priority()).
  void on_priority(std::uint8_t priority, Instant now, Actions& out);
  // Another node announced one of our addresses (gratuitous ARP, NA from a MAC that is not ours).
  void on_announcement(const IpAddress& address, Instant now, Actions& out);
  // One of our addresses was removed by somebody else. It is put back by the difference; this re-announces it.
  void on_address_restored(Instant now, Actions& out);

  // --- commands ---
  void handover(Instant now, Actions& out);    // give the address to a backup, go on when there is none
  void stop(Instant now, Actions& out);        // give it up within a bound; is_stopped() says when
  // Sync group: be what the group is.
  void become_master(Reason reason, Instant now, Actions& out);
  void become_backup(Reason reason, Instant now, Actions& out);
  void shorten_wait(Instant now);              // a goodbye was heard for the group: wait no longer than our skew time
  void restart_wait(Instant now);              // vetoed by the group: a fresh master-down wait

  // --- questions ---
  std::optional<Instant> next_timeout() const;
  bool holds_addresses() const;                // MASTER, also while leaving until the successor is there
  bool wants_master() const;                   // in a sync group: the master-down timer has expired and the group decides
  bool is_leaving() const;
  bool is_stopped() const;
  State state() const;
  Reason reason() const;
  Instant since() const;                       // of the present state
  std::uint8_t priority() const;               // effective
  std::optional<IpAddress> master() const;     // who is master as far as we know; nullopt: we are, or nobody
  std::uint8_t master_priority() const;
  Duration master_interval() const;            // learned (VRRPv3), else own
  Duration skew_time() const;                  // RFC 9568 §6.1, RFC 3768 §6.1
  Duration master_down_interval() const;
  FaultCauses faults() const;
  RouterMemory memory() const;
};

}  // namespace baton::vrrp
