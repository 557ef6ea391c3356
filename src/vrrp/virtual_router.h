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
// Held down (maintenance), it is MAINTENANCE wherever it would be BACKUP, and never MASTER.
//
// After every input drain the actions completely before the next input, then ask holds_addresses() and next_timeout().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/compact.h"
#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/time.h"
#include "vrrp/action.h"
#include "vrrp/advert.h"
#include "vrrp/departure.h"
#include "vrrp/peer_memory.h"
#include "vrrp/send_allowance.h"

namespace baton::vrrp {

enum class Preempt : std::uint8_t { no, yes };

namespace limits {
// Whatever others send, it brings about no more than so many adverts in an advert interval (as many again, and one, at
// once after a time of quiet): lower masters and priorities 0 are answered, a better master that came and goes again is
// followed by our next advert, and no stranger makes of us a flood.
inline constexpr int answers_an_interval = 16;
// Whatever lower masters and passing ones send, their adverts bring about no more than one burst of announcements in
// this time, or in an advert interval when that is longer; after a quiet time so many at once, for several may come
// back together, and each lets go of its clients by itself.
inline constexpr Duration answer_interval = std::chrono::seconds(1);
inline constexpr int bursts_in_a_row = 3;
// A virtual router that announces one of our addresses may be the next MASTER, and another one than RFC 9568 §6.4.2 has
// it: its first advert comes an interval later (FRR on IPv6), and this late at most. Until then it is not contradicted:
// whoever must let go has nobody to take that back.
inline constexpr Duration first_advert_late = std::chrono::milliseconds(100);
// Who became MASTER so long ago, and a successor's time to take all addresses (linger_time), shares them with nobody:
// packets of the master before have arrived, and it has let go.
inline constexpr Duration settling_time = std::chrono::milliseconds(500);
// Between two questions to a witness: a quarter of the interval, within these bounds.
inline constexpr Duration shortest_question_pause = std::chrono::milliseconds(5);
inline constexpr Duration longest_question_pause = std::chrono::seconds(1);
// No configured or learned time is longer, so that no deadline overflows.
inline constexpr Duration longest_wait = std::chrono::years(20);
}  // namespace limits

// By so much later than the interval a MASTER sends whom nobody may be able to contradict (RouterParameters::
// makes_room). The timers of a stock keepalived are exact to a millisecond or two; the skew time of a BACKUP, which
// VRRPv2 counts in seconds whatever the interval, is spent by three of them from priority 244 on.
inline constexpr Duration room_for_the_unheard = std::chrono::milliseconds(16);
// Every MASTER that makes room does so with one advert of so many: of the three that a BACKUP waits for one is late.
inline constexpr unsigned adverts_between_rooms = 4;

// garp_* and their global vrrp_garp_* defaults (keepalived.conf(5)).
struct AnnouncementParameters {
  unsigned repeat = 5;                       // rounds on becoming MASTER
  Duration delay = std::chrono::seconds(5);  // then once more after this; 0: no second burst
  Duration refresh{};                        // and for ever every so often; 0: never
  unsigned refresh_repeat = 1;
  unsigned lower_priority_repeat = 5;  // when a lower master was heard
  Duration lower_priority_delay = std::chrono::seconds(5);

