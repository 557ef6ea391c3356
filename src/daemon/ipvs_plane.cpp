#include "daemon/ipvs_plane.h"

#include <algorithm>

#include "base/result.h"
#include "daemon/connection_sync.h"

namespace baton::daemon {

SysResult<std::unique_ptr<DataPlane>> IpvsPlane::open() {
  auto socket = kernel::IpvsSocket::open();
  if (!socket) return std::unexpected(socket.error());
  return std::unique_ptr<DataPlane>(new IpvsPlane(std::move(*socket)));
}

TableService IpvsPlane::possible(const ServiceKey& key, TableService service, const Say& say) const {
  if (service.options.masquerade) {
    say(to_string(key) + ": IPVS does not masquerade, real servers see the client's address");
    service.options.masquerade = false;
  }
  return service;
}

SysResult<std::vector<DataPlane::Refused>> IpvsPlane::carry_out(std::span<const TableOperation> operations) {
  std::vector<Refused> refused;
  for (const kernel::IpvsSocket::Refused& one : TRY(socket_.carry_out(operations))) {
    refused.push_back({.index = one.index, .code = one.code});
  }
  return refused;
}

SysResult<void> IpvsPlane::synchronise(std::span<const kernel::IpvsSyncDaemon> wanted) {
  std::vector<kernel::IpvsSyncDaemon> running = TRY(socket_.sync_daemons());
  for (const kernel::IpvsSyncDaemon& each : running) {
    if (std::ranges::none_of(wanted, [&](const auto& one) { return is_as_wanted(each, one); })) {
      TRY_VOID(socket_.stop(each));
    }
  }
  for (const kernel::IpvsSyncDaemon& each : wanted) {
    if (std::ranges::none_of(running, [&](const auto& one) { return is_as_wanted(one, each); })) {
      TRY_VOID(socket_.start(each));
    }
  }
  return {};
}

SysResult<void> IpvsPlane::set_timeouts(const config::IpvsTimeouts& timeouts) {
  const kernel::IpvsTimeouts wanted{
      .tcp = timeouts.tcp.value_or(0), .tcp_fin = timeouts.tcp_fin.value_or(0), .udp = timeouts.udp.value_or(0)};
  return wanted == kernel::IpvsTimeouts{} ? SysResult<void>{} : socket_.set_timeouts(wanted);
}

}  // namespace baton::daemon
