// KEEPALIVED-MIB, global and VRRP: what the groups, instances and trackers are and how they are. Addresses, routes and
// rules are in keepalived_routing.cpp. Enumerations not named here are TruthValue or enabled(1), disabled(2).
#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <unordered_map>

#include "mib/keepalived_routing.h"
#include "mib/view.h"

namespace baton::mib {

namespace {

using config::Instance;
using config::Notifications;
using config::SyncGroup;
using config::Trackers;
using nlohmann::json;

const Oid vrrp = keepalived_mib + Oid{2};

Oid entry(std::uint32_t table) {
  return vrrp + Oid{table, 1};
}

// As keepalived writes a command: each argument in single quotes.
std::string line_of(const config::Command& command) {
  std::string line;
  for (const std::string& argument : command.arguments)
    line += fmt::format("{}'{}'", line.empty() ? "" : " ", argument);
  return line;
}

Value script(const Rarely<config::Command>& command) {
  return text(command ? line_of(*command) : "");
}

bool has_scripts(const Notifications& it) {
  return it.any || it.master || it.backup || it.fault || it.stop || it.deleted || it.master_hears_lower;
}

std::uint64_t whole_seconds(Duration duration) {
  return static_cast<std::uint64_t>(duration / std::chrono::seconds(1));
}
std::uint64_t microseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration / std::chrono::microseconds(1));
}

// A setting that may not have been given.
Value tristate(const std::optional<bool>& given) {
  return integer(!given ? 3 : *given ? 1 : 2);
}

void add_globals(const View& view, Rows& rows) {
  const config::Globals& globals = view.configuration.globals;
  const config::Mail& mail = globals.mail;
  const auto set = [&](const Oid& object, Value value) {
    rows.insert_or_assign(keepalived_mib + Oid{1} + object + Oid{0}, std::move(value));
  };
  set({1}, text(view.version));
  set({2}, text(globals.router_id));
  const auto relay = mail.relay ? IpAddress::parse(mail.relay->host) : std::nullopt;
  if (relay) {
    set({3, 1}, integer(relay->is_v4() ? 1 : 2));
    set({3, 2}, octets(relay->bytes()));
  }
  set({3, 3}, gauge(whole_seconds(mail.connect_timeout)));
  set({3, 4}, text(mail.from));
  static const Oid recipients = keepalived_mib + Oid{1, 3, 5, 1};
  for (std::uint32_t i = 0; i < mail.recipients.size(); ++i) {
    Row(rows, recipients, {i + 1}).set(2, text(mail.recipients[i]));
  }
  if (mail.relay) set({3, 6}, gauge(mail.relay->port));
  set({3, 7}, truth(mail.on_fault));
  set({3, 8}, tristate(mail.alert));
  set({3, 9}, tristate(mail.alert_vrrp));
  set({4}, truth(globals.snmp.traps));
  set({5}, integer(1));  // linkBeat: by netlink
  set({8}, text(globals.net_namespace));
  set({9}, truth(globals.dbus.is_wanted));
  set({10}, truth(globals.dynamic_interfaces));
}

void add_tracking(Rows& rows, std::uint32_t table, std::uint32_t owner, const std::vector<config::Tracking>& all,
                  std::uint32_t name_column) {
  const Oid columns = entry(table);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    Row(rows, columns, {owner, i + 1})
        .set(name_column, text(all[i].name))
        .set(name_column + 1, integer(all[i].weight))
        .set(name_column + 2, truth(all[i].reverse));
  }
}

// Tables of interfaces have the name in the first column, the others in the second.
struct TrackerTables {
  std::uint32_t interfaces, scripts, files, processes;
};
constexpr TrackerTables of_instances{.interfaces = 4, .scripts = 5, .files = 12, .processes = 20};
constexpr TrackerTables of_groups{.interfaces = 14, .scripts = 15, .files = 16, .processes = 22};

