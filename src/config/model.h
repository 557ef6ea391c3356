// What a configuration says, once everything has been read, defaulted and repaired: plain values, no text to interpret
// any more. Every default is the one keepalived has (docs/configuration.md), also those that one setting derives from
// another. Two models compare equal when they mean the same; where things were written does not count, so that a
// reload is the difference of two models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/rarely.h"
#include "base/route.h"
#include "base/time.h"
#include "config/bfd_session.h"
#include "config/command.h"
#include "config/health_check.h"
#include "config/secret.h"
#include "config/source_place.h"
#include "config/virtual_server.h"

namespace baton::config {

// One object as one router or sync group tracks it.
struct Tracking {
  std::string name;      // of the script, file or process; an interface name in track_interface
  int weight = 0;        // 0: failure means FAULT; else -253..253 (files and processes -254..254)
  bool reverse = false;  // the weight counts the other way round; with weight 0, success means FAULT
  Place place;

  bool operator==(const Tracking&) const = default;
};

// What a router or a sync group follows.
struct Trackers {
  std::vector<Tracking> interfaces;
  std::vector<Tracking> scripts;    // every name is one of Configuration::scripts
  std::vector<Tracking> files;      // every name is one of Configuration::files
  std::vector<Tracking> processes;  // every name is one of Configuration::processes
  std::vector<Tracking> checks;     // every name is one of Configuration::checks
  std::vector<Tracking> sessions;   // every name is one of Configuration::bfd_sessions

  bool operator==(const Trackers&) const = default;
};

// vrrp_script.
struct Script {
  std::string name;
  Command command;                              // its account is `user`
  Duration interval = std::chrono::seconds(1);  // above 0
  Duration timeout = std::chrono::seconds(1);   // above 0; the interval when not given
  int weight = 0;                               // default for those that track it, -253..253
  bool reverse = false;
  unsigned rise = 1;       // successes in a row until it is up, at least 1
  unsigned fall = 1;       // failures in a row until it is down, at least 1
  bool init_fail = false;  // counts as failed until its first result
  bool can_run = true;     // false: no such program or user; read, but neither tracked nor run
  Place place;

  bool operator==(const Script&) const = default;
};

// vrrp_check, Baton's own: a health check that is tracked as a script is (docs/decisions/0037). Its rise and init_fail
// are the check's `rise` and `alpha`, its fall is one more than `retry`, and its interval is `delay_loop`.
struct TrackedCheck {
  std::string name;
  HealthCheck check;
  int weight = 0;  // default for those that track it, -253..253
  bool reverse = false;
  Place place;

  bool operator==(const TrackedCheck&) const = default;
};

// track_file (vrrp_track_file): a number in a file.
struct TrackedFile {
  std::string name;
  std::string path;
  int weight = 1;  // default for those that track it, -254..254; the number is multiplied by it
  bool reverse = false;
  std::optional<int> init_value;  // init_file: create the file with this number at start
  bool init_overwrite = false;    // also when it exists
  Place place;

  bool operator==(const TrackedFile&) const = default;
};

enum class ParameterMatch : std::uint8_t { ignore, exact, initial, partial, none };

// vrrp_track_process: a process by its name.
struct TrackedProcess {
  std::string name;
  std::string process;                 // its comm (15 bytes), or the first word of its command line with full_command
  std::vector<std::string> arguments;  // with full_command
  ParameterMatch match = ParameterMatch::ignore;
  bool full_command = false;
  int weight = 0;  // -254..254
  bool reverse = false;
  unsigned quorum = 1;                 // at least this many must run
  std::optional<unsigned> quorum_max;  // and not more than this
  Duration fork_delay{};               // wait before a new process counts
  Duration terminate_delay{};          // wait before a gone one counts
  Place place;

  bool operator==(const TrackedProcess&) const = default;
};

// notify*, of an instance or a group.
struct Notifications {
  Rarely<Command> any;  // notify: gets INSTANCE|GROUP NAME STATE PRIORITY appended
  Rarely<Command> master;
  Rarely<Command> backup;
  Rarely<Command> fault;
  Rarely<Command> stop;
  Rarely<Command> deleted;               // instances only
  Rarely<Command> master_hears_lower;    // notify_master_rx_lower_pri, instances only
  bool report_deleted = false;           // notify_deleted: DELETED instead of FAULT when a reload drops it
  std::optional<bool> priority_changes;  // notify_priority_changes, to the FIFOs; a value once all has been read:
                                         // the instance's, its group's, that of global_defs

