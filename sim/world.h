// Machines, LANs, clients, one virtual clock, one seed. Router i of every machine is on LAN i, where a client and a
// gateway ask for its address. A machine is a core, its guardian, its runner, its kernel and its clock. The world
// carries out what the cores want and keeps watch over them:
//   - no deadline lies in the past once a timeout was handled;
//   - who is not MASTER holds no address, and its kernel answers for none a moment later;
//   - no member of a sync group serves while another is BACKUP;
//   - every transition is told, in a chain without gaps, and each script is started for each of them in their order;
//   - a worker that hangs is noticed by its guardian;
//   - who needs a witness becomes MASTER out of silence only when one has answered;
//   - who is in maintenance serves nobody, or is on the way out;
//   - a line of the log is read or counted, and nobody waits for its reader;
//   - a worker that starves is not ended before its peers would miss it, and one that could not act for as long as they
//     wait lets go at once, also one that is resumed;
//   - who is told to stop has stopped before its guardian loses patience;
//   - nothing grows without bound.
// What must hold only when things are quiet is asked for by settled().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "daemon/unfinished.h"
#include "daemon/watch_policy.h"
#include "log/lost_lines.h"
#include "sim/brain.h"
#include "sim/clock.h"
#include "sim/journal.h"
#include "sim/lan.h"
#include "sim/random.h"
#include "sim/runner.h"
#include "vrrp/advert_codec.h"
#include "vrrp/node.h"
#include "vrrp/takeover_proof.h"

namespace baton::sim {

struct MachineParameters {
  bool stock = false;
  Conduct conduct = Conduct::keepalived;  // of a stock one
  vrrp::NodeParameters node;
  vrrp::AuthType authentication = vrrp::AuthType::none;  // while it speaks VRRPv2
  bool has_hmac = false;                                 // while it speaks VRRPv3
  bool proves_takeovers = false;                         // verified_takeover
  std::optional<TrackScript> script{};  // judges its check; without one a tracker is told at once what is so
  unsigned log_queue = 10;              // lines that wait for the log's reader, net.unix.max_dgram_qlen
};

// What tests break on purpose, to see that it is noticed.
struct Sabotage {
  bool kernel_keeps_addresses = false;
  bool runner_forgets = false;  // every other notification
  bool guardian_sleeps = false;
  bool gateway_is_deaf = false;
  bool reload_keeps_codec = false;  // it goes on with the version of before
  bool guardian_is_hasty = false;   // it takes one that starves for one that hangs
  bool log_forgets = false;         // what was lost
  bool log_waits = false;           // for its reader
  bool log_is_boundless = false;
};

struct Hooks {
  Witness witness{};
  // Puts something around each core of Baton.
  std::function<std::unique_ptr<Brain>(std::unique_ptr<Brain> brain)> wrap{};
  Sabotage sabotage{};
};

enum class Death : std::uint8_t {
  resumed,     // the worker died, and another goes on where it stopped
  reloaded,    // resumed, and of a group of two the second member is new: it has no memory
  said,        // the worker died, the guardian carries its last will out and starts another
  everything,  // nobody is left; the addresses stay until the next start
  power,       // the machine is gone
};

// A kernel answers for an address that is not held any more no longer than this.
inline constexpr Duration released_within = std::chrono::milliseconds(10);

// What the client of one LAN went through.
struct Service {
  Duration unserved{};  // in sum
  Duration longest{};   // without a break
  Duration shared{};    // two machines or more had the address
};

struct Counts {
  std::uint64_t events = 0;
  std::uint64_t adverts = 0;
  std::uint64_t rejected = 0;
  std::uint64_t transitions = 0;
  std::uint64_t unheard = 0;  // transitions while there was no runner
  Duration machine_time{};    // of all machines together
};

class World {
 public:
  World(std::vector<MachineParameters> machines, std::uint64_t seed, Hooks hooks = {});

  // --- what happens to machines ---
  void start(std::size_t machine);
  void stop(std::size_t machine);
  void handover(std::size_t machine);
  void maintain(std::size_t machine, vrrp::MaintenanceTold::Wish wish);  // kept over every death, as by its guardian
  void kill(std::size_t machine, Death death);
  void crash(std::size_t machine);           // its worker: what follows is its guardian's decision
  void crash_guardian(std::size_t machine);  // all goes with it, and the service manager starts it anew
  void crash_runner(std::size_t machine);
  void hang(std::size_t machine);                     // its worker alone
  void starve(std::size_t machine, Duration span);    // its worker gets no processor, and goes on by itself
  void set_paused(std::size_t machine, bool paused);  // all its processes; false also ends what else stands still
  void freeze(std::size_t machine);  // and its kernel and its clock, which do not know of it: a virtual machine
  void set_log_reader(std::size_t machine, Journal::Reader reader);
  void hang_scripts(std::size_t machine, bool track, bool notify);
  void step_clock(std::size_t machine, Duration by);  // of the day
  void set_clock_right(std::size_t machine);
  void set_drift(std::size_t machine, std::int32_t parts_in_a_million);
  void reload(std::size_t machine, const vrrp::NodeParameters& next);  // as many routers as before
  void migrate(std::size_t machine, vrrp::Version version);            // by a reload; a stock one is started anew
  void set_tracker(std::size_t machine, bool up);
  void set_link(std::size_t machine, vrrp::RouterId router, bool up);
  // --- what happens to LANs ---
  // At its switch port, on every LAN or on one.
  void cut(std::size_t machine, bool inbound, bool outbound, std::optional<vrrp::RouterId> only = std::nullopt);
  void heal();
  void set_quality(const Quality& quality);
  // --- time ---
  void run(Duration span);
  Instant now() const { return now_; }