void add_trackers(Rows& rows, const TrackerTables& tables, std::uint32_t owner, const Trackers& trackers) {
  add_tracking(rows, tables.interfaces, owner, trackers.interfaces, 1);
  add_tracking(rows, tables.scripts, owner, trackers.scripts, 2);
  add_tracking(rows, tables.files, owner, trackers.files, 2);
  add_tracking(rows, tables.processes, owner, trackers.processes, 2);
}

void add_groups(const View& view, Rows& rows) {
  const Oid groups = entry(1);
  const Oid members = entry(2);
  const auto& all = view.configuration.groups;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const SyncGroup& group = all[i];
    const Notifications& told = group.notifications;
    Row(rows, groups, {i + 1})
        .set(2, text(group.name))
        .set(3, integer(state_number(view.status.of("groups", group.name).value("state", ""))))
        .set(4, truth(group.smtp_alert))
        .set(5, truth(has_scripts(told)))
        .set_if(told.master.has_value(), 6, script(told.master))
        .set_if(told.backup.has_value(), 7, script(told.backup))
        .set_if(told.fault.has_value(), 8, script(told.fault))
        .set_if(told.any.has_value(), 9, script(told.any))
        .set(10, truth(group.tracking_weight))
        .set_if(told.stop.has_value(), 11, script(told.stop));
    for (std::uint32_t member = 0; member < group.members.size(); ++member) {
      Row(rows, members, {i + 1, member + 1}).set(2, text(group.members[member]));
    }
    add_trackers(rows, of_groups, i + 1, group.trackers);
  }
}

// In which group an instance is.
using GroupsByMember = std::unordered_map<std::string_view, const SyncGroup*>;

GroupsByMember groups_by_member(const View& view) {
  GroupsByMember groups;
  for (const SyncGroup& group : view.configuration.groups) {
    for (const std::string& member : group.members) groups.emplace(member, &group);
  }
  return groups;
}

// VRRPv2 has whole seconds there, VRRPv3 its own hundredths.
std::uint64_t advert_interval(const Instance& instance) {
  const auto hundredths = static_cast<std::uint64_t>(instance.advert_interval / std::chrono::milliseconds(10));
  return instance.version == 2 ? hundredths / 100 : hundredths;
}

void add_instance(const View& view, std::uint32_t number, const Instance& instance, const SyncGroup* group,
                  Rows& rows) {
  static const Oid instances = entry(3);
  const json& status = view.status.of("instances", instance.name);
  const int state = state_number(status.value("state", ""));
  const Notifications& told = instance.notifications;
  const json priority = status.value("priority", json::object());
  const bool is_multicast = instance.peers.empty();
  Row(rows, instances, {number})
      .set(2, text(instance.name))
      .set(3, gauge(instance.vrid))
      .set(4, integer(state))
      .set(5, integer(instance.state == config::WantedState::master ? 2 : 1))
      .set(6, integer(state))
      .set(7, integer(base_priority_of(instance, status)))
      .set(8, integer(priority.value("effective", static_cast<int>(instance.priority))))
      .set(9, truth(status.value("holds_addresses", false)))
      .set(10, text(instance.interface))
      .set(11, truth(!instance.dont_track_primary))
      .set(12, gauge(advert_interval(instance)))
      .set(13, truth(status.value("preempt", instance.preempt)))
      .set(14, gauge(whole_seconds(instance.preempt_delay)))
      .set(15, integer(static_cast<int>(instance.authentication.type)))
      .set(16, truth(false))  // the IPVS synchronisation daemon
      .set_if(group != nullptr, 18, text(group == nullptr ? "" : group->name))
      .set(19, gauge(whole_seconds(instance.announcements.master_delay)))
      .set(20, truth(instance.smtp_alert))
      .set(21, truth(has_scripts(told)))
      .set_if(told.master.has_value(), 22, script(told.master))
      .set_if(told.backup.has_value(), 23, script(told.backup))
      .set_if(told.fault.has_value(), 24, script(told.fault))
      .set_if(told.stop.has_value(), 25, script(told.stop))
      .set_if(told.any.has_value(), 26, script(told.any))
      .set(27, instance.version == 2 ? integer(0) : truth(instance.accept))
      .set(28, truth(instance.promote_secondaries))
      .set(29, truth(false))  // linkbeat
      .set(30, integer(instance.version))
      .set_if(told.master_hears_lower.has_value(), 31, script(told.master_hears_lower))
      .set_if(told.deleted.has_value(), 32, script(told.deleted))
      .set(33, truth(told.report_deleted))
      .set_if(is_multicast, 34, integer(instance.multicast_group.is_v4() ? 1 : 2))
      .set_if(is_multicast, 35, octets(instance.multicast_group.bytes()));
  add_trackers(rows, of_instances, number, instance.trackers);
}

