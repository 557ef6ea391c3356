#include "daemon/virtual_interface_setup.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/result.h"
#include "kernel/netlink_socket.h"
#include "setup/virtual_interface_maker.h"

namespace baton::daemon {

namespace {

void rename(Setup& setup, std::size_t index, const std::string& name) {
  std::string& old = setup.virtual_interfaces[index].wanted.name;
  for (RouterSetup& router : setup.routers) {
    if (std::ranges::find(router.virtual_interfaces, index) == router.virtual_interfaces.end()) continue;
    for (std::string* place : {&router.advert_interface, &router.source_interface}) {
      if (*place == old) *place = name;
    }
    for (config::VirtualAddress& address : router.addresses) {
      if (address.device == old) address.device = name;
    }
  }
  old = name;
}

}  // namespace

bool is_ours(const VirtualInterfaceSetup& interface, const kernel::Link& link,
             const kernel::InterfaceTable& interfaces) {
  const kernel::Link* base = interfaces.find(interface.base);
  if (base == nullptr || link.base != base->index) return false;
  if (interface.wanted.kind == kernel::StackedKind::ipvlan) return link.kind == "ipvlan";
  return link.kind == "macvlan" && link.mac == interface.wanted.mac;
}

void avoid_taken_names(Setup& setup, const kernel::InterfaceTable& interfaces) {
  std::set<std::string> used;
  for (const VirtualInterfaceSetup& interface : setup.virtual_interfaces) used.insert(interface.wanted.name);
  for (std::size_t i = 0; i < setup.virtual_interfaces.size(); ++i) {
    const VirtualInterfaceSetup& interface = setup.virtual_interfaces[i];
    const auto is_foreign = [&](const std::string& name) {
      const kernel::Link* link = interfaces.find(name);
      return link != nullptr && !is_ours(interface, *link, interfaces);
    };
    if (!is_foreign(interface.wanted.name)) continue;
    const std::string name =
        choose_name(interface, [&](const std::string& one) { return !used.contains(one) && !is_foreign(one); });
    used.insert(name);
    rename(setup, i, name);
  }
}

void choose_names(Setup& setup, log::Logger& log) {
  if (setup.virtual_interfaces.empty()) return;
  const auto interfaces = read_interfaces();
  interfaces ? avoid_taken_names(setup, *interfaces) : log.error(to_string(interfaces.error()));
}

SysResult<kernel::InterfaceTable> read_interfaces() {
  auto socket = TRY(kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests));
  auto links = TRY(socket.dump_links());
  kernel::InterfaceTable interfaces;
  interfaces.replace(std::move(links), TRY(socket.dump_addresses()));
  return interfaces;
}

}  // namespace baton::daemon