  // --- questions ---
  std::size_t size() const { return machines_.size(); }
  std::size_t router_count() const { return lans_.size(); }
  const MachineParameters& parameters(std::size_t machine) const { return machines_[machine].parameters; }
  // After so long whatever is to be started again has been.
  Duration repair_time() const;
  bool is_running(std::size_t machine) const { return machines_[machine].brain && !machines_[machine].paused; }
  bool is_healthy(std::size_t machine) const;  // running, BACKUP or MASTER with every router
  bool is_leaving(std::size_t machine) const {
    return is_running(machine) && machines_[machine].brain->holds_addresses(0) &&
           !machines_[machine].brain->is_serving(0);
  }
  bool in_maintenance(std::size_t machine) const { return machines_[machine].in_maintenance; }
  vrrp::Version version(std::size_t machine) const { return parameters(machine).node.routers[0].router.version; }
  std::uint8_t priority(std::size_t machine) const { return machines_[machine].brain->priority(0); }
  vrrp::State state(std::size_t machine, vrrp::RouterId router) const;
  std::optional<std::size_t> holder(vrrp::RouterId router) const;  // the one machine that has the address
  // Empty, or what is wrong on this LAN though it has been quiet for long enough.
  std::string settled(vrrp::RouterId router) const;
  const Service& service(vrrp::RouterId router);
  void forget_service();
  const Counts& counts() const { return counts_; }
  const std::string& violation() const { return violation_; }
  Random& random() { return random_; }

  void record(bool on) { recording_ = on; }
  void note(const std::string& line);  // into the timeline, when it is recorded
  const std::deque<std::string>& timeline() const { return timeline_; }

 private:
  struct Machine {
    Machine(Instant now, std::size_t log_queue) : clock(now), journal(log_queue) {}

    MachineParameters parameters;
    std::vector<IpAddress> sources;
    std::vector<vrrp::AdvertCodec> codecs;
    std::unique_ptr<Brain> brain;
    std::vector<vrrp::State> told;
    bool in_maintenance = false;
    std::vector<std::uint8_t> noted;            // the priority last seen in the timeline
    std::deque<std::function<void()>> waiting;  // in the sockets of a paused machine
    Duration lateness{};                        // of its next wake-up
    unsigned life = 0;                          // an event for an earlier life is void
    Instant paused_at{};
    bool powered = true;
    bool stopping = false;
    bool paused = false;
    bool hung = false;     // paused, and the worker alone
    bool starved = false;  // hung, for want of a processor
    bool frozen = false;   // paused, and all of the machine
    bool tracker_up = true;
    Clock clock;
    Duration clock_step{};
    Instant touched{};  // its core may have got a deadline of before

    Journal journal;
    std::uint64_t log_writer = 0;  // its worker of now
    std::uint64_t log_lines = 0;   // that this one has written
    log::LostLines lost_lines;
    bool reads_soon = false;     // the slow reader
    bool waits_for_log = false;  // Sabotage::log_waits

    // The kernel.
    std::vector<bool> configured;                     // it has the address
    std::vector<std::optional<Instant>> released_at;  // it has, and the core does not hold it
    std::vector<bool> kernel_works;                   // on that
    std::vector<bool> links_up;
    std::vector<vrrp::TakeoverProof> proofs;
    std::vector<unsigned> owed_rounds;  // of announcements, when neighbours do not answer

    std::vector<std::optional<Instant>> witnessed_at;  // by its clock: the last answer of its witness

    // The guardian.
    unsigned reign = 0;  // an event for an earlier guardian is void
    daemon::RestartPolicy policy;
    daemon::HangDetector detector;
    daemon::BackOff runner_back_off;
    std::optional<Instant> runner_returns{};

