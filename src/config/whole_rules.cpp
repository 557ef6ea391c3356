#include "config/whole_rules.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/limits.h"

namespace baton::config {
namespace {

std::string line_of(const Context& context, const Place& place) {
  return fmt::format("{} line {}", context.sources.name_of(place), place.line);
}

// One virtual router a VRID, interface, family and way of sending (RFC 9568 §5.2.3).
void check_router_ids(const Context& context, const Configuration& configuration) {
  using Key = std::tuple<std::string_view, Family, std::uint8_t, bool>;
  std::map<Key, const Instance*> seen;
  for (const Instance& instance : configuration.instances) {
    if (instance.vrid == 0) continue;
    const Key key{instance.interface, instance.family, instance.vrid, instance.peers.empty()};
    const auto [first, is_new] = seen.emplace(key, &instance);
    if (is_new) continue;
    context.diagnostics.error(
        "duplicate-vrid", context.position_of(instance),
        fmt::format("vrrp_instance {} has virtual_router_id {} on {}, as has {} ({})", quoted(instance.name),
                    instance.vrid, instance.interface.empty() ? "no interface" : instance.interface,
                    quoted(first->second->name), line_of(context, first->second->place)),
        "give one of them another virtual_router_id, on all nodes");
  }
}

void check_addresses(const Context& context, const Configuration& configuration) {
  std::map<std::pair<IpAddress, std::string_view>, const Instance*> seen;
  for (const Instance& instance : configuration.instances) {
    for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const VirtualAddress& address : *list) {
        const auto [first, is_new] =
            seen.emplace(std::pair(address.address.address, std::string_view(address.device)), &instance);
        if (is_new || first->second == &instance) continue;
        context.diagnostics.warn("duplicate-address", context.position_of(address),
                                 fmt::format("{} is an address of {} as well ({})", to_string(address.address.address),
                                             quoted(first->second->name), line_of(context, first->second->place)),
                                 "leave it in one instance, or the two will fight over it");
      }
    }
  }
}

// An instance is in one group; a group that loses all its members goes.
void settle_groups(const Context& context, Configuration& configuration) {
  std::unordered_map<std::string, std::string> group_of;
  for (SyncGroup& group : configuration.groups) {
    std::erase_if(group.members, [&](const std::string& member) {
      const auto [first, is_new] = group_of.emplace(member, group.name);
      if (is_new) return false;
      context.diagnostics.warn("two-groups", context.position_of(group),
                               fmt::format("{} is in group {} already and is left out of {}", quoted(member),
                                           quoted(first->second), quoted(group.name)),
                               "name it in one group");
      return true;
    });
  }
  std::erase_if(configuration.groups, [](const SyncGroup& group) { return group.members.empty(); });
}

// Weights of members would move one member alone, so they count only where the group says so.
void check_group_weights(const Context& context, const Configuration& configuration) {
  std::unordered_map<std::string_view, const Instance*> instances;
  for (const Instance& instance : configuration.instances) instances.emplace(instance.name, &instance);
  for (const SyncGroup& group : configuration.groups) {
    if (group.tracking_weight) continue;
    for (const std::string& member : group.members) {
      const Trackers& trackers = instances.at(member)->trackers;
      for (const auto* list : {&trackers.interfaces, &trackers.scripts, &trackers.files, &trackers.processes,
                               &trackers.checks, &trackers.sessions}) {
        for (const Tracking& tracking : *list) {
          if (tracking.weight == 0) continue;
          context.diagnostics.warn("group-weight", context.position_of(tracking),
                                   fmt::format("{} is in group {}, where the weight of {} does not count",
                                               quoted(member), quoted(group.name), quoted(tracking.name)),
                                   "track it in the group, or add sync_group_tracking_weight to the group");
        }
      }
    }
  }
}

// What is tracked of one kind.
std::unordered_set<std::string_view> used(const Configuration& configuration, std::vector<Tracking> Trackers::* kind) {
  std::unordered_set<std::string_view> used;
  const auto collect = [&](const Trackers& trackers) {
    for (const Tracking& tracking : trackers.*kind) used.insert(tracking.name);
  };
  for (const Instance& instance : configuration.instances) collect(instance.trackers);
  for (const SyncGroup& group : configuration.groups) collect(group.trackers);
  return used;
}

