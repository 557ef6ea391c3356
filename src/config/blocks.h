// The readers of the blocks: each turns one statement of the tree into a part of the model. What one block's settings
// mean for another travels in Defaults.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/arguments.h"
#include "config/health_check.h"
#include "config/model.h"
#include "config/name_tables.h"
#include "config/tree.h"

namespace baton::config {

// garp_* or vrrp_garp_*, as far as they were given.
struct AnnouncementSettings {
  std::optional<Duration> master_delay;
  std::optional<unsigned> master_repeat;
  std::optional<Duration> master_refresh;
  std::optional<unsigned> master_refresh_repeat;
  std::optional<Duration> lower_prio_delay;
  std::optional<unsigned> lower_prio_repeat;

  Announcements over(const Announcements& base) const;
  bool is_given() const {  // any of them
    return master_delay || master_repeat || master_refresh || master_refresh_repeat || lower_prio_delay ||
           lower_prio_repeat;
  }
};

// What global_defs says to instances and groups that say nothing themselves.
struct Defaults {
  std::optional<bool> smtp_alert;
  std::optional<bool> smtp_alert_vrrp;
  std::optional<bool> smtp_alert_checker;
  bool checker_log_all_failures = false;
  std::optional<unsigned> version;
  IpAddress multicast_group4;
  IpAddress multicast_group6;
  AnnouncementSettings announcement_settings;
  bool minimal_announcements = false;  // vrrp_min_garp
  Announcements announcements;         // settled from the two above
  bool lower_prio_no_advert = false;
  bool higher_prio_send_advert = false;
  bool owner_ignore_adverts = false;
  bool skip_check_adv_addr = false;
  bool check_unicast_source = false;
  bool strict = false;
  bool v3_checksum_as_v2 = false;
  bool notify_priority_changes = false;
  bool make_before_break = true;
  bool verified_takeover = true;
  ExtraAnnouncements extra_announcements;
  unsigned down_timer_adverts = 3;

  bool alerts() const { return smtp_alert_vrrp.value_or(smtp_alert.value_or(false)); }
  std::optional<bool> checker_alert() const { return smtp_alert_checker ? smtp_alert_checker : smtp_alert; }
};

struct GlobalSettings {
  Globals globals;
  Defaults defaults;
};

// All global_defs blocks and the settings at the top level, defaults settled.
GlobalSettings read_globals(const Context& context, const Statement& root);

std::optional<Script> read_script(const Context& context, const Statement& block, const Account& script_user);
std::optional<TrackedFile> read_tracked_file(const Context& context, const Statement& block);
std::optional<TrackedProcess> read_tracked_process(const Context& context, const Statement& block);
std::optional<Webhook> read_webhook(const Context& context, const Statement& block);

// What blocks refer to, by name; of a configuration that outlives it and stays as it is.
template <typename Thing>
using ByName = std::unordered_map<std::string_view, const Thing*>;
struct Definitions {
  explicit Definitions(const Configuration& configuration);

  ByName<Script> scripts;
  ByName<TrackedFile> files;
  ByName<TrackedProcess> processes;
  ByName<TrackedCheck> checks;
  ByName<BfdSession> sessions;
  ByName<Instance> instances;
};

std::optional<SyncGroup> read_sync_group(const Context& context, const Statement& block, const Defaults& defaults,
                                         const Definitions& definitions);
std::optional<Instance> read_instance(const Context& context, const Statement& block, const Defaults& defaults,
                                      const Definitions& definitions, NameTables& names);

// A block HTTP_GET, TCP_CHECK, ... of a real server; nothing, reported, when it cannot be used or is none of them.
std::optional<HealthCheck> read_health_check(const Context& context, const Statement& block,
                                             const CheckDefaults& defaults, const Definitions& definitions);
std::optional<TrackedCheck> read_tracked_check(const Context& context, const Statement& block, const Defaults& defaults,
                                               const Definitions& definitions);
// What neighbours the bfd_instances so far have: with none of them a further one may be confused.
class BfdNeighbors {
 public:
  // Whose packets could be taken for packets of this one; empty: nobody's.
  std::string_view alike(const BfdSession& session) const;
  void add(const BfdSession& session);

