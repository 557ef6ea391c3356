// A packet socket on one Ethernet interface: whole frames out (gratuitous ARP, neighbour advertisements), and what
// others announce in.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "kernel/send_counters.h"

namespace baton::kernel {

class AnnouncementSocket {
 public:
  // Hears every announcement from the start.
  static SysResult<AnnouncementSocket> open(std::uint32_t interface_index);

  // From now on only what is announced of these addresses is heard (packet_filter.h); on a busy LAN all others would
  // wake us for nothing. None: nothing is heard.
  SysResult<void> hear_only(std::span<const IpAddress> addresses);

  int fd() const { return fd_.get(); }
  // Hands over what has come, at most one batch; how many frames that was.
  std::size_t receive(const std::function<void(ByteView frame)>& take);
  // How many came since the last call and found no room.
  std::uint64_t take_losses();

  // Hands frames to the kernel in batches; returns how many are dealt with. Fewer than given: its queue is full, the
  // rest may be tried in the next turn. A frame that cannot leave (interface down) is dealt with, and counted.
  std::size_t send(std::span<const Bytes> frames);
  const SendCounters& counters() const { return counters_; }

 private:
  explicit AnnouncementSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  SendCounters counters_;
};

}  // namespace baton::kernel