void drop_unused_checks(const Context& context, Configuration& configuration) {
  const auto used = config::used(configuration, &Trackers::checks);
  std::erase_if(configuration.checks, [&](const TrackedCheck& check) {
    if (used.contains(check.name)) return false;
    context.diagnostics.warn("unused-check", context.position_of(check),
                             fmt::format("vrrp_check {} is not tracked by anybody and is not run", quoted(check.name)),
                             "name it in track_check, or remove it");
    return true;
  });
}

void drop_unused_scripts(const Context& context, Configuration& configuration) {
  const auto used = config::used(configuration, &Trackers::scripts);
  std::erase_if(configuration.scripts, [&](const Script& script) {
    if (used.contains(script.name)) return false;
    if (!script.can_run) return true;  // said already
    context.diagnostics.warn(
        "unused-script", context.position_of(script),
        fmt::format("vrrp_script {} is not tracked by anybody and is not run", quoted(script.name)),
        "name it in track_script, or remove it");
    return true;
  });
}

// A group that is not defined, or that only static entries may have, is dropped.
class TrackGroupRules {
 public:
  TrackGroupRules(const Context& context, Configuration& configuration)
      : context_(context), configuration_(configuration) {
    for (const TrackGroup& group : configuration.track_groups) groups_.emplace(group.name, &group);
  }

  void settle() {
    settle_all(configuration_.static_addresses);
    settle_all(configuration_.static_routes);
    settle_all(configuration_.static_rules);
    for (Instance& instance : configuration_.instances) {
      refuse_all(instance.addresses);
      refuse_all(instance.excluded_addresses);
      refuse_all(instance.routes);
      refuse_all(instance.rules);
    }
  }

 private:
  template <typename Entries>
  void settle_all(Entries& entries) {
    for (auto& entry : entries) {
      if (entry.track_group.empty()) continue;
      const auto found = groups_.find(entry.track_group);
      if (found != groups_.end()) {
        report_later(entry, *found->second);
        continue;
      }
      context_.diagnostics.warn(
          "not-defined", context_.position_of(entry),
          fmt::format("no track_group is named {}; nobody follows this entry", quoted(entry.track_group)),
          fmt::format("define it above with track_group {} {{ ... }}", entry.track_group));
      entry.track_group.clear();
    }
  }

  void report_later(const auto& entry, const TrackGroup& group) {
    if (group.place.file != entry.place.file || group.place.line < entry.place.line) return;
    context_.diagnostics.warn("defined-later", context_.position_of(entry),
                              fmt::format("{} is defined further down, on line {}: it works here, but keepalived would "
                                          "not follow it",
                                          quoted(group.name), group.place.line),
                              "move the track_group above");
  }

  template <typename Entries>
  void refuse_all(Entries& entries) {
    for (auto& entry : entries) {
      if (entry.track_group.empty()) continue;
      context_.diagnostics.warn("bad-value", context_.position_of(entry),
                                "'track_group' is for static entries and is ignored here", "remove it");
      entry.track_group.clear();
    }
  }

  const Context& context_;
  Configuration& configuration_;
  std::unordered_map<std::string_view, const TrackGroup*> groups_;
};

// notify_priority_changes: an instance without a word of its own does as its group does.
void settle_priority_changes(const Defaults& defaults, Configuration& configuration) {
  std::unordered_map<std::string_view, Instance*> instances;
  for (Instance& instance : configuration.instances) instances.emplace(instance.name, &instance);
  for (SyncGroup& group : configuration.groups) {
    std::optional<bool>& wanted = group.notifications.priority_changes;
    wanted = wanted.value_or(defaults.notify_priority_changes);
    for (const std::string& member : group.members) {
      std::optional<bool>& own = instances.at(member)->notifications.priority_changes;
      if (!own) own = wanted;
    }
  }
  for (Instance& instance : configuration.instances) {
    std::optional<bool>& own = instance.notifications.priority_changes;
    own = own.value_or(defaults.notify_priority_changes);
  }
}

