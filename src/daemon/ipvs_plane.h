// IPVS as a data plane.
#pragma once

#include "daemon/data_plane.h"
#include "kernel/ipvs_socket.h"

namespace baton::daemon {

class IpvsPlane : public DataPlane {
 public:
  // ENOENT: this kernel has no IPVS, or its module is not loaded.
  static SysResult<std::unique_ptr<DataPlane>> open();

  PlaneKind kind() const override { return PlaneKind::ipvs; }
  TableService possible(const ServiceKey& key, TableService service, const Say& say) const override;
  SysResult<ServiceTable> dump() override { return socket_.dump(); }
  SysResult<std::vector<Refused>> carry_out(std::span<const TableOperation> operations) override;
  SysResult<TrafficTable> traffic(std::span<const ServiceKey> services) override { return socket_.traffic(services); }
  SysResult<void> flush() override { return socket_.flush(); }
  SysResult<void> set_timeouts(const config::IpvsTimeouts& timeouts) override;
  SysResult<void> synchronise(std::span<const kernel::IpvsSyncDaemon> wanted) override;
  SysResult<void> close() override { return {}; }

 private:
  explicit IpvsPlane(kernel::IpvsSocket socket) : socket_(std::move(socket)) {}

  kernel::IpvsSocket socket_;
};

}  // namespace baton::daemon
