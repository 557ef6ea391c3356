#include "kernel/bfd_socket.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/result.h"

namespace baton::kernel {

namespace {

constexpr std::size_t batch = 32;
constexpr std::size_t datagram_size = 256;  // a packet's length field has one byte
constexpr int precedence = 0xc0;            // internetwork control, as of adverts
constexpr int priority_control = 7;         // TC_PRIO_CONTROL: the first band of every queue
constexpr int receive_buffer = 1024 * 1024;
constexpr int least_buffer = 1;  // the kernel has a least of its own

union AnyAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// `address`: nullopt is any.
socklen_t put_address(AnyAddress& out, Family family, const std::optional<IpAddress>& address, std::uint16_t port) {
  std::memset(&out, 0, sizeof(out));
  if (family == Family::ipv4) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(port);
    if (address) std::ranges::copy(address->bytes(), reinterpret_cast<std::uint8_t*>(&out.v4.sin_addr));
    return sizeof(out.v4);
  }
  out.v6.sin6_family = AF_INET6;
  out.v6.sin6_port = htons(port);
  if (address) std::ranges::copy(address->bytes(), out.v6.sin6_addr.s6_addr);
  return sizeof(out.v6);
}

SysResult<void> set(int fd, int level, int option, int value, const char* what) {
  if (::setsockopt(fd, level, option, &value, sizeof(value)) < 0) return last_error(what);
  return {};
}

SysResult<UniqueFd> open_socket(Family family) {
  UniqueFd fd(::socket(family == Family::ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error("open a socket for BFD");
  if (family == Family::ipv6) TRY_VOID(set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"));
  return fd;
}

// Of the sockets of one user that share a port, all datagrams go to the second: whoever came last, while an heir and
// the one before it listen both. Where there is no second the kernel chooses the only one (socket(7), SO_REUSEPORT).
SysResult<void> prefer_the_last(int fd) {
  constexpr std::uint32_t second = 1;
  sock_filter instruction = BPF_STMT(BPF_RET | BPF_K, second);
  const sock_fprog program{.len = 1, .filter = &instruction};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) < 0) {
    return last_error("SO_ATTACH_REUSEPORT_CBPF");
  }
  return {};
}

void read_control(msghdr& header, BfdDatagram& datagram) {
  const auto number = [](const cmsghdr* part) {
    int value = 0;
    std::memcpy(&value, CMSG_DATA(part), sizeof(value));
    return static_cast<std::uint8_t>(value);
  };
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TTL) {
      datagram.ttl = number(part);
    } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      datagram.destination = IpAddress::v4(ntohl(info.ipi_addr.s_addr));
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_HOPLIMIT) {
      datagram.ttl = number(part);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      datagram.destination = IpAddress::from_bytes(info.ipi6_addr.s6_addr);
    }
  }
}

}  // namespace

SysResult<BfdListener> BfdListener::open(Family family, std::uint16_t port) {
  UniqueFd fd = TRY(open_socket(family));
  // With SO_REUSEADDR any user could listen beside us, and would hear everything. This one asks for the same user.
  TRY_VOID(set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT"));
  if (family == Family::ipv4) {
    TRY_VOID(set(fd.get(), IPPROTO_IP, IP_RECVTTL, 1, "IP_RECVTTL"));
    TRY_VOID(set(fd.get(), IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO"));
  } else {
    TRY_VOID(set(fd.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"));
    TRY_VOID(set(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"));
  }
  // The default size works too.
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer));
  AnyAddress address{};
  const socklen_t size = put_address(address, family, std::nullopt, port);
  if (::bind(fd.get(), &address.generic, size) < 0) {
    return last_error(fmt::format("listen for BFD on UDP port {}", port));
  }
  TRY_VOID(prefer_the_last(fd.get()));
  return BfdListener(family, std::move(fd));
}

bool BfdListener::receive(const std::function<void(const BfdDatagram&)>& take) const {
  std::array<std::array<std::uint8_t, datagram_size>, batch> memory;
  std::array<mmsghdr, batch> headers{};
  std::array<iovec, batch> vectors{};
  std::array<AnyAddress, batch> sources{};
  alignas(cmsghdr) std::array<std::array<std::uint8_t, 128>, batch> controls;
  for (std::size_t i = 0; i < batch; ++i) {
    vectors[i] = {.iov_base = memory[i].data(), .iov_len = datagram_size};
    headers[i].msg_hdr = {.msg_name = &sources[i],
                          .msg_namelen = sizeof(sources[i]),
                          .msg_iov = &vectors[i],
                          .msg_iovlen = 1,
                          .msg_control = controls[i].data(),
                          .msg_controllen = controls[i].size(),
                          .msg_flags = 0};
  }
  const int count = ::recvmmsg(fd_.get(), headers.data(), batch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return true;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    BfdDatagram datagram{.bytes = ByteView(memory[i]).first(headers[i].msg_len)};
    datagram.source = family_ == Family::ipv4 ? IpAddress::v4(ntohl(sources[i].v4.sin_addr.s_addr))
                                              : IpAddress::from_bytes(sources[i].v6.sin6_addr.s6_addr);
    read_control(headers[i].msg_hdr, datagram);
    take(datagram);
  }
  return static_cast<std::size_t>(count) < batch;
}

SysResult<BfdSender> BfdSender::open(Family family, std::optional<IpAddress> source, std::uint16_t source_port,
                                     std::uint8_t ttl) {
  UniqueFd fd = TRY(open_socket(family));
  TRY_VOID(set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));  // an heir goes on from the same port
  if (family == Family::ipv4) {
    TRY_VOID(set(fd.get(), IPPROTO_IP, IP_TTL, ttl, "IP_TTL"));
    TRY_VOID(set(fd.get(), IPPROTO_IP, IP_TOS, precedence, "IP_TOS"));
    TRY_VOID(set(fd.get(), IPPROTO_IP, IP_FREEBIND, 1, "IP_FREEBIND"));
  } else {
    TRY_VOID(set(fd.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, "IPV6_UNICAST_HOPS"));
    TRY_VOID(set(fd.get(), IPPROTO_IPV6, IPV6_TCLASS, precedence, "IPV6_TCLASS"));
    TRY_VOID(set(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND"));
  }
  (void)set(fd.get(), SOL_SOCKET, SO_RCVBUF, least_buffer, "SO_RCVBUF");  // nobody reads what is sent to its port
  (void)set(fd.get(), SOL_SOCKET, SO_PRIORITY, priority_control, "SO_PRIORITY");  // who may not is in the next band
  AnyAddress address{};
  const socklen_t size = put_address(address, family, source, source_port);
  if (::bind(fd.get(), &address.generic, size) < 0) {
    return last_error(
        fmt::format("bind a socket for BFD to {} port {}", source ? to_string(*source) : "any address", source_port));
  }
  return BfdSender(std::move(fd));
}

SysResult<void> BfdSender::send(const IpAddress& destination, std::uint16_t port, ByteView bytes) const {
  AnyAddress address{};
  const socklen_t size = put_address(address, destination.family(), destination, port);
  const auto sent =
      ::sendto(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, &address.generic, size);
  if (sent < 0) return last_error("send");
  return {};
}

}  // namespace baton::kernel