  bool operator==(const AnnouncementParameters&) const = default;
};

struct RouterParameters {
  Version version = Version::v2;
  std::uint8_t base_priority = spec::priority_default;  // 1..255
  Duration advert_interval = std::chrono::seconds(1);
  State wanted_state = State::backup;  // MASTER matters for the owner (255) alone
  Preempt preempt = Preempt::yes;
  Duration preempt_delay{};
  Duration startup_delay{};         // vrrp_startup_delay: timers count from its end, adverts are ignored meanwhile
  Instant earliest_start{};         // vrrp_delay_after_boot: the same; the later one counts
  unsigned down_timer_adverts = 3;  // 1..100
  bool lower_priority_no_advert = false;     // lower_prio_no_advert
  bool higher_priority_send_advert = false;  // higher_prio_send_advert
  bool make_before_break = true;             // docs/decisions/0003
  // Somebody else may be MASTER and be kept from saying so by our adverts: with AH, a stock keepalived whose counter is
  // ahead takes them for replays, and each starts its advert timer anew. Who became MASTER out of silence and has
  // heard nobody since leaves that timer the time to run out (room_for_the_unheard) with each advert. Every other
  // MASTER does with one of adverts_between_rooms: a machine that stood still together with its clocks does not know
  // that it has a successor.
  bool makes_room = false;
  // timer_expired_backup: a master that was not running until a backup with this priority must have taken over has
  // lost. nullopt: it goes on as long as a slow backup may still wait.
  std::optional<std::uint8_t> rival_priority{};
  bool needs_witness = false;  // `witness`: silence alone makes no MASTER, see AskWitness
  // before_announce: so long behind its first advert a new MASTER's addresses may come. Ours, and by a configuration
  // that is the same the successor's, for which a departure waits.
  Duration address_delay{};
  AnnouncementParameters announcements{};
  std::size_t addresses = 1;                // how many the successor has to add
  std::optional<IpAddress> last_address{};  // whose announcement comes last; nullopt: any will do
  bool in_sync_group = false;               // the group decides who becomes master; set by Node
};

// Why there is no master to be had from here. Several may hold at once; FAULT lasts until none does.
struct FaultCauses {
  bool link_down = false;
  bool no_source_address = false;
  bool tracked_down = false;
  bool configuration = false;
  bool sync_group = false;  // another member of the group has one of the above
  Reason reason() const;    // the one to name, when there is any
  bool any() const { return link_down || no_source_address || tracked_down || configuration || sync_group; }
  template <typename Self, typename Archive>
  static void members(Self& self, Archive& archive) {
    archive(self.link_down);
    archive(self.no_source_address);
    archive(self.tracked_down);
    archive(self.configuration);
    archive(self.sync_group);
  }
  bool operator==(const FaultCauses&) const = default;
};

// What a worker leaves to the one after it (docs/decisions/0002); plain data, kept in shared memory.
struct RouterMemory {
  State state = State::init;
  Reason reason = Reason::start;
  Instant since{};  // state entered
  Instant last_advert_sent{};
  Instant last_advert_accepted{};
  Instant listens_from{};  // the end of vrrp_startup_delay, vrrp_delay_after_boot
  Instant preempt_at{};    // the end of a preempt_delay that has begun; Instant(): none has
  IpAddress master{};
  std::uint8_t master_priority = 0;
  Duration master_interval{};
  std::uint8_t priority = 0;  // effective; 0: not known
  bool yielded = false;       // handed over, see VirtualRouter::handover
  bool unopposed = false;     // MASTER out of silence, nobody heard since
  bool keeps_pace = false;    // a planned change of process: the next advert comes when it is due, not at once
};

// RFC 9568 §6.1, RFC 3768 §6.1: the higher the priority, the shorter.
Duration skew_time(std::uint8_t priority, Version version, Duration interval);

class VirtualRouter {
 public:
  explicit VirtualRouter(RouterParameters parameters);

  // --- handle: what happened ---
  void start(Instant now, Actions& out);
  // As start, but MASTER at once: the other members of its sync group are.
  void join(Instant now, Actions& out);
  // Goes on where another process stopped: MASTER stays MASTER (adverts at once, or keeps pace), BACKUP keeps its
  // master-down deadline. Silent unless something changes: the process before has told the state. Without a running
  // state in it, a start.
  void resume(const RouterMemory& memory, Instant now, Actions& out);
  // Packets that wait in a socket are handed over before on_timeout: after a long sleep they say who is master.
  void on_advert(const Advert& advert, Instant now, Actions& out);
  void on_timeout(Instant now, Actions& out);  // early or repeated calls do nothing
  void on_faults(const FaultCauses& causes, Reason reason, Instant now, Actions& out);
  void on_source(const IpAddress& source);  // own address, for the tie-break
  // The sum of base and trackers changed; already clamped (effective_priority()).
  void on_priority(std::uint8_t priority, Instant now, Actions& out);
  // Another node announced one of our addresses (any ARP packet or NA that names it as the sender's); `stranger`: from
  // a MAC address that is none of ours.
  void on_announcement(const IpAddress& address, std::optional<MacAddress> stranger, Instant now, Actions& out);
  void on_witness(Instant now);
  void on_takeover_proven() { second_announcement_at_.reset(); }
  // One of our addresses was removed by somebody else. It is put back by the difference; this re-announces it.
  void on_address_restored(Instant now, Actions& out);

