#include "daemon/firewall.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "base/unique_fd.h"
#include "kernel/netlink_socket.h"

namespace baton::daemon {

namespace {

std::string read_marker(const std::string& marker) {
  std::ifstream file(marker);
  std::string table;
  std::getline(file, table);
  return table;
}

SysResult<void> write_marker(const std::string& marker, const std::string& table) {
  const UniqueFd file(::open(marker.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  const std::string line = table + "\n";
  if (!file || ::write(file.get(), line.data(), line.size()) < 0) return last_error("write " + marker);
  return {};
}

std::optional<kernel::InterfaceTable> look(log::Logger& log) {
  auto socket = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  auto links = socket ? socket->dump_links() : std::unexpected(socket.error());
  if (!links) {
    log.error(to_string(links.error()));
    return std::nullopt;
  }
  kernel::InterfaceTable interfaces;
  interfaces.replace(std::move(*links), {});
  return interfaces;
}

}  // namespace

kernel::FirewallRules firewall_rules(const Setup& setup, const kernel::InterfaceTable& interfaces) {
  kernel::FirewallRules rules{.table = setup.firewall.table,
                              .priority = setup.firewall.priority,
                              .counters = setup.firewall.counters,
                              .by_index = setup.firewall.by_index};
  for (const RouterSetup& router : setup.routers) {
    if (router.accept) continue;
    for (const config::VirtualAddress& address : router.addresses) {
      const IpAddress& ip = address.address.address;
      if (ip.is_v4() || !ip.is_link_local()) {
        rules.refused.push_back(ip);
        continue;
      }
      const kernel::Link* link = rules.by_index ? interfaces.find(address.device) : nullptr;
      rules.refused_link_local.push_back(
          {.address = ip, .interface = address.device, .index = link == nullptr ? 0 : link->index});
    }
  }
  for (const VirtualInterfaceSetup& interface : setup.virtual_interfaces) {
    if (interface.wanted.kind != kernel::StackedKind::macvlan) continue;
    const kernel::Link* base = interfaces.find(interface.base);
    rules.macvlans.push_back({.interface = interface.wanted.name,
                              .base_index = base == nullptr ? 0 : base->index,
                              .carries_v6 = interface.carries_v6});
  }
  return rules;
}

bool needs_firewall(const Setup& setup) {
  return !firewall_rules(setup, {}).is_empty();
}

int set_firewall(const Setup& setup, const std::string& marker, log::Logger& log) {
  const auto interfaces = look(log);
  if (!interfaces) return 1;
  const kernel::FirewallRules rules = firewall_rules(setup, *interfaces);
  const std::string before = read_marker(marker);
  if (rules.is_empty()) return remove_firewall(marker, log);
  if (!before.empty() && before != rules.table) (void)remove_firewall(marker, log);
  auto done = write_marker(marker, rules.table);
  if (done) done = kernel::install_firewall(rules);
  if (done) return 0;
  log.error(
      to_string(done.error()) +
      "; packets to addresses that must not be accepted are accepted, and switches may hear the virtual MAC address "
      "from a BACKUP; does this kernel have nf_tables?");
  return 1;
}

int remove_firewall(const std::string& marker, log::Logger& log) {
  const std::string table = read_marker(marker);
  if (table.empty()) return 0;
  const auto removed = kernel::remove_firewall(table);
  (void)::unlink(marker.c_str());
  if (removed) return 0;
  log.error("nftables table " + table + ": " + to_string(removed.error()));
  return 1;
}

bool has_firewall(const std::string& marker) {
  return ::access(marker.c_str(), F_OK) == 0;
}

}  // namespace baton::daemon
