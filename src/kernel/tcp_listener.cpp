#include "kernel/tcp_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace baton::kernel {

namespace {

bool is_loopback(const IpAddress& address) {
  if (address.is_v4()) return address.v4_host_order() >> 24 == IN_LOOPBACKNET;
  return address == *IpAddress::parse("::1");
}

}  // namespace

SysResult<TcpListener> TcpListener::open(const IpAddress& address, std::uint16_t port) {
  const std::string act = "listen at " + to_string(address) + " port " + std::to_string(port);
  if (!is_loopback(address)) return std::unexpected(SysError{act, EADDRNOTAVAIL});
  UniqueFd fd(::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error("open a TCP socket");
  const int yes = 1;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (address.is_v4()) {
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    std::memcpy(&ipv4.sin_addr, address.bytes().data(), address.size());
    size = sizeof(ipv4);
  } else {
    auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage);
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    std::memcpy(&ipv6.sin6_addr, address.bytes().data(), address.size());
    size = sizeof(ipv6);
  }
  constexpr int waiting_clients = 64;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) < 0 ||
      ::listen(fd.get(), waiting_clients) < 0) {
    return last_error(act);
  }
  return TcpListener(std::move(fd));
}

std::uint16_t TcpListener::port() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size) < 0) return 0;
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(storage).sin_port
                                            : reinterpret_cast<sockaddr_in6&>(storage).sin6_port);
}

UniqueFd TcpListener::accept() const {
  return UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

}  // namespace baton::kernel