  // --- commands ---
  // Gives the address to a backup, goes on when there is none. Afterwards lower masters are accepted, as with
  // nopreempt, until this router has been master again or was started anew: else the address would come back.
  void handover(Instant now, Actions& out);
  void stop(Instant now, Actions& out);            // give it up within a bound; is_stopped() says when
  void set_preempt(Preempt preempt, Instant now);  // in place of the configured one
  // Maintenance: not MASTER from now on, whoever is silent; a MASTER leaves as at a stop. Before start() it counts
  // from the first state on.
  void hold(Instant now, Actions& out);
  void release(Instant now, Actions& out);      // as after a fault
  void forget_handover() { yielded_ = false; }  // it may preempt again
  // Sync group: be what the group is.
  void become_master(Reason reason, Instant now, Actions& out);
  void become_backup(Reason reason, Instant now, Actions& out);
  void ask_relief(Reason reason, Instant now, Actions& out);  // leave like a member that may yet stay
  void stay_with_group(Instant now, Actions& out);            // the member that it was leaving with stays
  void shorten_wait(Duration wait, Instant now);              // a goodbye was heard for the group
  void restart_wait(Instant now);  // vetoed by the group: there is no master, and a fresh master-down wait begins
  void repeat_announcements(Instant now, Actions& out);  // a lower master was heard, by this member or another

  // --- questions ---
  std::optional<Instant> next_timeout() const;
  bool holds_addresses() const { return state_ == State::master; }  // also while leaving
  bool is_leaving() const { return departure_.has_value(); }
  bool may_stay() const { return departure_ && departure_->may_stay(); }  // leaving, and stays without a successor
  bool is_serving() const { return state_ == State::master && !departure_; }
  bool is_stopped() const { return stopped_; }
  bool is_held() const { return held_; }
  // In a sync group: the master-down timer has expired and the group decides.
  bool wants_master() const { return wants_master_; }
  Reason wait_reason() const { return wait_reason_; }  // what the wait of a BACKUP is for: the reason of its takeover
  // The master-down time is over, and no witness has answered.
  bool waits_for_witness() const { return waits_for_witness_; }
  // One may answer still what it was asked since the master was heard last.
  bool asks_witness() const { return asked_witness_at_ && !witness_answered_; }
  State state() const { return state_; }
  Reason reason() const { return reason_; }
  Instant since() const { return since_; }                     // of the present state
  std::uint8_t priority() const { return priority_; }          // effective
  std::optional<IpAddress> master() const { return master_; }  // as far as we know; nullopt: we are, or nobody
  std::uint8_t master_priority() const { return master_priority_; }
  Duration master_interval() const { return master_interval_; }  // learned (VRRPv3), else own
  Duration skew_time() const;                                    // RFC 9568 §6.1, RFC 3768 §6.1
  Duration master_down_interval() const;
  Duration answer_interval() const;  // of bursts of announcements that lower masters ask for, in the long run
  FaultCauses faults() const { return faults_; }
  const RouterParameters& parameters() const { return parameters_; }
  RouterMemory memory() const;
  IpAddress source() const { return source_; }
  struct Timer {
    std::string_view name;  // "master-down"
    Instant at;
  };
  std::vector<Timer> timers() const;  // those that run, in no order

  // Everything but the parameters, for a node's snapshot; preempt is state as well.
  void save(CompactWriter& out) const;
  void restore(CompactReader& in);
  bool is_possible() const;  // after restore(): inputs could have led here

 private:
  template <typename Self, typename Archive>
  static void members(Self& self, Archive& archive);

  void resume_state(const RouterMemory& memory, Instant now, Actions& out);

  // What heard adverts mean, by state.
  void on_advert_as_backup(const Advert& advert, Instant now, Actions& out);
  void on_advert_as_master(const Advert& advert, Instant now, Actions& out);
  void on_advert_while_leaving(const Advert& advert, Instant now, Actions& out);
  void on_advert_in_maintenance(const Advert& advert, Instant now, Actions& out);
  void accept(const Advert& advert, Instant now);  // the sender is our master
  void learn_master(const Advert& advert, Actions& out);
  void remember_master(const RouterMemory& heard);
  bool preempts(Instant now);  // a lower master is heard: is it ours to replace?
  void yield_to(const Advert& advert, Instant now, Actions& out);
  void answer(Instant now, Actions& out);  // with an advert
  Instant earliest_answer() const;         // that the bound lets
  Instant earliest_burst() const;          // of announcements, likewise
  SendRate answer_rate() const;
  SendRate burst_rate() const;
  void burst(unsigned rounds, Instant now, Actions& out);
  void put_off_burst(Instant until);
  void announce_to_lower(const Advert& advert, Instant now, Actions& out);
  bool has_settled(Instant now) const;
  Duration successor_time() const;  // from its advert to the announcement of its last address
  void note_second_master(const Advert& advert, Instant now, Actions& out);