    std::unique_ptr<Runner> runner;
    std::optional<bool> told_verdict;
    bool track_hangs = false;
    bool notify_hangs = false;
    std::vector<std::uint64_t> notified;  // transitions of each router, in all its lives
    std::vector<std::uint64_t> unheard;   // as many that its runner need not know of
    daemon::Unfinished unfinished;        // the worker's
  };
  struct Event {
    Instant at;
    std::uint64_t number;  // ties happen in the order they were made
    std::function<void()> happen;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
  };
  // One that has a router's address in its ARP cache: the client, or the gateway.
  struct Client {
    vrrp::RouterId router = 0;
    std::size_t endpoint = 0;
    Duration resolved_after{};  // without an answer for so long it asks everybody
    bool hears_announcements = true;
    std::optional<std::size_t> asks;  // its ARP cache
    std::optional<Instant> unserved_since;
    Instant looked{};
    bool shared = false;
    Service service;
  };

  void schedule(Duration after, std::function<void()> happen);
  bool step(Instant end);
  template <typename Call>
  void call(std::size_t machine, Call&& call) {
    vrrp::NodeActions out;
    call(*machines_[machine].brain, out);
    machines_[machine].touched = now_;
    carry_out(machine, out);
  }
  void carry_out(std::size_t machine, const vrrp::NodeActions& actions);
  void carry_out(std::size_t machine, vrrp::RouterId router, const vrrp::Action& action);
  void bring_kernel_to(std::size_t machine);
  void send_advert(std::size_t machine, vrrp::RouterId router, const vrrp::SendAdvert& advert);
  void announce(std::size_t machine, vrrp::RouterId router, unsigned rounds);
  enum class Kept : std::uint8_t { packet, state };  // of the latter no one is lost
  void receive(std::size_t machine, Kept kept, std::function<void()> handle);
  void hear(std::size_t machine, vrrp::RouterId router, ByteView packet);
  // --- a machine's own affairs ---
  Instant clock(std::size_t machine) const { return machines_[machine].clock.read(now_); }
  WallTime wall(std::size_t machine) const;
  void last_will(std::size_t machine);
  void begin_life(std::size_t machine);
  void begin_worker(std::size_t machine);
  void make_codecs(std::size_t machine);  // as it is configured now, with what the ones before remember
  void start_afresh(std::size_t machine);
  void end_reign(std::size_t machine);
  void die(std::size_t machine, Death death, Duration back_off);
  void resume(std::size_t machine, const std::vector<std::optional<vrrp::RouterMemory>>& memory);
  std::unique_ptr<Brain> dressed(std::unique_ptr<Brain> brain) const;
  void look_after(std::size_t machine);
  void stand_still(std::size_t machine, Duration noticed_within);  // the worker, before its guardian's eyes
  Duration starved_bound(std::size_t machine) const;
  void awake(Machine& machine);
  void start_runner(std::size_t machine);
  void look_after_runner(std::size_t machine);
  void check_released(std::size_t machine, vrrp::RouterId router);
  void let_kernel_work(std::size_t machine, vrrp::RouterId router, unsigned life);
  void tell_verdict(std::size_t machine);
  void tell_tracker(std::size_t machine, std::optional<bool> up);
  void notify(std::size_t machine, vrrp::RouterId router);
  void begin_log(std::size_t machine);
  void write_line(std::size_t machine);
  void read_log_slowly(std::size_t machine);
  // --- announcements and who hears them ---
  void send_announcements(std::size_t machine, vrrp::RouterId router, unsigned rounds);
  void prove_takeover(std::size_t machine, vrrp::RouterId router, unsigned life);
  void ask_neighbour(std::size_t machine, vrrp::RouterId router, const vrrp::TakeoverProof::Question& question);
  void ask_witness(std::size_t machine, vrrp::RouterId router);
  void check_witness(std::size_t machine, vrrp::RouterId router);
  void hear_answer(std::size_t machine, vrrp::RouterId router, const vrrp::TakeoverProof::Question& question);
  Client& client(vrrp::RouterId router) { return clients_[router * neighbours]; }
  void look();
  bool is_served(const Client& client) const;
  void resolve(std::size_t client, Instant since);
  std::string check_neighbours(vrrp::RouterId router, std::size_t holder) const;
  std::string check_notified() const;
  std::string check_logs() const;
  void check_late(std::size_t machine, Instant deadline);
  // How a router was when its worker ceased to act.
  struct Asleep {
    bool held = false;
    bool served = false;
    Duration interval{};
  };
  std::vector<Asleep> asleep(std::size_t machine) const;
  void check_awake(std::size_t machine, const std::vector<Asleep>& before, Duration slept);
  void check(std::size_t machine, Instant handled_timeout);
  void violate(const std::string& what);

  static constexpr std::size_t neighbours = 2;  // on each LAN: a client, and a gateway

  Random random_;
  Hooks hooks_;
  Instant now_{std::chrono::seconds(1'000'000)};
  std::vector<Machine> machines_;
  std::vector<Lan> lans_;
  std::vector<Client> clients_;  // `neighbours` of each router
  std::priority_queue<Event> events_;
  std::uint64_t event_number_ = 0;
  Counts counts_;
  std::string violation_;
  bool recording_ = false;
  std::deque<std::string> timeline_;
};

}  // namespace baton::sim