  bool operator==(const Notifications&) const = default;
};

// Scripts that are waited for, of an instance or a group (docs/decisions/0029). Baton's own.
struct AwaitedHooks {
  Rarely<Command> before_announce;             // the addresses of a new MASTER wait for its end,
  Rarely<Command> before_release;              // a MASTER that leaves on purpose waits for this one,
  Duration timeout = std::chrono::seconds(1);  // hook_timeout: but no longer; 0.01 s to 10 s
  Rarely<std::string> conntrackd;              // conntrackd_sync: its configuration file; empty: the one it knows

  bool operator==(const AwaitedHooks&) const = default;
};

struct SyncGroup {
  std::string name;
  std::vector<std::string> members;  // every name is one of Configuration::instances; no instance is in two groups
  Trackers trackers;
  Notifications notifications;
  AwaitedHooks awaited;
  bool smtp_alert = false;
  bool tracking_weight = false;  // sync_group_tracking_weight
  Place place;

  bool operator==(const SyncGroup&) const = default;
};

// A line of virtual_ipaddress, virtual_ipaddress_excluded or static_ipaddress.
struct VirtualAddress {
  IpPrefix address;                    // /32, /128 when no length was given
  std::string device;                  // `dev`, else the instance's interface
  std::string label;                   // IPv4, at most 15 bytes
  std::uint8_t scope = 0;              // rtnetlink(7): 0 global, 200 site, 253 link, 254 host, 255 nowhere; IPv4
  std::optional<IpAddress> broadcast;  // IPv4; `brd +` and `brd -` are worked out
  std::optional<IpAddress> peer;       // point-to-point
  bool detect_duplicates = false;      // IPv6: -nodad
  bool home = false;                   // IPv6
  bool manage_temporary = false;       // mngtmpaddr, IPv6
  bool no_prefix_route = false;        // noprefixroute
  bool auto_join = false;              // autojoin
  bool track = true;                   // no_track: nobody minds when it is removed
  bool use_vmac = false;               // on a macvlan of its own on `device`
  std::optional<std::uint32_t> preferred_seconds;  // preferred_lft; nullopt: for ever; 0 for an IPv6 /128
  std::string track_group;                         // static ones: who needs it
  Place place;

  bool operator==(const VirtualAddress&) const = default;
};

// A line of virtual_routes or static_routes.
struct ConfiguredRoute {
  Route route;
  bool track = true;        // no_track: nobody minds when its interface fails
  std::string track_group;  // static ones: who needs it; one of Configuration::track_groups
  Place place;

  bool operator==(const ConfiguredRoute&) const = default;
};

// A line of virtual_rules or static_rules.
struct ConfiguredRule {
  Rule rule;
  bool track = true;
  std::string track_group;
  Place place;

  bool operator==(const ConfiguredRule&) const = default;
};

// track_group: instances that cannot do without the static entries that name it.
struct TrackGroup {
  std::string name;
  std::vector<std::string> members;  // every name is one of Configuration::instances
  Place place;

  bool operator==(const TrackGroup&) const = default;
};

// A line of interface_up_down_delays: the link counts as down, or up, when it has been so for so long.
struct LinkDelay {
  std::string interface;
  Duration down{};
  Duration up{};

  bool operator==(const LinkDelay&) const = default;
};

enum class CarrierMethod : std::uint8_t { any, mii, ethtool, ioctl };  // any: the first of them that is answered

// A line of linkbeat_interfaces: its driver is asked for its carrier.
struct PolledLink {
  std::string interface;
  CarrierMethod method = CarrierMethod::any;

  bool operator==(const PolledLink&) const = default;
};

// garp_group: announcements on these interfaces keep a distance. No interface is in two of them.
struct AnnouncementGroup {
  std::vector<std::string> interfaces;
  Duration garp_interval{};  // after a gratuitous ARP
  Duration gna_interval{};   // after a neighbour advertisement; not both are 0

  bool operator==(const AnnouncementGroup&) const = default;
};

struct UnicastPeer {
  IpAddress address;
  std::uint8_t min_ttl = 0;
  std::uint8_t max_ttl = 255;
  Place place;

  bool operator==(const UnicastPeer&) const = default;
};

enum class WantedState : std::uint8_t { backup, master };
enum class AuthType : std::uint8_t { none, pass, ah };

// authentication, VRRPv2.
struct Authentication {
  AuthType type = AuthType::none;
  Secret password;  // 1..8 bytes

  bool operator==(const Authentication&) const = default;
};

enum class HmacMode : std::uint8_t { enforce, permissive, receive_only };
enum class AntiReplay : std::uint8_t { time, monotonic };

struct HmacKey {
  std::uint8_t id = 0;  // 1..255
  Secret secret;        // 32..64 bytes

