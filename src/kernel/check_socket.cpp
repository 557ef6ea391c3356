#include "kernel/check_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/result.h"

namespace baton::kernel {

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port, unsigned interface_index) {
  SocketAddress made;
  if (address.is_v4()) {
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(made.storage);
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    std::memcpy(&ipv4.sin_addr, address.bytes().data(), address.size());
    made.size = sizeof(ipv4);
    return made;
  }
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(made.storage);
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  std::memcpy(&ipv6.sin6_addr, address.bytes().data(), address.size());
  if (address.is_link_local()) ipv6.sin6_scope_id = interface_index;
  made.size = sizeof(ipv6);
  return made;
}

template <typename Value>
bool set_option(int fd, int level, int name, const Value& value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

SysResult<UniqueFd> open_socket(CheckSocket kind, bool is_v4) {
  const int family = is_v4 ? AF_INET : AF_INET6;
  const int type = kind == CheckSocket::stream ? SOCK_STREAM : SOCK_DGRAM;
  const int protocol = kind != CheckSocket::ping ? 0 : is_v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  UniqueFd fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd) return last_error("open a socket");
  // So that a router's "unreachable" is heard, not only the server's own.
  if (kind != CheckSocket::stream) {
    (void)set_option(fd.get(), is_v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, is_v4 ? IP_RECVERR : IPV6_RECVERR, 1);
  }
  return fd;
}

SysResult<void> set_interface(int fd, const std::string& name) {
  if (name.empty()) return {};
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), static_cast<socklen_t>(name.size())) < 0) {
    return last_error("bind to " + name);
  }
  return {};
}

// Its index; 0: any. The socket itself tells it: whoever checks may open no netlink socket and call no ioctl().
SysResult<unsigned> interface_index(int fd, const std::string& name) {
  int index = 0;
  if (name.empty()) return 0;
  socklen_t size = sizeof(index);
  if (::getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &size) < 0) return last_error("look for " + name);
  return static_cast<unsigned>(index);
}

SysResult<void> set_source(int fd, CheckSocket kind, const CheckEndpoint& endpoint) {
  const auto port = kind == CheckSocket::ping ? std::uint16_t{0} : endpoint.source_port;
  if (!endpoint.source && port == 0) return {};
  const IpAddress any = endpoint.address.is_v4() ? IpAddress() : *IpAddress::parse("::");
  const IpAddress source = endpoint.source.value_or(any);
  // The port of the check before may linger.
  if (port != 0) (void)set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (port == 0 && kind != CheckSocket::ping) (void)set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const unsigned index = TRY(interface_index(fd, endpoint.interface));
  const SocketAddress address = socket_address(source, port, index);
  if (::bind(fd, address.get(), address.size) < 0) return last_error("bind to " + to_string(source));
  return {};
}

}  // namespace

SysResult<UniqueFd> open_check_socket(CheckSocket kind, const CheckEndpoint& endpoint) {
  UniqueFd fd = TRY(open_socket(kind, endpoint.address.is_v4()));
  if (endpoint.mark != 0 && !set_option(fd.get(), SOL_SOCKET, SO_MARK, endpoint.mark)) return last_error("set fwmark");
  TRY_VOID(set_interface(fd.get(), endpoint.interface));
  TRY_VOID(set_source(fd.get(), kind, endpoint));
  return fd;
}

SysResult<void> connect_check_socket(int fd, CheckSocket kind, const CheckEndpoint& endpoint) {
  const unsigned index = TRY(interface_index(fd, endpoint.interface));
  const std::uint16_t port = kind == CheckSocket::ping ? std::uint16_t{0} : endpoint.port;
  const SocketAddress address = socket_address(endpoint.address, port, index);
  if (::connect(fd, address.get(), address.size) < 0 && errno != EINPROGRESS) return last_error("connect");
  return {};
}

int socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

bool is_writable(int fd) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

SysResult<std::size_t> send_some(int fd, const char* bytes, std::size_t size) {
  const ssize_t sent = ::send(fd, bytes, size, MSG_NOSIGNAL);
  if (sent < 0) return last_error("send");
  return static_cast<std::size_t>(sent);
}

SysResult<std::size_t> receive_some(int fd, char* bytes, std::size_t size) {
  const ssize_t came = ::recv(fd, bytes, size, 0);
  if (came < 0) return last_error("receive");
  return static_cast<std::size_t>(came);
}

SysResult<void> allow_many_sockets() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return last_error("read the limit of descriptors");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) return last_error("raise the limit of descriptors");
  return {};
}

SysResult<void> allow_ping() {
  if (const UniqueFd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP)); probe) return {};
  constexpr const char* path = "/proc/sys/net/ipv4/ping_group_range";
  const UniqueFd file(::open(path, O_RDWR | O_CLOEXEC));
  if (!file) return last_error("open ping_group_range");
  std::array<char, 64> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size() - 1);
  if (size < 0) return last_error("read ping_group_range");
  unsigned first = 1;
  unsigned last = 0;
  const char* const end = text.data() + size;
  const char* next = std::from_chars(text.data(), end, first).ptr;
  while (next != end && (*next == ' ' || *next == '\t')) ++next;
  (void)std::from_chars(next, end, last);
  // Wider than it was: whoever could, still can.
  const unsigned group = ::getegid();
  const bool was_empty = first > last;
  const std::string range = std::to_string(was_empty ? group : std::min(first, group)) + " " +
                            std::to_string(was_empty ? group : std::max(last, group));
  if (::pwrite(file.get(), range.data(), range.size(), 0) < 0) return last_error("widen ping_group_range");
  return {};
}

}  // namespace baton::kernel
