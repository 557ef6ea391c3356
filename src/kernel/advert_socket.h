// The raw socket adverts travel on: one for each interface, family and protocol (112 VRRP, 51 AH), however many virtual
// routers share it. Sending never blocks and never waits for memory; a packet that cannot leave is counted.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "kernel/packet_filter.h"
#include "kernel/send_counters.h"

namespace baton::kernel {

struct AdvertSocketOptions {
  Family family = Family::ipv4;
  std::uint8_t protocol = 112;
  std::string interface;  // bound to it; empty: routing decides (unicast without an interface)
  std::uint32_t interface_index = 0;
  std::vector<IpAddress> groups;  // joined
  VridSet vrids;                  // others are dropped in the kernel
};

struct ReceivedDatagram {
  ByteView bytes;              // IPv4: from the IP header on; IPv6: from the VRRP header on
  IpAddress source;            // IPv6 only
  IpAddress destination;       // IPv6 only
  std::uint8_t hop_limit = 0;  // IPv6 only
};

namespace limits {

inline constexpr std::size_t queued_datagrams =
    20'000;  // of one socket between two flushes; more are counted as failed

}  // namespace limits

class AdvertSocket {
 public:
  static SysResult<AdvertSocket> open(AdvertSocketOptions options);

  // An interface that is deleted takes the socket's binding with it, for good: open another when it is back.
  int fd() const { return fd_.get(); }
  const AdvertSocketOptions& options() const { return options_; }
  SysResult<void> set_vrids(const VridSet& vrids);

  // Hands over what has come, at most one batch; false when there may be more.
  bool receive(const std::function<void(const ReceivedDatagram&)>& take);

  // Queues; flush() hands everything queued to the kernel, in one system call a batch. `bytes` begin with the IP header
  // (IPv4, where only `destination` matters beside it) or the VRRP header (IPv6: the kernel chooses the source if it is
  // nullopt; it must be an address of this machine).
  void send(const IpAddress& destination, ByteView bytes, std::uint8_t hop_limit,
            std::optional<IpAddress> source = std::nullopt, std::uint32_t tag = 0);
  // Hands over the queue, and says of each datagram, by its tag, what became of it: 0 it has left, else errno.
  using Result = std::function<void(std::uint32_t tag, int code)>;
  void flush(const Result& result = {});
  // Takes those back that are queued still, by their tags; nothing is said of them any more.
  void withdraw(const std::function<bool(std::uint32_t tag)>& is_meant);
  const SendCounters& counters() const { return counters_; }

 private:
  explicit AdvertSocket(AdvertSocketOptions options) : options_(std::move(options)) {}
  SysResult<void> set_up();

  struct Queued {
    IpAddress destination;
    std::optional<IpAddress> source;
    std::size_t begin = 0;  // in bytes_
    std::size_t size = 0;
    std::uint8_t hop_limit = 255;
    std::uint32_t tag = 0;
  };
  int send_batch(std::span<const Queued> datagrams);

  AdvertSocketOptions options_;
  UniqueFd fd_;
  std::vector<Queued> queue_;
  Bytes bytes_;                         // of all that is queued; its memory is used again
  std::vector<std::uint32_t> refused_;  // tags of what the queue had no room for
  SendCounters counters_;
};

}  // namespace baton::kernel
