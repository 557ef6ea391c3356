#include "daemon/connection_sync.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::daemon {

std::optional<ConnectionSync> ConnectionSync::of(const config::Configuration& configuration) {
  const auto& configured = configuration.globals.ipvs.sync_daemon;
  if (!configured) return std::nullopt;
  ConnectionSync sync;
  sync.daemon_ = {.interface = configured->interface,
                  .id = configured->id.value_or(0),
                  .most_bytes = configured->most_bytes,
                  .port = configured->port,
                  .ttl = configured->ttl,
                  .group = configured->group};
  if (configured->instance.empty()) return sync;
  sync.follows_ = true;
  const auto instance = std::ranges::find(configuration.instances, configured->instance, &config::Instance::name);
  if (instance == configuration.instances.end()) {
    sync.problem_ =
        fmt::format("lvs_sync_daemon: there is no vrrp_instance {}; connections of other directors are heard",
                    configured->instance);
    return sync;
  }
  if (!configured->id) sync.daemon_.id = instance->vrid;
  for (const auto* list : {&instance->addresses, &instance->excluded_addresses}) {
    for (const config::VirtualAddress& each : *list) sync.addresses_.push_back(each.address.address);
  }
  if (sync.addresses_.empty()) {
    sync.problem_ = fmt::format(
        "lvs_sync_daemon: vrrp_instance {} has no address by which its MASTER could be known; connections of other "
        "directors are heard",
        configured->instance);
  }
  return sync;
}

std::vector<kernel::IpvsSyncDaemon> ConnectionSync::wanted(const HasAddress& here) const {
  using enum kernel::IpvsSyncDaemon::Role;
  const auto as = [this](kernel::IpvsSyncDaemon::Role role) {
    kernel::IpvsSyncDaemon daemon = daemon_;
    daemon.role = role;
    return daemon;
  };
  if (!follows_) return {as(master), as(backup)};
  return {as(std::ranges::any_of(addresses_, here) ? master : backup)};
}

bool is_as_wanted(const kernel::IpvsSyncDaemon& running, const kernel::IpvsSyncDaemon& wanted) {
  return running.role == wanted.role && running.interface == wanted.interface && running.id == wanted.id &&
         (wanted.most_bytes == 0 || running.most_bytes == wanted.most_bytes) &&
         (wanted.port == 0 || running.port == wanted.port) && (wanted.ttl == 0 || running.ttl == wanted.ttl) &&
         (!wanted.group || running.group == wanted.group);
}

}  // namespace baton::daemon
