#include "setup/hook_setup.h"

#include <algorithm>

#include "setup/command.h"

namespace baton::setup {

namespace {

// As root: conntrackd's socket is root's. What it is told is the procedure of its own documentation.
void add_conntrackd(const std::string& file, HookSetup& hooks) {
  const auto command = [&](std::string_view option) {
    notify::Command it{.argv = {"conntrackd"}, .user = "root", .group = ""};
    if (!file.empty()) it.argv.insert(it.argv.end(), {"-C", file});
    it.argv.emplace_back(option);
    return it;
  };
  hooks.before_announce = {command("-c")};                               // what the other node knows is ours
  hooks.after_announce = {command("-f"), command("-R"), command("-B")};  // and from now on we tell it
  hooks.after_release = {command("-t"), command("-n")};                  // what is stale ends soon; ask for the rest
  hooks.at_start = {command("-n")};
}

void add_hooks(const config::AwaitedHooks& awaited, HookSetup hooks, const config::Account& fallback, Setup& setup) {
  if (hooks.members.empty()) return;
  if (awaited.conntrackd) add_conntrackd(*awaited.conntrackd, hooks);
  if (const auto script = to_command(awaited.before_announce, fallback)) hooks.before_announce.push_back(*script);
  if (const auto script = to_command(awaited.before_release, fallback)) hooks.before_release.push_back(*script);
  if (hooks.before_announce.empty() && hooks.before_release.empty()) return;
  hooks.timeout = awaited.timeout;
  for (const vrrp::RouterId member : hooks.members) {
    setup.routers[member].awaited_hooks.push_back(setup.hooks.size());
    Duration& delay = setup.node.routers[member].router.address_delay;
    if (!hooks.before_announce.empty()) delay = std::max(delay, awaited.timeout);
  }
  setup.hooks.push_back(std::move(hooks));
}

}  // namespace

void add_awaited_hooks(const config::Configuration& configuration, Setup& setup) {
  const config::Account& fallback = configuration.globals.script_user;
  for (vrrp::RouterId id = 0; id < setup.routers.size(); ++id) {
    const std::string& name = setup.routers[id].name;
    add_hooks(configuration.instances[id].awaited,
              {.subject = notify::Subject::instance, .name = name, .key = "HOOKS INSTANCE " + name, .members = {id}},
              fallback, setup);
  }
  for (vrrp::GroupId id = 0; id < setup.groups.size(); ++id) {
    const std::string& name = setup.groups[id].name;
    add_hooks(configuration.groups[id].awaited,
              {.subject = notify::Subject::group,
               .name = name,
               .key = "HOOKS GROUP " + name,
               .members = setup.node.groups[id].members},
              fallback, setup);
  }
  Duration longest{};
  for (const HookSetup& hooks : setup.hooks) {
    if (!hooks.before_release.empty()) longest = std::max(longest, hooks.timeout);
  }
  setup.stop_bound += longest;
}

}  // namespace baton::setup
