// The sockets of BFD (RFC 5881, RFC 5883): one a family and port hears all sessions, each session has one of its own to
// speak with, from a port of its own. UDP, and neither ever blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

struct BfdDatagram {
  ByteView bytes;  // what is longer than a packet can be is cut
  IpAddress source;
  IpAddress destination;
  std::uint8_t ttl = 0;
};

class BfdListener {
 public:
  // Another process of ours may hear still: what comes from now on is ours. EADDRINUSE: another BFD speaks here.
  static SysResult<BfdListener> open(Family family, std::uint16_t port);

  int fd() const { return fd_.get(); }
  // Hands over what has come, at most one batch; false when there may be more.
  bool receive(const std::function<void(const BfdDatagram&)>& take) const;

 private:
  BfdListener(Family family, UniqueFd fd) : family_(family), fd_(std::move(fd)) {}

  Family family_;
  UniqueFd fd_;
};

class BfdSender {
 public:
  // `source`: need not be on this host yet; nullopt: whatever routing takes. EADDRINUSE: the port is somebody else's.
  static SysResult<BfdSender> open(Family family, std::optional<IpAddress> source, std::uint16_t source_port,
                                   std::uint8_t ttl);

  // Lost like a packet on the wire where it fails.
  SysResult<void> send(const IpAddress& destination, std::uint16_t port, ByteView bytes) const;

 private:
  explicit BfdSender(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace baton::kernel
