// A packet socket on one Ethernet interface: whole frames out (gratuitous ARP, neighbour advertisements), and what
// others announce in.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

class AnnouncementSocket {
 public:
  static SysResult<AnnouncementSocket> open(std::uint32_t interface_index);

  int fd() const { return fd_.get(); }
  // Receives from the start: what is heard before anybody leaves costs a filter in the kernel and one read.
  // At most one batch; false when there may be more.
  bool receive(const std::function<void(ByteView frame)>& take);
  // As many frames as the kernel takes now, in batches; returns how many. The rest may be tried in the next turn.
  std::size_t send(std::span<const Bytes> frames);

 private:
  explicit AnnouncementSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace baton::kernel