  // Witness (virtual_router_witness.cpp).
  std::optional<Instant> next_question() const;  // to the witness
  Duration question_lead() const;
  Duration question_pause() const;
  void ask_witness(Instant now, Actions& out);
  void forget_witness();
  void end_silence(Instant now, Actions& out);  // BACKUP, and nobody is MASTER

  // What deadlines mean, by state.
  void on_timeout_as_backup(Instant now, Actions& out);
  void on_timeout_as_master(Instant now, Actions& out);
  void on_timeout_while_leaving(Instant now, Actions& out);
  bool let_go_if_overslept(Instant now, Actions& out) {
    return let_go_if_overslept(now, parameters_.advert_interval, out);
  }
  bool let_go_if_overslept(Instant now, Duration interval, Actions& out);  // the interval by which backups wait
  Duration sleep_allowed(Duration interval) const;

  // Transitions.
  void change_state(State state, Reason reason, Instant now, Actions& out);
  void forget_master();
  void enter_master(Reason reason, Instant now, Actions& out);
  void enter_backup(Reason reason, Instant master_down_at, Instant now, Actions& out);
  void enter_fault(Reason reason, Instant now, Actions& out);
  void enter_init(Instant now, Actions& out);
  void leave_fault(Reason reason, Instant now, Actions& out);
  void leave(const Departure& departure, Instant now, Actions& out);
  void let_go(Instant now, Actions& out);
  void stay(Instant now, Actions& out);

  // What is sent.
  void send_advert(Instant now, Actions& out);
  void send_last_advert(const Advert& successor, Instant now, Actions& out);
  void say_goodbye(std::uint8_t priority, unsigned copies, Actions& out);
  void announce(unsigned rounds, Actions& out);
  void announce_again(Instant now, Actions& out);
  void begin_refresh(Instant from);
  void silence();

  bool is_owner() const { return parameters_.base_priority == spec::priority_owner; }
  bool starts_as_master() const { return is_owner() && parameters_.wanted_state == State::master; }
  bool is_above(const Advert& advert) const;  // the advert beats us (RFC 9568 §6.4.3)
  bool is_hasty() const;                      // goodbyes announce a shorter interval first
  Duration goodbye_patience() const;          // how long the slowest successor may take after a goodbye

  RouterParameters parameters_;
  State state_ = State::init;
  Reason reason_ = Reason::start;
  Instant since_{};
  std::uint8_t priority_;
  IpAddress source_;
  FaultCauses faults_;
  bool stopped_ = false;
  bool held_ = false;  // in maintenance

  // What is known of others.
  std::optional<IpAddress> master_;
  std::uint8_t master_priority_ = 0;
  Duration master_interval_;
  Instant last_advert_accepted_{};
  PeerMemory peers_;

  // BACKUP.
  Instant listens_from_{};  // end of vrrp_startup_delay
  std::optional<Instant> master_down_at_;
  Reason wait_reason_ = Reason::master_down;
  std::optional<Instant> preempt_at_;  // end of the preempt_delay that is running, or has run
  bool wants_master_ = false;
  bool yielded_ = false;                     // handed over: lower masters are accepted
  std::optional<Instant> asked_witness_at_;  // last, in this silence
  bool witness_answered_ = false;
  bool waits_for_witness_ = false;

  // MASTER.
  bool unopposed_ = false;  // out of silence, and nobody heard since
  std::uint8_t adverts_since_room_ = 0;
  Instant last_advert_sent_{};
  SendAllowance adverts_;
  std::optional<Instant> advert_at_;
  std::optional<Instant> second_announcement_at_;
  SendAllowance bursts_;                     // of announcements that others bring about
  std::optional<Instant> answer_at_;         // the next, when there were too many
  std::optional<Instant> second_answer_at_;  // second burst after a lower master was heard
  std::optional<Instant> refresh_at_;
  std::optional<Departure> departure_;
};

}  // namespace baton::vrrp
