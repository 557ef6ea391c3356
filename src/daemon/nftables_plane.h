// nftables as a data plane: the table baton_balance, which nobody else has.
#pragma once

#include <optional>

#include "daemon/data_plane.h"
#include "kernel/nft_balance.h"
#include "kernel/nft_monitor.h"

namespace baton::daemon {

// What of a service nftables can do. PURE.
TableService possible_with_nftables(const ServiceKey& key, TableService service, const DataPlane::Say& say);

class NftablesPlane : public DataPlane {
 public:
  static SysResult<std::unique_ptr<DataPlane>> open();

  PlaneKind kind() const override { return PlaneKind::nftables; }
  TableService possible(const ServiceKey& key, TableService service, const Say& say) const override {
    return possible_with_nftables(key, std::move(service), say);
  }
  SysResult<ServiceTable> dump() override;
  // One transaction a few hundred services; what one of them is refused for does not keep the others.
  SysResult<std::vector<Refused>> carry_out(std::span<const TableOperation> operations) override;
  SysResult<TrafficTable> traffic(std::span<const ServiceKey> /*services*/) override { return balance_.traffic(); }
  SysResult<void> flush() override;
  SysResult<void> set_timeouts(const config::IpvsTimeouts& timeouts) override;
  // Connections stand in conntrack: conntrackd tells those.
  SysResult<void> synchronise(std::span<const kernel::IpvsSyncDaemon> wanted) override {
    if (wanted.empty()) return {};
    return std::unexpected(SysError{"nftables: lvs_sync_daemon, which is IPVS's (conntrackd does it)", EOPNOTSUPP});
  }
  bool is_ours_alone() const override { return true; }
  SysResult<void> close() override;
  int fd() const override { return monitor_ ? monitor_->fd() : -1; }
  bool was_changed() override { return monitor_->was_changed(); }
  void distrust() override { balance_.distrust(); }

 private:
  explicit NftablesPlane(kernel::NftBalance balance) : balance_(std::move(balance)) {}

  using Keys = std::vector<ServiceKey>;
  SysResult<void> change(std::span<const ServiceKey> keys, ServiceTable& after);

  kernel::NftBalance balance_;
  std::optional<kernel::NftMonitor> monitor_;
  ServiceTable table_;  // as the kernel has it
  int stale_reads_ = 0;
};

namespace limits {

// Services and real servers that one transaction adds, changes or removes. The kernel does not let go of its processor
// before the end of one, so whoever waits for that processor, and be it the VRRP worker, waits as long. Its time grows
// with the square of this and, whatever this is, with the whole table, which is walked each time: with 2,300 services
// of 16 servers about 50 ms a transaction of 1,000, seconds with 9,000.
inline constexpr std::size_t transaction_size = 1'000;

}  // namespace limits

}  // namespace baton::daemon