 private:
  struct Sessions {
    std::string first;
    std::map<std::optional<IpAddress>, std::string> by_source;  // nullopt: it says none, and is the only one
  };
  std::map<std::pair<IpAddress, bool>, Sessions> sessions_;  // by neighbour, and whether it is some hops away
};
// A bfd_instance that is alike none of `others`; it is added to them.
std::optional<BfdSession> read_bfd_session(const Context& context, const Statement& block, BfdNeighbors& others);
std::optional<VirtualServerGroup> read_virtual_server_group(const Context& context, const Statement& list);
std::optional<VirtualServer> read_virtual_server(const Context& context, const Statement& block,
                                                 const Defaults& defaults, const Definitions& definitions,
                                                 const ByName<VirtualServerGroup>& groups);
// All of them; one that serves what another serves already is reported and left out.
std::vector<VirtualServer> read_virtual_servers(const Context& context, const Statement& root, const Defaults& defaults,
                                                const Definitions& definitions,
                                                const std::vector<VirtualServerGroup>& groups);
// lvs_timeouts and lvs_sync_daemon of global_defs.
void read_ipvs_timeouts(const Arguments& arguments, IpvsTimeouts& timeouts);
void read_ipvs_sync_daemon(const Arguments& arguments, std::optional<IpvsSyncDaemon>& daemon);
// lvs_sync_daemon_interface of a vrrp_instance: lvs_sync_daemon in old files.
void read_ipvs_sync_interfaces(const Context& context, const Statement& root, std::optional<IpvsSyncDaemon>& daemon);
// conntrackd_sync [FILE], of an instance or a group.
void read_conntrackd_sync(const Arguments& arguments, AwaitedHooks& awaited);
// The SSL block.
CheckTls read_check_tls(const Context& context, const Statement& block);

// The name of a named block; nothing, reported, when it has none that can be used.
std::optional<std::string> read_name(const Context& context, const Statement& block);

// Whether program and user are there.
bool can_run(const Context& context, const Command& command, const Account& script_user);

// The lists track_interface, track_script, ...: entries are added to `trackers`, and to `listed`.
using Listed = std::set<std::pair<std::string_view, std::string_view>>;  // keyword of the list, name of an entry
void read_tracked_interfaces(const Context& context, const Statement& list, Trackers& trackers, Listed& listed);
void read_tracked_scripts(const Context& context, const Statement& list, const Definitions& definitions,
                          Trackers& trackers, Listed& listed);
void read_tracked_files(const Context& context, const Statement& list, const Definitions& definitions,
                        Trackers& trackers, Listed& listed);
void read_tracked_processes(const Context& context, const Statement& list, const Definitions& definitions,
                            Trackers& trackers, Listed& listed);
void read_tracked_checks(const Context& context, const Statement& list, const Definitions& definitions,
                         Trackers& trackers, Listed& listed);
void read_tracked_sessions(const Context& context, const Statement& list, const Definitions& definitions,
                           Trackers& trackers, Listed& listed);
// "weight NUMBER [reverse|noreverse]" without its first word, as in a block.
void read_session_weight(BfdSession& session, const Arguments& arguments);

std::optional<TrackGroup> read_track_group(const Context& context, const Statement& block,
                                           const Definitions& definitions);

// The lines of virtual_routes and static_routes, virtual_rules and static_rules, in the order written. A rule without a
// preference has 0 until settle_preferences().
std::vector<ConfiguredRoute> read_routes(const Context& context, NameTables& names, const Statement& list);
std::vector<ConfiguredRule> read_rules(const Context& context, NameTables& names, const Statement& list);
// Gives the rules of all static_rules and virtual_rules their preferences, in the order of the file.
void settle_preferences(const Context& context, const Statement& root, Configuration& configuration);

// The lines of an address list; `device` stays empty where none is named. IPv4 and IPv6 may be mixed.
std::vector<VirtualAddress> read_addresses(const Context& context, const Statement& list);

void read_authentication(const Context& context, const Statement& block, std::optional<Authentication>& authentication);
void read_hmac(const Context& context, const Statement& block, Duration advert_interval,
               Rarely<HmacAuthentication>& hmac);

}  // namespace baton::config
