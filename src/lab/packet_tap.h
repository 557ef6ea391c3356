// Reads the frames that pass an interface, each with the kernel's time stamp, so that a busy machine does not blur when
// something was on the wire.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace baton::lab {

enum class TapFilter : std::uint8_t {
  vrrp,  // IP protocol 112, or 51 (AH) over IPv4
  echo,  // ICMP and ICMPv6
};

class PacketTap {
 public:
  // On `interface` of the network namespace we stand in; only what comes in there.
  static SysResult<PacketTap> open(const std::string& interface, TapFilter filter);

  // Hands every waiting frame to `handle`; at most a few hundred a call.
  void read(const std::function<void(ByteView frame, Instant at)>& handle);
  int fd() const { return fd_.get(); }

 private:
  explicit PacketTap(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace baton::lab