  bool operator==(const HmacKey&) const = default;
};

// auth_hmac.
struct HmacAuthentication {
  std::vector<HmacKey> keys;
  std::uint8_t active_key = 0;  // one of them
  HmacMode mode = HmacMode::enforce;
  AntiReplay anti_replay = AntiReplay::time;
  std::uint32_t time_window_seconds = 5;  // 1..300; max(3 x advert_int, 5) when not given

  bool operator==(const HmacAuthentication&) const = default;
};

// garp_* of an instance, where not given those of global_defs (vrrp_garp_*).
struct Announcements {
  Duration master_delay = std::chrono::seconds(5);  // 0: no second burst
  unsigned master_repeat = 5;                       // at least 1
  Duration master_refresh{};                        // 0: never
  unsigned master_refresh_repeat = 1;               // at least 1
  Duration lower_prio_delay = std::chrono::seconds(5);
  unsigned lower_prio_repeat = 5;

  bool operator==(const Announcements&) const = default;
};

// use_vmac, use_ipvlan: an interface that the router makes on `interface` and lives on.
struct VirtualInterface {
  enum class Kind : std::uint8_t { macvlan, ipvlan };
  enum class IpvlanMode : std::uint8_t { bridge, isolated, vepa };  // `private` is a word of C++

  Kind kind = Kind::macvlan;
  std::string name;                 // empty: vmac_prefix and VRID, vrrp.51
  std::optional<MacAddress> mac;    // macvlan; nullopt: 00:00:5e:00:01:VRID, IPv6 :02:VRID
  bool mac_lacks_last = false;      // the VRID is its sixth octet
  std::optional<IpPrefix> address;  // ipvlan: its own; adverts leave with it
  IpvlanMode mode = IpvlanMode::bridge;
  std::uint32_t group = 0;  // link group
  Place place;

  bool operator==(const VirtualInterface&) const = default;
};

// garp_extra_if: addresses on other interfaces than the one adverts leave from are announced again and again, so that
// switches do not forget where their MAC addresses are.
struct ExtraAnnouncements {
  Duration interval{};  // 0: never
  bool all = false;     // also on interfaces that are no macvlan of ours

  bool operator==(const ExtraAnnouncements&) const = default;
};

// vrrp_instance.
struct Instance {
  std::string name;
  WantedState state = WantedState::backup;
  std::string interface;                               // empty only with unicast peers and a source address
  std::uint8_t version = 2;                            // 2 or 3
  Family family = Family::ipv4;                        // of virtual_addresses
  std::uint8_t vrid = 0;                               // 1..255
  std::uint8_t priority = 100;                         // 1..255; 255 when state is MASTER and none is given
  Duration advert_interval = std::chrono::seconds(1);  // v2 whole seconds 1..255; v3 10 ms steps up to 40.95 s
  std::optional<IpAddress> source;                     // mcast_src_ip, unicast_src_ip
  bool track_source = false;                           // track_src_ip
  std::vector<UnicastPeer> peers;                      // unicast when not empty
  bool check_unicast_source = false;
  bool fault_without_peers = false;  // unicast_fault_no_peer
  IpAddress multicast_group;         // mcast_dst_ip, else vrrp_mcast_group4 or 6
  std::optional<std::uint8_t> ttl;   // unicast_ttl; nullopt: 255, and the system's own for unicast IPv6
  Authentication authentication;
  Rarely<HmacAuthentication> hmac;
  std::vector<VirtualAddress> addresses;           // virtual_ipaddress, in the order written; at most 255; one written
                                                   // twice is here twice, as the adverts of 2.2.7 have it
  std::vector<VirtualAddress> excluded_addresses;  // not in the advert; either family
  std::vector<ConfiguredRoute> routes;             // virtual_routes
  std::vector<ConfiguredRule> rules;               // virtual_rules
  bool preempt = true;
  Duration preempt_delay{};
  Announcements announcements;
  Trackers trackers;
  bool dont_track_primary = false;
  bool polls_link = false;  // linkbeat_use_polling
  Rarely<VirtualInterface> virtual_interface;
  bool use_vmac_addr = false;     // addresses with another `dev` get macvlans there
  bool transmit_on_base = false;  // vmac_xmit_base: adverts leave from `interface` all the same
  std::string vrf;                // for unicast without an interface
  ExtraAnnouncements extra_announcements;
  Notifications notifications;
  bool smtp_alert = false;
  bool accept = true;   // no_accept, and strict mode without priority 255
  bool strict = false;  // strict_mode, vrrp_strict
  bool skip_check_adv_addr = false;
  bool lower_prio_no_advert = false;
  bool higher_prio_send_advert = false;
  bool owner_ignore_adverts = false;
  bool v3_checksum_as_v2 = false;
  unsigned down_timer_adverts = 3;             // 1..100
  std::optional<std::uint8_t> rival_priority;  // timer_expired_backup, with nopreempt alone
  bool promote_secondaries = false;
  bool make_before_break = true;     // Baton's own
  bool verified_takeover = true;     // Baton's own
  std::vector<IpAddress> witnesses;  // Baton's own: `witness`, at most 4; either family
  AwaitedHooks awaited;
  bool announcements_given = false;  // garp_*, here or in global_defs
  Place place;

