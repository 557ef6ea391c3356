// The kernel's load balancer, IPVS, as typed values: its table read, steps carried out many a system call, timeouts,
// the daemons that tell connections to other directors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/service_table.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

// Seconds. 0: as it is.
struct IpvsTimeouts {
  std::uint32_t tcp = 0;
  std::uint32_t tcp_fin = 0;
  std::uint32_t udp = 0;

  bool operator==(const IpvsTimeouts&) const = default;
};

struct IpvsSyncDaemon {
  enum class Role : std::uint8_t { master = 1, backup = 2 };  // IP_VS_STATE_*: tells, and hears

  Role role = Role::master;
  std::string interface;
  std::uint8_t id = 0;           // whose connections these are
  std::uint16_t most_bytes = 0;  // of a message; 0: the kernel's choice, as in what follows
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
  std::optional<IpAddress> group;  // multicast

  bool operator==(const IpvsSyncDaemon&) const = default;
};

class IpvsSocket {
 public:
  // ENOENT: this kernel has no IPVS, or its module is not loaded.
  static SysResult<IpvsSocket> open();

  // EINTR: it changed under every one of a few tries.
  SysResult<ServiceTable> dump();
  // Of these services; one that is not there has none.
  SysResult<TrafficTable> traffic(std::span<const ServiceKey> services);

  struct Refused {
    std::size_t index = 0;  // in the batch
    int code = 0;           // errno
  };
  // In order; returns when the kernel has done all of it. Removing what is not there counts as done.
  SysResult<std::vector<Refused>> carry_out(std::span<const TableOperation> operations);
  SysResult<void> flush();  // everybody's services

  SysResult<IpvsTimeouts> timeouts();
  SysResult<void> set_timeouts(const IpvsTimeouts& timeouts);

  SysResult<std::vector<IpvsSyncDaemon>> sync_daemons();
  SysResult<void> start(const IpvsSyncDaemon& daemon);  // EEXIST: one of its role runs
  SysResult<void> stop(const IpvsSyncDaemon& daemon);   // ESRCH: none does

 private:
  IpvsSocket(UniqueFd fd, std::uint16_t family) : fd_(std::move(fd)), family_(family) {}

  SysResult<ServiceTable> dump_once();
  template <typename Put>
  SysResult<void> ask(std::string_view what, Put&& put);

  UniqueFd fd_;
  std::uint16_t family_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace baton::kernel
