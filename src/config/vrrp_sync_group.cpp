// vrrp_sync_group.
#include <set>

#include <fmt/format.h>

#include "config/blocks.h"

namespace baton::config {
namespace {

struct GroupDraft {
  SyncGroup group;
  std::optional<bool> smtp_alert;
  std::optional<bool> priority_changes;
  bool has_members = false;
  Listed tracked;
  const Definitions* definitions = nullptr;
};
using D = GroupDraft;
using N = Notifications;

void set_members(D& draft, const Arguments& arguments) {
  if (std::exchange(draft.has_members, true)) {
    arguments.diagnostics().warn("given-twice", arguments.position(), "'group' was given before; the first one stays",
                                 "put all members into one group block");
    return;
  }
  std::set<std::string_view> members;
  for (const Statement& line : arguments.statement().children) {
    for (std::size_t index = 0; index < line.words.size(); ++index) {
      const std::string_view name = line.words[index].text;
      if (!draft.definitions->instances.contains(name)) {
        arguments.diagnostics().warn(
            "not-defined", line.at(index),
            fmt::format("no vrrp_instance is named {}; it is left out of the group", quoted(name)),
            "correct the name, or define the instance");
      } else if (members.insert(name).second) {
        draft.group.members.emplace_back(name);
      }
    }
  }
}

void set_conntrackd_sync(D& draft, const Arguments& arguments) {
  read_conntrackd_sync(arguments, draft.group.awaited);
}

void track_interfaces(D& draft, const Arguments& arguments) {
  read_tracked_interfaces(arguments.context(), arguments.statement(), draft.group.trackers, draft.tracked);
}
template <auto Read>
void track(D& draft, const Arguments& arguments) {
  Read(arguments.context(), arguments.statement(), *draft.definitions, draft.group.trackers, draft.tracked);
}

constexpr Setting<D> group_settings[] = {
    {"group", set_members},
    {"track_interface", track_interfaces},
    {"track_script", track<read_tracked_scripts>},
    {"track_file", track<read_tracked_files>},
    {"track_process", track<read_tracked_processes>},
    {"track_check", track<read_tracked_checks>},
    {"track_bfd", track<read_tracked_sessions>},
    {"notify", set_once<&D::group, &SyncGroup::notifications, &N::any>},
    {"notify_master", set_once<&D::group, &SyncGroup::notifications, &N::master>},
    {"notify_backup", set_once<&D::group, &SyncGroup::notifications, &N::backup>},
    {"notify_fault", set_once<&D::group, &SyncGroup::notifications, &N::fault>},
    {"notify_stop", set_once<&D::group, &SyncGroup::notifications, &N::stop>},
    {"before_announce", set_once<&D::group, &SyncGroup::awaited, &AwaitedHooks::before_announce>},
    {"before_release", set_once<&D::group, &SyncGroup::awaited, &AwaitedHooks::before_release>},
    {"conntrackd_sync", set_conntrackd_sync},
    {"hook_timeout", set<&D::group, &SyncGroup::awaited, &AwaitedHooks::timeout>},
    {"notify_priority_changes", set<&D::priority_changes>},
    {"smtp_alert", set<&D::smtp_alert>},
    {"sync_group_tracking_weight", set<&D::group, &SyncGroup::tracking_weight>},
    {"global_tracking", set<&D::group, &SyncGroup::tracking_weight>},
};

}  // namespace

std::optional<SyncGroup> read_sync_group(const Context& context, const Statement& block, const Defaults& defaults,
                                         const Definitions& definitions) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  GroupDraft draft;
  draft.definitions = &definitions;
  apply_settings(context, block, group_settings, draft);
  SyncGroup group = std::move(draft.group);
  group.name = *name;
  group.place = make_place(block.position());
  group.smtp_alert = draft.smtp_alert.value_or(defaults.alerts());
  group.notifications.priority_changes = draft.priority_changes;
  if (group.members.empty()) {
    context.diagnostics.warn("incomplete-block", block.position(),
                             fmt::format("vrrp_sync_group {} has no member and is ignored", quoted(*name)),
                             "name its instances: group { NAME NAME }");
    return std::nullopt;
  }
  if (group.members.size() == 1) {
    context.diagnostics.warn(
        "lonely-group", block.position(),
        fmt::format("vrrp_sync_group {} has one member, so there is nothing to keep in step", quoted(*name)),
        "name the other instance, or remove the group");
  }
  return group;
}

}  // namespace baton::config
