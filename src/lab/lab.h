// A lab: the user's servers on switches, a client that asks all the time, observers, and faults to inject.
//
//      client ── every LAN: ping of each virtual address each millisecond, the page each ten
//        │
//   ═════╪══════ switch (a bridge; one a LAN) ═══════
//        │                 │                  │  ← tap on the port: every VRRP advert, with the kernel's time
//      web1              web2                ...  ← monitor: every address that comes and goes
//     batond or keepalived, nginx; namespaces of their own
//
// Must live in a sandbox (run_in_sandbox): its switches are in the network namespace of its maker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sys_error.h"
#include "lab/advert_log.h"
#include "lab/answers.h"
#include "lab/bad_wire.h"
#include "lab/machine.h"
#include "lab/ownership.h"
#include "lab/page_client.h"
#include "lab/ping_probe.h"
#include "lab/process_tree.h"
#include "lab/reactor.h"
#include "lab/topology.h"

namespace baton::lab {

enum class Daemon : std::uint8_t { batond, keepalived };
std::string_view name(Daemon daemon);

struct NodeSetup {
  Daemon daemon = Daemon::batond;
  std::string config_path;                  // the user's file ...
  std::string config_text;                  // ... or, when not empty, a file made for the occasion
  std::vector<std::string> copied_files{};  // of the configuration, where the machine would not see them (/run, /dev)
  bool has_web = true;
  bool assume_healthy = false;  // its check scripts are replaced by one that succeeds
  bool log_to_syslog = false;   // instead of standard error: the machine's /dev/log, see Lab::hang_syslog
};

// What is worth telling, as it happens.
struct Event {
  enum class Kind : std::uint8_t { action, address, advert, page, log };
  Instant at;
  std::optional<NodeId> node;  // nullopt: the client, or the lab itself
  Kind kind = Kind::action;
  std::string text;
};

struct LabOptions {
  std::vector<NodeSetup> nodes;  // one for each of the topology
  Duration probe_interval = std::chrono::milliseconds(1);
  Duration page_interval = std::chrono::milliseconds(10);
  std::string batond;                       // path of the program
  std::vector<std::string> batond_options;  // beyond those that the lab needs
  std::function<void(const Event&)> on_event = [](const Event&) {};
};

class Lab {
 public:
  static SysResult<std::unique_ptr<Lab>> open(Topology topology, LabOptions options);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  // --- time passes ---
  bool wait_until(const std::function<bool()>& condition, Duration bound);  // false: the bound came first
  void run_for(Duration time);
  void every(Duration period, std::function<void()> work);

  // --- what a person could do to a server ---
  SysResult<void> start_web(NodeId node);
  SysResult<void> stop_web(NodeId node);
  SysResult<void> start_daemon(NodeId node);
  // To the daemon's processes as they are now. SIGKILL of everything first stops all of it, so that none outlives
  // another long enough to act on its death.
  SysResult<void> signal_daemon(NodeId node, Role role, int signal);
  SysResult<void> set_link(NodeId node, const std::string& interface, bool up);        // in the machine
  SysResult<void> set_carrier(NodeId node, const std::string& interface, bool up);     // the cable, at the switch
  SysResult<void> set_forwarding(NodeId node, const std::string& interface, bool on);  // the switch port; carrier stays
  // A wire that loses, delays or doubles frames, until it is mended.
  SysResult<void> spoil_wire(NodeId node, const std::string& interface, const WireQuality& quality);
  void mend_wire(NodeId node, const std::string& interface);
  // The interface itself, which goes and comes with its cable and its addresses, as a card or a VLAN does.
  SysResult<void> remove_interface(NodeId node, const std::string& interface);
  SysResult<void> add_interface(NodeId node, const std::string& interface);
  SysResult<void> power_off(NodeId node);
  SysResult<void> power_on(NodeId node);  // machine, web server and daemon
  SysResult<void> remove_address(NodeId node, const IpAddress& address);
  SysResult<void> hand_over(NodeId node, const std::string& instance);  // batond
  SysResult<void> clean_up(NodeId node);                                // batond: what the unit's ExecStopPost does
  // From now on there is a /dev/log, its queue is full, and nobody reads: a writer that waits, waits for ever.
  SysResult<void> hang_syslog(NodeId node);
  // Anything else, as a child of the machine's init; it ends with the machine at the latest.
  SysResult<void> start_program(NodeId node, const std::vector<std::string>& arguments);