  bool operator==(const Instance&) const = default;
};

// notify_fifo, vrrp_notify_fifo, lvs_notify_fifo.
struct NotifyFifo {
  std::string path;
  Account owner;
  Rarely<Command> script;  // reads it; gets the path appended

  bool operator==(const NotifyFifo&) const = default;
};

enum class MailSecurity : std::uint8_t { none, starttls, tls };

struct MailRelay {
  std::string host;  // a name or a numeric address
  std::uint16_t port = 25;

  bool operator==(const MailRelay&) const = default;
};

// The mail settings of global_defs.
struct Mail {
  std::vector<std::string> recipients;  // notification_email: "user@host" or "Name <user@host>"
  std::string from;                     // notification_email_from, else root@HOST
  std::optional<MailRelay> relay;       // smtp_server; without one there is no mail
  Duration connect_timeout = std::chrono::seconds(30);
  std::string helo_name;                       // else the host name
  MailSecurity security = MailSecurity::none;  // smtp_tls, Baton's own
  std::string user;                            // smtp_user, Baton's own
  Secret password;                             // smtp_password, Baton's own
  bool on_fault = true;                        // no_email_faults
  std::optional<bool> alert;                   // smtp_alert; instances have it already
  std::optional<bool> alert_vrrp;              // smtp_alert_vrrp; likewise

  bool operator==(const Mail&) const = default;
};

enum class WebhookFormat : std::uint8_t { json, chat, teams };

// webhook, Baton's own: a URL that is told of changes of state.
struct Webhook {
  std::string name;
  Secret url;                   // http or https
  std::vector<Secret> headers;  // "Name: value"
  WebhookFormat format = WebhookFormat::json;
  std::vector<std::string> events;  // MASTER, BACKUP, FAULT, STOP, DELETED; empty: all of them
  Duration timeout = std::chrono::seconds(5);
  unsigned retries = 4;
  std::string ca_file;  // empty: the system's certificates
  Secret proxy;         // empty: none
  Place place;

  bool operator==(const Webhook&) const = default;
};

// A script that runs once, and is waited for.
struct TimedCommand {
  Rarely<Command> command;
  Duration timeout = std::chrono::seconds(10);

  bool operator==(const TimedCommand&) const = default;
};

// nftables*: where the rules for no_accept and for macvlans go. The table is made when there is a rule for it.
struct Firewall {
  std::string table = "keepalived";  // 1..31 bytes
  std::int32_t priority = -1;        // of its base chains
  bool counters = false;
  bool by_index = false;  // link-local addresses are told apart by the interface's number, not its name

  bool operator==(const Firewall&) const = default;
};

// enable_snmp_*: which parts of the MIBs a master agent is told of through AgentX.
struct Snmp {
  bool vrrp = false;    // KEEPALIVED-MIB, the part about VRRP
  bool rfc_v2 = false;  // VRRP-MIB, RFC 2787
  bool rfc_v3 = false;  // VRRPV3-MIB, RFC 6527
  bool traps = false;
  std::string socket;  // snmp_socket, the master agent's; empty: net-snmp's own default

  bool is_wanted() const { return vrrp || rfc_v2 || rfc_v3; }
  bool operator==(const Snmp&) const = default;
};

// enable_dbus.
struct Dbus {
  bool is_wanted = false;
  std::string service = "org.keepalived.Vrrp1";  // dbus_service_name
  std::string no_interface = "none";             // dbus_no_interface_name: in paths of instances without an interface

  bool operator==(const Dbus&) const = default;
};

// The files that SIGUSR1, SIGUSR2 and SIGRTMIN+2 ask for; empty paths: keepalived.data, .stats and .json in TMPDIR.
struct Dumps {
  std::string data_file;                      // state_dump_file
  std::string data_name = "keepalived.data";  // without one; data_use_instance puts the global `instance` into it
  std::string stats_file;                     // stats_dump_file
  std::string json_file;                      // json_dump_file
  std::uint8_t json_version = 1;              // 1: a list of instances, 2: an object with them
  bool use_instance = false;                  // data_use_instance: keepalived.INSTANCE.data, by the global `instance`

