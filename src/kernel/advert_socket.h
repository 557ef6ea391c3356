// The raw socket adverts travel on: one for each interface, family and protocol (112 VRRP, 51 AH), however many virtual
// routers share it. Sending never blocks and never waits for memory; a packet that cannot leave is counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "kernel/packet_filter.h"

namespace baton::kernel {

struct AdvertSocketOptions {
  Family family = Family::ipv4;
  std::uint8_t protocol = 112;
  std::string interface;              // bound to it; empty: routing decides (unicast without an interface)
  std::uint32_t interface_index = 0;
  std::vector<IpAddress> groups;      // joined
  VridSet vrids;                      // others are dropped in the kernel
};

struct ReceivedDatagram {
  ByteView bytes;                    // IPv4: from the IP header on; IPv6: from the VRRP header on
  IpAddress source;                  // IPv6 only
  IpAddress destination;             // IPv6 only
  std::uint8_t hop_limit = 0;        // IPv6 only
};

struct SendCounters {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
  int last_error = 0;                // errno of the last failure
};

class AdvertSocket {
 public:
  static SysResult<AdvertSocket> open(AdvertSocketOptions options);

  int fd() const { return fd_.get(); }
  const AdvertSocketOptions& options() const { return options_; }

  // Hands over what has come, at most one batch; false when there may be more.
  bool receive(const std::function<void(const ReceivedDatagram&)>& take);

  // Queues; flush() hands everything queued to the kernel in one system call a batch.
  void send(const IpAddress& destination, Bytes bytes, std::uint8_t hop_limit);
  void flush();
  const SendCounters& counters() const { return counters_; }

 private:
  explicit AdvertSocket(AdvertSocketOptions options) : options_(std::move(options)) {}
  SysResult<void> set_up();

  struct Queued {
    IpAddress destination;
    Bytes bytes;
    std::uint8_t hop_limit = 255;
  };

  AdvertSocketOptions options_;
  UniqueFd fd_;
  std::vector<Queued> queue_;
  SendCounters counters_;
};

}  // namespace baton::kernel