  // The node's fatal checks that do not succeed now, by their names; each is run once.
  std::vector<std::string> failing_checks(NodeId node);

  // --- what is to be seen ---
  const Topology& topology() const { return topology_; }
  const NodePlan& plan(NodeId node) const { return topology_.nodes[node]; }
  Daemon daemon(NodeId node) const { return options_.nodes[node].daemon; }
  bool is_on(NodeId node) const { return nodes_[node].machine.has_value(); }
  bool daemon_runs(NodeId node) const;
  std::vector<ProcessInfo> daemon_processes(NodeId node) const;
  const Machine& machine(NodeId node) const { return *nodes_[node].machine; }
  // How many addresses a node has, own and virtual, and since when so many.
  struct AddressCount {
    std::size_t held = 0;
    Instant last_change;
  };
  const AddressCount& address_count(NodeId node) const { return nodes_[node].count; }
  const Ownership& ownership() const { return ownership_; }
  // All virtual and own addresses a node has now, straight from its kernel.
  SysResult<std::vector<HeldAddress>> addresses(NodeId node);
  const std::vector<AdvertRecord>& adverts() const { return adverts_; }
  const Answers& pings(TargetId target) const { return ping_->answers(target); }
  const Answers* pages() const { return page_ ? &page_->answers() : nullptr; }  // through target 0
  const std::vector<Event>& events() const { return events_; }
  void tell(std::optional<NodeId> node, Event::Kind kind, std::string text, Instant at);

  // For clients and strangers of one's own; they end before the lab.
  Reactor& reactor() { return reactor_; }
  const NetNamespace& client_network() const { return client_->network(); }

 private:
  struct Tap {  // on a switch port
    std::unique_ptr<PacketTap> tap;
    Reactor::Token watch = 0;
  };
  struct Node {
    std::optional<Machine> machine;
    std::optional<AddressMonitor> monitor;
    Reactor::Token monitor_watch = 0;
    std::map<std::size_t, Tap> taps;  // by interface
    std::map<std::size_t, std::unique_ptr<BadWire>> bad_wires;
    AddressCount count;
    pid_t daemon = 0;
    UniqueFd syslog;
    std::map<std::uint8_t, int> told_priority;  // by VRID
  };
  struct Output {
    NodeId node = 0;
    UniqueFd fd;
    Reactor::Token watch = 0;
    std::string unfinished{};
  };

  Lab(Topology topology, LabOptions options);
  SysResult<void> build();
  SysResult<void> build_client();
  SysResult<void> build_machine(NodeId node);
  SysResult<void> plug_in(NodeId node, std::size_t interface);
  SysResult<void> observe(NodeId node);
  SysResult<void> open_tap(NodeId node, std::size_t interface);
  void close_tap(NodeId node, std::size_t interface);
  SysResult<void> copy_files(NodeId node);
  SysResult<void> replace_checks(NodeId node);
  // Runs it in the machine; nullopt: it did not end in time.
  SysResult<std::optional<int>> exit_code_of(NodeId node, const std::vector<std::string>& arguments, Duration bound);
  void unplug(NodeId node);
  void follow(NodeId node, Program program);
  void on_output(Output& output);
  void on_addresses(NodeId node);
  void on_advert(NodeId node, const SeenAdvert& advert, Instant at);
  bool web_runs(NodeId node) const;
  std::string config_path(NodeId node) const;  // as the machine sees it
  std::vector<std::string> daemon_command(NodeId node) const;
  std::size_t interface_index(NodeId node, const std::string& interface) const;
  std::optional<NodeId> node_of(const MacAddress& mac) const;

  Topology topology_;
  LabOptions options_;
  Reactor reactor_;
  std::optional<RouteSocket> switches_;
  std::optional<Machine> client_;
  std::vector<Node> nodes_;
  std::map<std::uint64_t, std::unique_ptr<Output>> outputs_;
  Ownership ownership_;
  std::vector<AdvertRecord> adverts_;
  std::vector<Event> events_;
  std::unique_ptr<PingProbe> ping_;
  std::unique_ptr<PageClient> page_;
};

namespace limits {

inline constexpr std::size_t events = 200'000;  // kept in memory
inline constexpr std::size_t adverts = 2'000'000;
inline constexpr Duration web_bound = std::chrono::seconds(15);
inline constexpr Duration check_bound = std::chrono::seconds(5);  // of a script, whatever its timeout

}  // namespace limits

}  // namespace baton::lab