  bool operator==(const Dumps&) const = default;
};

// A reload that somebody else than an operator's signal begins, and the sign of one.
struct ReloadTimes {
  std::optional<std::string> marker;  // reload_file: there as long as the files are read; empty: in the run directory
  std::string time_file;              // reload_time_file: says when to reload; empty: none
  bool repeat = false;                // reload_repeat: every day, and the time file stays

  bool operator==(const ReloadTimes&) const = default;
};

// bfd_priority, bfd_rt_priority, bfd_cpu_affinity, bfd_rlimit_rttime: of the process that speaks BFD.
struct BfdProcess {
  std::optional<int> nice;
  std::optional<int> real_time_priority;
  std::vector<unsigned> cpu_affinity;
  std::optional<std::uint64_t> real_time_limit_us;

  bool operator==(const BfdProcess&) const = default;
};

// What global_defs says beyond the defaults it gives to instances (those are in the instances already).
struct Globals {
  std::string router_id;  // else the host name
  Mail mail;
  Account script_user;
  bool script_security = false;       // enable_script_security
  bool supplementary_groups = false;  // set_supplementary_groups
  bool script_failure_is_success =
      false;                    // Baton's own: a script that cannot run counts as a success, as keepalived has it
  Duration startup_delay{};     // vrrp_startup_delay
  Duration delay_after_boot{};  // vrrp_delay_after_boot; the longer one wins
  Duration garp_interval{};     // vrrp_garp_interval, between two on one interface; 0: none
  Duration gna_interval{};      // vrrp_gna_interval
  std::string default_interface = "eth0";
  std::string iproute_user_directory = "/usr/share/iproute2";  // iproute_usr_dir
  std::string iproute_etc_directory = "/etc/iproute2";         // iproute_etc_dir
  std::string vmac_prefix = "vrrp";                            // names of macvlans and ipvlans: PREFIX.VRID
  std::string vmac_address_prefix;  // vmac_addr_prefix: of those for addresses elsewhere; empty: vmac_prefix
  Firewall firewall;
  Snmp snmp;
  Dbus dbus;
  bool dynamic_interfaces = false;
  std::optional<NotifyFifo> notify_fifo;
  std::optional<NotifyFifo> vrrp_notify_fifo;
  std::optional<NotifyFifo> lvs_notify_fifo;
  bool repeat_states_on_reload = false;  // fifo_write_vrrp_states_on_reload
  TimedCommand startup_script;
  TimedCommand shutdown_script;
  std::optional<int> nice;                          // vrrp_priority, -20..19
  std::optional<int> real_time_priority;            // vrrp_rt_priority, 1..99
  std::vector<unsigned> cpu_affinity;               // vrrp_cpu_affinity; empty: all
  bool lock_memory = false;                         // vrrp_no_swap
  std::optional<std::uint64_t> real_time_limit_us;  // vrrp_rlimit_rttime
  bool log_unknown_vrids = false;
  Duration child_wait_time = std::chrono::seconds(5);
  std::string net_namespace;       // empty: the caller's
  std::string instance;            // global `instance`: part of pid file names
  std::uint32_t file_mask = 0177;  // umask
  bool refuses_warnings = false;   // reload_check_config
  Dumps dumps;
  ReloadTimes reload_times;
  Ipvs ipvs;
  BfdProcess bfd_process;

  bool operator==(const Globals&) const = default;
};

struct Configuration {
  Globals globals;
  std::vector<Script> scripts;  // only those that are tracked
  std::vector<TrackedFile> files;
  std::vector<TrackedProcess> processes;
  std::vector<TrackedCheck> checks;  // only those that are tracked
  std::vector<BfdSession> bfd_sessions;
  std::vector<SyncGroup> groups;
  std::vector<Instance> instances;
  std::vector<Webhook> webhooks;
  std::vector<TrackGroup> track_groups;
  std::vector<VirtualAddress> static_addresses;
  std::vector<ConfiguredRoute> static_routes;
  std::vector<ConfiguredRule> static_rules;
  std::vector<LinkDelay> link_delays;
  std::vector<PolledLink> polled_links;
  std::vector<AnnouncementGroup> announcement_groups;
  std::optional<CheckTls> check_tls;
  std::vector<VirtualServerGroup> virtual_server_groups;
  std::vector<VirtualServer> virtual_servers;

  bool operator==(const Configuration&) const = default;
};

}  // namespace baton::config
