#include "kernel/advert_socket.h"

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
constexpr std::size_t datagram_size = 2048;  // an advert of 255 addresses with AH and trailer has 1,100 (IPv4); longer is cut
constexpr std::size_t ipv6_datagram_size = 4352;  // 255 IPv6 addresses
constexpr int precedence = 0xc0;             // internetwork control, as every VRRP implementation sends
constexpr int priority_control = 7;          // TC_PRIO_CONTROL: the first band of every queue
constexpr int receive_buffer = 1024 * 1024;

union AnyAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

socklen_t put_address(AnyAddress& out, const IpAddress& address, std::uint32_t interface_index) {
  std::memset(&out, 0, sizeof(out));
  if (address.is_v4()) {
    out.v4.sin_family = AF_INET;
    std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t*>(&out.v4.sin_addr));
    return sizeof(out.v4);
  }
  out.v6.sin6_family = AF_INET6;
  std::ranges::copy(address.bytes(), out.v6.sin6_addr.s6_addr);
  if (address.is_link_local() || address.is_multicast()) out.v6.sin6_scope_id = interface_index;
  return sizeof(out.v6);
}

SysResult<void> set(int fd, int level, int option, int value, const char* what) {
  if (::setsockopt(fd, level, option, &value, sizeof(value)) < 0) return last_error(what);
  return {};
}

SysResult<void> join(int fd, const IpAddress& group, std::uint32_t interface_index, const std::string& interface) {
  if (group.is_v4()) {
    ip_mreqn request{};
    std::ranges::copy(group.bytes(), reinterpret_cast<std::uint8_t*>(&request.imr_multiaddr));
    request.imr_ifindex = static_cast<int>(interface_index);
    if (::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) == 0) return {};
  } else {
    ipv6_mreq request{};
    std::ranges::copy(group.bytes(), request.ipv6mr_multiaddr.s6_addr);
    request.ipv6mr_interface = interface_index;
    if (::setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request)) == 0) return {};
  }
  return last_error(fmt::format("join {} on {}", to_string(group), interface));
}

// Ancillary data of a received IPv6 datagram.
void read_control(msghdr& header, ReceivedDatagram& datagram) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != IPPROTO_IPV6) continue;
    if (part->cmsg_type == IPV6_HOPLIMIT) {
      int hop_limit = 0;
      std::memcpy(&hop_limit, CMSG_DATA(part), sizeof(hop_limit));
      datagram.hop_limit = static_cast<std::uint8_t>(hop_limit);
    } else if (part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      datagram.destination = IpAddress::from_bytes(info.ipi6_addr.s6_addr);
    }
  }
}

}  // namespace

SysResult<AdvertSocket> AdvertSocket::open(AdvertSocketOptions options) {
  AdvertSocket socket(std::move(options));
  TRY_VOID(socket.set_up());
  return socket;
}

SysResult<void> AdvertSocket::set_up() {
  const bool v4 = options_.family == Family::ipv4;
  fd_ = UniqueFd(::socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, options_.protocol));
  if (!fd_) return last_error(fmt::format("open a raw socket for protocol {}", options_.protocol));
  const int fd = fd_.get();
  // The filter first: nothing that is not for us may be queued before it is there.
  TRY_VOID(attach_filter(fd, advert_filter(options_.family, options_.protocol == IPPROTO_AH, options_.vrids)));
  if (!options_.interface.empty() &&
      ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options_.interface.c_str(),
                   static_cast<socklen_t>(options_.interface.size())) < 0) {
    return last_error(fmt::format("bind a raw socket to {}", options_.interface));
  }
  (void)set(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer, "");  // the default size works too
  TRY_VOID(set(fd, SOL_SOCKET, SO_PRIORITY, priority_control, "set the priority of a raw socket"));
  if (v4) {
    TRY_VOID(set(fd, IPPROTO_IP, IP_HDRINCL, 1, "IP_HDRINCL"));
    TRY_VOID(set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP"));
    TRY_VOID(set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL"));
    ip_mreqn device{};
    device.imr_ifindex = static_cast<int>(options_.interface_index);
    if (options_.interface_index != 0 && ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &device, sizeof(device)) < 0) {
      return last_error(fmt::format("send multicast through {}", options_.interface));
    }
  } else {
    constexpr int vrrp_checksum_offset = 6;
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP"));
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL"));
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255, "IPV6_MULTICAST_HOPS"));
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_TCLASS, precedence, "IPV6_TCLASS"));
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_CHECKSUM, vrrp_checksum_offset, "IPV6_CHECKSUM"));
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"));
    TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"));
    if (options_.interface_index != 0) {
      TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(options_.interface_index), "IPV6_MULTICAST_IF"));
    }
  }
  for (const IpAddress& group : options_.groups) {
    TRY_VOID(join(fd, group, options_.interface_index, options_.interface));
  }
  return {};
}