// init, bad, good.
int script_result(const json& status) {
  const std::string word = status.value("status", "");
  return word == "up" ? 3 : word == "down" ? 2 : 1;
}

int match_number(config::ParameterMatch match) {
  using enum config::ParameterMatch;
  switch (match) {
    case ignore: return 0;
    case none: return 1;  // keepalived asks for no parameters as an exact match of none
    case exact: return 1;
    case partial: return 2;
    case initial: return 3;
  }
  return 0;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

void add_tracked(const View& view, Rows& rows) {
  const Oid scripts = entry(9);
  const Oid files = entry(13);
  const Oid processes = entry(21);
  const config::Configuration& all = view.configuration;
  for (std::uint32_t i = 0; i < all.scripts.size(); ++i) {
    const config::Script& it = all.scripts[i];
    Row(rows, scripts, {i + 1})
        .set(2, text(it.name))
        .set(3, text(line_of(it.command)))
        .set(4, integer(static_cast<std::int64_t>(whole_seconds(it.interval))))
        .set(5, integer(it.weight))
        .set(6, integer(script_result(view.status.of("scripts", it.name))))
        .set(7, gauge(it.rise))
        .set(8, gauge(it.fall))
        .set(9, truth(it.reverse));
  }
  for (std::uint32_t i = 0; i < all.files.size(); ++i) {
    const config::TrackedFile& it = all.files[i];
    Row(rows, files, {i + 1})
        .set(2, text(it.name))
        .set(3, text(it.path))
        .set(5, integer(it.weight))
        .set(6, truth(it.reverse));
  }
  for (std::uint32_t i = 0; i < all.processes.size(); ++i) {
    const config::TrackedProcess& it = all.processes[i];
    const json& status = view.status.of("processes", it.name);
    Row(rows, processes, {i + 1})
        .set(2, text(it.name))
        .set(3, text(it.process))
        .set(4, text(joined(it.arguments)))
        .set(5, integer(match_number(it.match)))
        .set(6, integer(it.weight))
        .set(7, truth(it.reverse))
        .set(8, gauge(it.quorum))
        .set(9, integer(it.quorum_max ? static_cast<std::int64_t>(*it.quorum_max) : -1))
        .set(10, gauge(microseconds(it.fork_delay)))
        .set(11, gauge(microseconds(it.terminate_delay)))
        .set(12, truth(it.full_command))
        .set_if(!status.empty(), 14, truth(status.value("status", "") == "up"));
  }
}

}  // namespace

void add_keepalived_mib(const View& view, Rows& rows) {
  add_globals(view, rows);
  add_groups(view, rows);
  const auto& instances = view.configuration.instances;
  const GroupsByMember groups = groups_by_member(view);
  for (std::uint32_t i = 0; i < instances.size(); ++i) {
    const auto group = groups.find(instances[i].name);
    add_instance(view, i + 1, instances[i], group == groups.end() ? nullptr : group->second, rows);
    add_routing(view, i + 1, instances[i], rows);
  }
  add_tracked(view, rows);
}

}  // namespace baton::mib
