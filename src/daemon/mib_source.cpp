#include "daemon/mib_source.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/version.h"
#include "daemon/address_plan.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "mib/notification.h"
#include "mib/view.h"

namespace baton::daemon {

namespace {

// Without them the rows are there all the same, with interface number 0.
kernel::InterfaceTable look_at_interfaces() {
  kernel::InterfaceTable interfaces;
  auto socket = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  auto links = socket ? socket->dump_links() : std::unexpected(socket.error());
  if (!links) return interfaces;
  const auto addresses = socket->dump_addresses();
  interfaces.replace(std::move(*links), addresses ? *addresses : std::vector<kernel::InterfaceAddress>());
  return interfaces;
}

}  // namespace

nlohmann::json shown_by_snmp(const Setup& setup, const nlohmann::json& status, WallTime now) {
  const kernel::InterfaceTable interfaces = look_at_interfaces();
  mib::View view{.configuration = setup.configuration,
                 .status = mib::Status(status),
                 .interfaces = {},
                 .sources = {},
                 .now = std::chrono::duration<double>(now.time_since_epoch()).count(),
                 .version = fmt::format("Baton v{}", version)};
  for (const auto& [index, link] : interfaces.links()) view.interfaces[link.name] = {.index = index, .mac = link.mac};
  AddressPlan plan(setup);
  plan.follow(interfaces);
  SourceAddresses sources(interfaces, plan);
  for (const RouterSetup& router : setup.routers) {
    if (const auto source = sources.of(router)) view.sources[router.name] = *source;
  }
  return to_json(mib::Shown{.rows = rows_of(view), .indices = indices_of(view)});
}

}  // namespace baton::daemon
