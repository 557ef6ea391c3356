// Machines, LANs, clients, one virtual clock, one seed. Router i of every machine is on LAN i, where a client asks for
// its address. The world carries out what the cores want and keeps watch over them:
//   - no deadline lies in the past once a timeout was handled;
//   - who is not MASTER holds no address, and the kernel has no address that its core does not hold;
//   - no member of a sync group serves while another is BACKUP;
//   - every transition is told, in a chain without gaps;
//   - who is in maintenance serves nobody, or is on the way out;
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

#include "sim/brain.h"
#include "sim/lan.h"
#include "sim/random.h"
#include "vrrp/advert_codec.h"
#include "vrrp/node.h"

namespace baton::sim {

struct MachineParameters {
  bool stock = false;
  Conduct conduct = Conduct::keepalived;  // of a stock one
  vrrp::NodeParameters node;
  vrrp::AuthType authentication = vrrp::AuthType::none;  // VRRPv2
};

enum class Death : std::uint8_t {
  resumed,     // the worker died, and another goes on where it stopped
  reloaded,    // resumed, and of a group of two the second member is new: it has no memory
  said,        // the worker died, the guardian carries its last will out and starts another
  everything,  // nobody is left; the addresses stay until the next start
  power,       // the machine is gone
};

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
};

class World {
 public:
  World(std::vector<MachineParameters> machines, std::uint64_t seed, Witness witness = {});

  // --- what happens to machines ---
  void start(std::size_t machine);
  void stop(std::size_t machine);
  void handover(std::size_t machine);
  void maintain(std::size_t machine, vrrp::MaintenanceTold::Wish wish);  // kept over every death, as by its guardian
  void kill(std::size_t machine, Death death);
  void set_paused(std::size_t machine, bool paused);
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
  bool is_running(std::size_t machine) const { return machines_[machine].brain && !machines_[machine].paused; }
  bool is_healthy(std::size_t machine) const;  // running, BACKUP or MASTER with every router
  bool is_leaving(std::size_t machine) const {
    return is_running(machine) && machines_[machine].brain->holds_addresses(0) &&
           !machines_[machine].brain->is_serving(0);
  }
  bool in_maintenance(std::size_t machine) const { return machines_[machine].in_maintenance; }
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
    MachineParameters parameters;
    std::vector<IpAddress> sources;
    std::vector<vrrp::AdvertCodec> codecs;
    std::unique_ptr<Brain> brain;
    std::vector<vrrp::State> told;
    bool in_maintenance = false;
    std::vector<bool> configured;  // the kernel has the address
    std::vector<bool> links_up;
    std::vector<std::uint8_t> noted;            // the priority last seen in the timeline
    std::deque<std::function<void()>> waiting;  // in the sockets of a paused machine
    Duration lateness{};                        // of its next wake-up
    unsigned life = 0;                          // an event for an earlier life is void
    Instant paused_at{};
    bool powered = true;
    bool paused = false;
    bool tracker_up = true;
  };
  struct Event {
    Instant at;
    std::uint64_t number;  // ties happen in the order they were made
    std::function<void()> happen;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
  };
  struct Client {
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
    carry_out(machine, out);
  }
  void carry_out(std::size_t machine, const vrrp::NodeActions& actions);
  void carry_out(std::size_t machine, vrrp::RouterId router, const vrrp::Action& action);
  void bring_kernel_to(std::size_t machine);
  void send_advert(std::size_t machine, vrrp::RouterId router, const vrrp::SendAdvert& advert);
  void announce(std::size_t machine, vrrp::RouterId router, unsigned rounds);
  void receive(std::size_t machine, std::function<void()> handle);
  void hear(std::size_t machine, vrrp::RouterId router, ByteView packet);
  void last_will(std::size_t machine);
  void begin_life(std::size_t machine);
  void look();
  bool is_served(vrrp::RouterId router) const;
  void resolve(vrrp::RouterId router, Instant since);
  void check_awake(std::size_t machine, vrrp::RouterId router, Duration slept, bool held);
  void check(std::size_t machine, Instant handled_timeout);
  void violate(const std::string& what);

  Random random_;
  Witness witness_;
  Instant now_{std::chrono::seconds(1'000'000)};
  std::vector<Machine> machines_;
  std::vector<Lan> lans_;
  std::vector<Client> clients_;
  std::priority_queue<Event> events_;
  std::uint64_t event_number_ = 0;
  Counts counts_;
  std::string violation_;
  bool recording_ = false;
  std::deque<std::string> timeline_;
};

}  // namespace baton::sim
