// What carries out the wanted table of services in the kernel. The balancer knows this alone: it asks what is there,
// computes the difference and hands over the steps. Two of them: IPVS (ipvs_plane.h), nftables (nftables_plane.h).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/service_table.h"
#include "base/sys_error.h"
#include "config/virtual_server.h"
#include "daemon/check_board.h"
#include "kernel/ipvs_socket.h"

namespace baton::daemon {

class DataPlane {
 public:
  struct Refused {
    std::size_t index = 0;  // in the batch
    int code = 0;           // errno; EAGAIN: the table is not as it was known, and has to be read first
  };
  using Say = std::function<void(const std::string& sentence)>;

  virtual ~DataPlane() = default;

  virtual PlaneKind kind() const = 0;
  // What of a service it can carry out; `say` hears what it cannot, and what serves instead.
  virtual TableService possible(const ServiceKey& key, TableService service, const Say& say) const = 0;
  virtual SysResult<ServiceTable> dump() = 0;
  // In order; returns when the kernel has done all of it but what it refused.
  virtual SysResult<std::vector<Refused>> carry_out(std::span<const TableOperation> operations) = 0;
  // What the servers of these services got; one that is not in the table has none.
  virtual SysResult<TrafficTable> traffic(std::span<const ServiceKey> services) = 0;
  virtual SysResult<void> flush() = 0;  // everybody's services, where there are others'
  virtual SysResult<void> set_timeouts(const config::IpvsTimeouts& timeouts) = 0;
  // The kernel's daemons that tell connections to other directors, and hear of theirs: just these run.
  virtual SysResult<void> synchronise(std::span<const kernel::IpvsSyncDaemon> wanted) = 0;
  // Its table has nobody else's services.
  virtual bool is_ours_alone() const { return false; }
  // Nothing of ours stays but the services that are kept.
  virtual SysResult<void> close() = 0;

  // Readable when somebody else may have changed the table; -1: nobody tells.
  virtual int fd() const { return -1; }
  virtual bool was_changed() { return false; }  // reads what there is
  // Somebody did: what was known of it holds no more.
  virtual void distrust() {}
};

// The plane for `choice`: with `automatic` IPVS where the kernel has it, else nftables. `goes_on`: a balancer before
// this one may have left services; the plane that has them is taken. `say` hears why it is the one that it is.
SysResult<std::unique_ptr<DataPlane>> open_data_plane(config::PlaneChoice choice, bool goes_on,
                                                      const DataPlane::Say& say);

}  // namespace baton::daemon
