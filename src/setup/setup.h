// The configuration's model turned into what each part of the daemon needs: parameters of the cores, commands of the
// runner. The one place where a keyword's value becomes a behaviour, for the daemon and for `baton plan` alike. PURE:
// of the kernel and of processes it knows the values alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "kernel/link_request.h"
#include "notify/event.h"
#include "notify/webhook.h"
#include "process/runner_protocol.h"
#include "vrrp/advert_codec.h"
#include "vrrp/node.h"

namespace baton::setup {

// What runs, and is waited for, before the addresses of a new MASTER come and before a MASTER goes on purpose: of an
// instance or a sync group (docs/decisions/0029). Commands of one list run one after the other.
struct HookSetup {
  notify::Subject subject = notify::Subject::instance;
  std::string name;
  std::string key;                      // process::Notify::key: one of them runs at a time
  std::vector<vrrp::RouterId> members;  // never none
  std::vector<notify::Command> before_announce;
  std::vector<notify::Command> after_announce;  // this and the rest nobody waits for
  std::vector<notify::Command> before_release;
  std::vector<notify::Command> after_release;  // MASTER no more
  std::vector<notify::Command> at_start;       // BACKUP at the start
  Duration timeout{};                          // of the whole list that is waited for
};

// A vrrp_instance beyond what vrrp::Node knows of it (NodeParameters::routers, same index).
struct RouterSetup {
  std::string name;
  std::string interface;                       // empty: unicast by routing, no interface of its own
  std::string advert_interface;                // adverts leave and come there: the same, its macvlan, a VRF
  std::string source_interface;                // whose address they bear
  std::optional<IpAddress> configured_source;  // mcast_src_ip, unicast_src_ip
  bool tracks_source = false;                  // FAULT while this machine has no such address
  // An address that the kernel still looks for duplicates of will do: the search ends before this router could be
  // MASTER and send from it.
  bool outlasts_duplicate_search = false;
  bool lacks_peers = false;  // FAULT for good: unicast_fault_no_peer
  vrrp::CodecParameters codec;
  std::vector<config::VirtualAddress> addresses;  // virtual_ipaddress, then excluded; `device` filled in
  std::vector<config::ConfiguredRoute> routes;    // virtual_routes
  std::vector<config::ConfiguredRule> rules;      // virtual_rules
  bool promote_secondaries = false;               // on its interface
  notify::Hooks hooks;
  bool notify_priority_changes = false;
  bool compares_address_lists = true;  // not with skip_check_adv_addr: what is unlike ours is nobody's business then
  bool accept = true;                  // packets to its addresses are for this machine
  bool strict = false;                 // strict_mode, to be shown: what follows from it is in the other parameters
  config::ExtraAnnouncements extra_announcements;
  bool proves_takeover = true;             // neighbours are asked whether they know where its addresses are
  bool spares_bursts = false;              // ... and when they do, announcements that the user did not ask for stay out
  std::vector<IpAddress> witnesses;        // asked through `interface`; empty: silence alone makes a MASTER
  std::vector<std::size_t> awaited_hooks;  // Setup::hooks: its own, and its group's
  std::vector<std::size_t> virtual_interfaces;  // Setup::virtual_interfaces that it needs
  bool has_own_interface = false;               // use_vmac, use_ipvlan: the first of them
};

// An interface that routers need and the worker makes: use_vmac, use_ipvlan.
struct VirtualInterfaceSetup {
  std::string base;                 // the interface it stands on
  kernel::StackedInterface wanted;  // its base_index and master are looked up when it is made
  std::string prefix;               // of other names, where `wanted.name` is somebody else's
  std::uint8_t vrid = 0;
  Family family = Family::ipv4;
  bool is_named = false;            // by the user
  std::optional<IpPrefix> address;  // ipvlan: its own
  bool carries_v6 = false;
  bool copies_link_local = false;  // IPv6 adverts leave from it with the base's address
};

// A vrrp_sync_group beyond what vrrp::Node knows of it (NodeParameters::groups, same index).
struct GroupSetup {
  std::string name;
  notify::Hooks hooks;
};

// Routes and rules of a configuration that another one has replaced.
struct RoutingLeftovers {
  std::vector<Route> routes;
  std::vector<Rule> rules;
};

// Of the worker.
struct Scheduling {
  std::optional<int> nice;                          // vrrp_priority
  std::optional<int> real_time_priority;            // vrrp_rt_priority
  std::vector<unsigned> processors;                 // vrrp_cpu_affinity; empty: all
  std::optional<std::uint64_t> real_time_limit_us;  // vrrp_rlimit_rttime
};

// A vrrp_check. The checker role runs it and tells the worker (docs/decisions/0037).
struct CheckSetup {
  vrrp::TrackerId id = 0;
  std::string name;
  Duration interval{};
  Duration timeout{};
  std::uint32_t rise = 1;
  std::uint32_t fall = 1;
  bool init_fail = false;
};

// A bfd_instance that is tracked. The BFD role tells the worker (docs/decisions/0040).
struct SessionSetup {
  vrrp::TrackerId id = 0;
  std::string name;
};

// startup_script, shutdown_script.
struct OnceScript {
  notify::Command command;  // no argv: none
  Duration timeout{};
};

struct Setup {
  config::Configuration configuration;  // what all of this was made of
  std::string router_id;
  vrrp::NodeParameters node;
  std::vector<RouterSetup> routers;
  std::vector<GroupSetup> groups;
  std::vector<HookSetup> hooks;
  std::vector<config::VirtualAddress> static_addresses;
  std::vector<config::ConfiguredRoute> static_routes;
  std::vector<config::ConfiguredRule> static_rules;
  std::map<std::string, std::vector<vrrp::RouterId>> track_groups;  // who cannot do without which static entries
  process::ScriptRules script_rules;
  std::vector<process::TrackScript> scripts;       // id = TrackerId in NodeParameters::trackers
  std::vector<process::TrackedProcess> processes;  // likewise
  std::vector<process::TrackedFile> files;         // likewise
  std::vector<CheckSetup> checks;                  // likewise; in the order of Configuration::checks
  std::vector<SessionSetup> sessions;              // likewise; those that are tracked
  std::uint32_t file_mask = 0177;                  // umask
  std::vector<process::Fifo> fifos;
  notify::MailSettings mail;
  std::optional<notify::MailServer> mail_server;
  bool mail_on_fault = true;
  std::vector<notify::Webhook> webhooks;
  std::vector<VirtualInterfaceSetup> virtual_interfaces;
  config::Firewall firewall;
  config::Dumps dumps;
  config::ReloadTimes reload_times;
  bool log_unknown_vrids = false;
  Duration garp_interval{};  // vrrp_garp_interval, on one interface that is in no announcement group
  Duration gna_interval{};   // vrrp_gna_interval
  std::vector<config::AnnouncementGroup> announcement_groups;
  std::vector<config::LinkDelay> link_delays;
  std::vector<config::PolledLink> polled_links;
  Scheduling scheduling;
  Scheduling bfd_scheduling;
  OnceScript startup_script;
  OnceScript shutdown_script;
  Duration stop_bound = std::chrono::seconds(5);  // child_wait_time
  bool repeats_states = false;                    // fifo_write_vrrp_states_on_reload
  std::vector<std::string> problems;              // why this cannot be started, one sentence each; usually none
  std::vector<std::string>
      not_carried_out;  // parts of the file that Baton reads and does not do yet, one sentence each
};

Setup make_setup(config::Configuration configuration);

// Every route and rule of a setup, static ones too.
RoutingLeftovers routing_of(const Setup& setup);

}  // namespace baton::setup
