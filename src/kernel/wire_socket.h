// Listens to an interface for whoever diagnoses: adverts of every virtual router, and who says that an address is his.
// Sends whole frames, and nothing by itself: groups are heard without the kernel telling the LAN (no IGMP, no MLD).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

class WireSocket {
 public:
  static SysResult<WireSocket> open(const std::string& interface, std::uint32_t interface_index,
                                    std::span<const IpAddress> groups);

  int fd() const { return fd_.get(); }
  // Hands over what has come, at most some hundred frames. `is_ours`: this machine has sent it.
  void receive(const std::function<void(ByteView frame, bool is_ours)>& take);
  SysResult<void> send(ByteView frame);

 private:
  explicit WireSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace baton::kernel
