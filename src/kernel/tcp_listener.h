// A listening TCP socket on a loopback address: whoever comes is on this machine.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

class TcpListener {
 public:
  // EADDRNOTAVAIL for an address that is not in 127.0.0.0/8 or ::1. Port 0: the kernel chooses.
  static SysResult<TcpListener> open(const IpAddress& address, std::uint16_t port);

  int fd() const { return fd_.get(); }
  std::uint16_t port() const;
  // Nothing: nobody waits.
  UniqueFd accept() const;

 private:
  explicit TcpListener(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace baton::kernel
