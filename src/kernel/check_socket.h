// The socket of one try of a health check: connected, or about to be, never blocking. It needs no capability, but for a
// mark (CAP_NET_ADMIN), a source port below 1024 (CAP_NET_BIND_SERVICE), and a ping where the group may not
// (ping_group_range of icmp(7)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

struct CheckEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::optional<IpAddress> source;
  std::uint16_t source_port = 0;  // 0: any
  std::string interface;          // empty: any; link-local addresses are on it
  std::uint32_t mark = 0;
};

enum class CheckSocket : std::uint8_t { stream, datagram, ping };

// One that goes out as the endpoint says. EPERM, EADDRNOTAVAIL, EADDRINUSE, ENODEV: what it wants of this machine
// cannot be had.
SysResult<UniqueFd> open_check_socket(CheckSocket kind, const CheckEndpoint& endpoint);
// To the server. A stream may be connecting still: writable says that it is, or is not, and socket_error() which.
// EADDRNOTAVAIL, EAGAIN: no port is left for another connection to it.
SysResult<void> connect_check_socket(int fd, CheckSocket kind, const CheckEndpoint& endpoint);

// What has gone wrong since it was asked last; 0: nothing (SO_ERROR of socket(7)).
int socket_error(int fd);

// Whether it takes bytes now; of a stream that is connecting: whether it is decided.
bool is_writable(int fd);

// 0 or more: bytes that went or came, 0 from receive of a stream: the other side has closed. Nothing yet: EAGAIN.
SysResult<std::size_t> send_some(int fd, const char* bytes, std::size_t size);
SysResult<std::size_t> receive_some(int fd, char* bytes, std::size_t size);

// As many descriptors as this process may have at all: its soft limit becomes its hard one (getrlimit(2)).
SysResult<void> allow_many_sockets();

// Lets this process's group open ping sockets in this network namespace (ping_group_range); nothing to do where it may.
SysResult<void> allow_ping();

}  // namespace baton::kernel