bool AdvertSocket::receive(const std::function<void(const ReceivedDatagram&)>& take) {
  const std::size_t size = options_.family == Family::ipv4 ? datagram_size : ipv6_datagram_size;
  static thread_local std::vector<std::uint8_t> memory(batch * ipv6_datagram_size);
  std::array<mmsghdr, batch> headers{};
  std::array<iovec, batch> vectors{};
  std::array<AnyAddress, batch> sources{};
  alignas(cmsghdr) static thread_local std::array<std::array<std::uint8_t, 128>, batch> controls;
  for (std::size_t i = 0; i < batch; ++i) {
    vectors[i] = {.iov_base = memory.data() + i * size, .iov_len = size};
    headers[i].msg_hdr = {.msg_name = &sources[i],
                          .msg_namelen = sizeof(sources[i]),
                          .msg_iov = &vectors[i],
                          .msg_iovlen = 1,
                          .msg_control = controls[i].data(),
                          .msg_controllen = controls[i].size(),
                          .msg_flags = 0};
  }
  const int count = ::recvmmsg(fd_.get(), headers.data(), batch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return true;  // EAGAIN; ENETDOWN is told by netlink as well
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    ReceivedDatagram datagram{.bytes = ByteView(memory).subspan(i * size, headers[i].msg_len)};
    if (options_.family == Family::ipv6) {
      datagram.source = IpAddress::from_bytes(sources[i].v6.sin6_addr.s6_addr);
      read_control(headers[i].msg_hdr, datagram);
    }
    take(datagram);
  }
  return static_cast<std::size_t>(count) < batch;
}

void AdvertSocket::send(const IpAddress& destination, Bytes bytes, std::uint8_t hop_limit) {
  queue_.push_back({.destination = destination, .bytes = std::move(bytes), .hop_limit = hop_limit});
}

void AdvertSocket::flush() {
  std::array<mmsghdr, batch> headers;
  std::array<iovec, batch> vectors;
  std::array<AnyAddress, batch> destinations;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, CMSG_SPACE(sizeof(int))>, batch> controls;
  for (std::size_t begin = 0; begin < queue_.size();) {
    const std::size_t count = std::min(batch, queue_.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      Queued& queued = queue_[begin + i];
      vectors[i] = {.iov_base = queued.bytes.data(), .iov_len = queued.bytes.size()};
      headers[i] = {};
      headers[i].msg_hdr.msg_name = &destinations[i];
      headers[i].msg_hdr.msg_namelen = put_address(destinations[i], queued.destination, options_.interface_index);
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      if (options_.family == Family::ipv6) {
        controls[i].fill(0);
        headers[i].msg_hdr.msg_control = controls[i].data();
        headers[i].msg_hdr.msg_controllen = controls[i].size();
        cmsghdr* part = CMSG_FIRSTHDR(&headers[i].msg_hdr);
        part->cmsg_level = IPPROTO_IPV6;
        part->cmsg_type = IPV6_HOPLIMIT;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        const int hop_limit = queued.hop_limit;
        std::memcpy(CMSG_DATA(part), &hop_limit, sizeof(hop_limit));
      }
    }
    const int sent = ::sendmmsg(fd_.get(), headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      counters_.sent += static_cast<std::uint64_t>(sent);
      begin += static_cast<std::size_t>(sent);
      continue;
    }
    // The first of the rest cannot leave (interface down, queue full): it is lost like a frame on the wire.
    counters_.last_error = errno;
    ++counters_.failed;
    ++begin;
  }
  queue_.clear();
}

}  // namespace baton::kernel
