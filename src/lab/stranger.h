// A stranger on a LAN, who owes nobody the truth: frames with any source, one by one or as a flood from a process of
// its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/mac_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "lab/net_namespace.h"

namespace baton::lab {

// An Ethernet frame to the VRRP group's MAC address. The packet begins with its IPv4 header, whose checksum and total
// length are filled in. PURE.
Bytes multicast_frame(ByteView ipv4_packet, const MacAddress& from);

class Stranger {
 public:
  static SysResult<Stranger> open(const NetNamespace& network, const std::string& interface);
  Stranger(Stranger&& other) noexcept;
  Stranger& operator=(Stranger&&) = delete;
  ~Stranger();  // the flood ends

  SysResult<void> send(ByteView frame);
  // The frames one after the other, again and again, so many a second or as many as the machine can send, until it is
  // stopped or five minutes are over.
  SysResult<void> start_flood(const std::vector<Bytes>& frames, std::uint64_t frames_a_second);
  // How many the kernel has taken.
  std::uint64_t stop_flood();

 private:
  explicit Stranger(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
  pid_t flooder_ = 0;
  UniqueFd sent_;  // the flooder says it here at its end
};

}  // namespace baton::lab