// What the runner takes of one kind.
template <typename Tracked>
void check_count(const Context& context, const std::vector<Tracked>& tracked, std::size_t most, std::string_view kind,
                 std::string_view mend) {
  if (tracked.size() <= most) return;
  context.diagnostics.error("too-large", context.position_of(tracked[most]),
                            fmt::format("{} tracked {}; at most {} are possible", tracked.size(), kind, most),
                            std::string(mend));
}

// Without script_user the account keepalived_script, where there is one, is whom scripts run as; else they would be
// root's, which enable_script_security does not allow.
void settle_script_user(const Context& context, Configuration& configuration) {
  constexpr std::string_view usual_user = "keepalived_script";
  Globals& globals = configuration.globals;
  if (!globals.script_user.user.empty()) return;
  std::vector<const Command*> commands = commands_of(configuration);
  std::erase_if(commands, [](const Command* command) { return !command->account.user.empty(); });
  const bool has_fifo =
      globals.notify_fifo || globals.vrrp_notify_fifo || globals.lvs_notify_fifo;  // whose owner it is as well
  if (commands.empty() && !has_fifo) return;
  const std::optional<bool> is_there = context.reader.has_user(std::string(usual_user));
  if (is_there == true) globals.script_user.user = usual_user;
  if (is_there != false || !globals.script_security) return;
  for (const Command* command : commands) {
    context.diagnostics.warn(
        "script-user", context.position_of(*command),
        fmt::format("{} would run as root, which enable_script_security does not allow: it cannot run",
                    quoted(command->arguments.front())),
        fmt::format("add script_user NAME to global_defs, or the account {} to the system", usual_user));
  }
}

void check_size(const Context& context, const Configuration& configuration) {
  if (configuration.instances.size() <= baton::limits::routers) return;
  context.diagnostics.error(
      "too-large", {},
      fmt::format("{} instances; at most {} are possible", configuration.instances.size(), baton::limits::routers),
      "use several virtual addresses in one instance");
}

}  // namespace

std::vector<const Command*> commands_of(const Configuration& configuration) {
  std::vector<const Command*> commands;
  const auto add = [&](const Rarely<Command>& command) {
    if (command) commands.push_back(&*command);
  };
  const auto add_all = [&](const Notifications& told) {
    for (const auto* command :
         {&told.any, &told.master, &told.backup, &told.fault, &told.stop, &told.deleted, &told.master_hears_lower}) {
      add(*command);
    }
  };
  const auto add_awaited = [&](const AwaitedHooks& awaited) {
    add(awaited.before_announce);
    add(awaited.before_release);
  };
  for (const Script& script : configuration.scripts) commands.push_back(&script.command);
  for (const Instance& instance : configuration.instances) {
    add_all(instance.notifications);
    add_awaited(instance.awaited);
  }
  for (const SyncGroup& group : configuration.groups) {
    add_all(group.notifications);
    add_awaited(group.awaited);
  }
  for (const auto* fifo : {&configuration.globals.notify_fifo, &configuration.globals.vrrp_notify_fifo,
                           &configuration.globals.lvs_notify_fifo}) {
    if (*fifo) add((*fifo)->script);
  }
  return commands;
}

void settle_whole(const Context& context, const Defaults& defaults, Configuration& configuration) {
  check_size(context, configuration);
  check_router_ids(context, configuration);
  check_addresses(context, configuration);
  settle_groups(context, configuration);
  check_group_weights(context, configuration);
  settle_priority_changes(defaults, configuration);
  drop_unused_scripts(context, configuration);
  drop_unused_checks(context, configuration);
  TrackGroupRules(context, configuration).settle();
  check_count(context, configuration.scripts, baton::limits::track_scripts, "scripts",
              "let one script check several things");
  check_count(context, configuration.files, baton::limits::track_files, "files",
              "let several instances track one file");
  check_count(context, configuration.checks, baton::limits::tracked_checks, "checks",
              "let several instances track one check");
  check_count(context, configuration.bfd_sessions, baton::limits::bfd_sessions, "BFD sessions",
              "let several instances track one session");
  settle_script_user(context, configuration);
}

}  // namespace baton::config
