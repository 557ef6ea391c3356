#include "kernel/advert_socket.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/result.h"

namespace baton::kernel {

namespace {

constexpr std::size_t batch = 32;
constexpr std::size_t datagram_size =
    2048;  // an advert of 255 addresses with AH and trailer has 1,100 (IPv4); longer is cut
constexpr std::size_t ipv6_datagram_size = 4352;  // 255 IPv6 addresses
constexpr int precedence = 0xc0;                  // internetwork control, as every VRRP implementation sends
constexpr int priority_control = 7;               // TC_PRIO_CONTROL: the first band of every queue
constexpr int receive_buffer = 1024 * 1024;
constexpr int send_buffer = 4 * 1024 * 1024;  // a thousand adverts in one flush

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

SysResult<void> bind_to_interface(int fd, const std::string& interface) {
  const auto size = static_cast<socklen_t>(interface.size());
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), size) == 0) return {};
  return last_error(fmt::format("bind a raw socket to {}", interface));
}

// What came from other interfaces before the socket was bound.
void drain(int fd) {
  constexpr int most = 10'000;  // the receive buffer holds fewer
  char byte = 0;
  for (int i = 0; i < most && ::recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0; ++i) {
  }
}

SysResult<void> set_up_ipv4(int fd, const AdvertSocketOptions& options) {
  TRY_VOID(set(fd, IPPROTO_IP, IP_HDRINCL, 1, "IP_HDRINCL"));
  TRY_VOID(set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP"));
  TRY_VOID(set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL"));
  if (options.interface_index == 0) return {};
  ip_mreqn device{};
  device.imr_ifindex = static_cast<int>(options.interface_index);
  if (::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &device, sizeof(device)) == 0) return {};
  return last_error(fmt::format("send multicast through {}", options.interface));
}

SysResult<void> set_up_ipv6(int fd, const AdvertSocketOptions& options) {
  constexpr int vrrp_checksum_offset = 6;  // the kernel fills it in, and drops what comes with a wrong one
  TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_CHECKSUM, vrrp_checksum_offset, "IPV6_CHECKSUM"));
  TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP"));
  TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL"));
  TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_TCLASS, precedence, "IPV6_TCLASS"));
  TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"));
  TRY_VOID(set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"));
  if (options.interface_index == 0) return {};
  return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(options.interface_index), "IPV6_MULTICAST_IF");
}

// Ancillary data of an IPv6 datagram: where it leaves from, how far it goes.
class Control {
 public:
  void attach_to(msghdr& header) {
    bytes_.fill(0);
    header.msg_control = bytes_.data();
    header.msg_controllen = bytes_.size();
    next_ = CMSG_FIRSTHDR(&header);
    size_ = 0;
  }
  template <typename Value>
  void put(msghdr& header, int type, const Value& value) {
    next_->cmsg_level = IPPROTO_IPV6;
    next_->cmsg_type = type;
    next_->cmsg_len = CMSG_LEN(sizeof(value));
    std::memcpy(CMSG_DATA(next_), &value, sizeof(value));
    size_ += CMSG_SPACE(sizeof(value));
    next_ = CMSG_NXTHDR(&header, next_);
  }
  std::size_t size() const { return size_; }

 private:
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(in6_pktinfo))> bytes_;
  cmsghdr* next_ = nullptr;
  std::size_t size_ = 0;
};

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
  // Closed until it is bound: an advert of the same VRID on another interface must not be taken for one of ours.
  TRY_VOID(attach_filter(fd, drop_all_filter()));
  if (!options_.interface.empty()) TRY_VOID(bind_to_interface(fd, options_.interface));
  drain(fd);
  // The default sizes work too.
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer));
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer));
  TRY_VOID(set(fd, SOL_SOCKET, SO_PRIORITY, priority_control, "set the priority of a raw socket"));
  TRY_VOID(v4 ? set_up_ipv4(fd, options_) : set_up_ipv6(fd, options_));
  for (const IpAddress& group : options_.groups) {
    TRY_VOID(join(fd, group, options_.interface_index, options_.interface));
  }
  return set_vrids(options_.vrids);
}

SysResult<void> AdvertSocket::set_vrids(const VridSet& vrids) {
  options_.vrids = vrids;
  return attach_filter(fd_.get(), advert_filter(options_.family, options_.protocol == IPPROTO_AH, vrids));
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

void AdvertSocket::send(const IpAddress& destination, ByteView bytes, std::uint8_t hop_limit,
                        std::optional<IpAddress> source, std::uint32_t tag) {
  if (queue_.size() >= limits::queued_datagrams) {
    ++counters_.failed;
    counters_.last_error = ENOBUFS;
    refused_.push_back(tag);
    return;
  }
  queue_.push_back({.destination = destination,
                    .source = source,
                    .begin = bytes_.size(),
                    .size = bytes.size(),
                    .hop_limit = hop_limit,
                    .tag = tag});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void AdvertSocket::flush(const Result& result) {
  for (std::size_t begin = 0; begin < queue_.size();) {
    const std::size_t count = std::min(batch, queue_.size() - begin);
    const int sent = send_batch(std::span(queue_).subspan(begin, count));
    if (sent > 0) {
      counters_.sent += static_cast<std::uint64_t>(sent);
      for (const std::size_t end = begin + static_cast<std::size_t>(sent); begin < end; ++begin) {
        if (result) result(queue_[begin].tag, 0);
      }
      continue;
    }
    // The first of the rest cannot leave (interface down, queue full): it is lost like a frame on the wire.
    counters_.last_error = errno;
    ++counters_.failed;
    if (result) result(queue_[begin].tag, counters_.last_error);
    ++begin;
  }
  queue_.clear();
  bytes_.clear();
  for (const std::uint32_t tag : std::exchange(refused_, {})) {
    if (result) result(tag, ENOBUFS);
  }
}

void AdvertSocket::withdraw(const std::function<bool(std::uint32_t tag)>& is_meant) {
  std::erase_if(queue_, [&](const Queued& datagram) { return is_meant(datagram.tag); });
}

// As sendmmsg(2): how many of the first have left, or -1.
int AdvertSocket::send_batch(std::span<const Queued> datagrams) {
  std::array<mmsghdr, batch> headers{};
  std::array<iovec, batch> vectors;
  std::array<AnyAddress, batch> destinations;
  std::array<Control, batch> controls;
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    const Queued& datagram = datagrams[i];
    msghdr& header = headers[i].msg_hdr;
    vectors[i] = {.iov_base = bytes_.data() + datagram.begin, .iov_len = datagram.size};
    header.msg_name = &destinations[i];
    header.msg_namelen = put_address(destinations[i], datagram.destination, options_.interface_index);
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
    if (options_.family == Family::ipv4) continue;  // its header is in the bytes
    controls[i].attach_to(header);
    controls[i].put(header, IPV6_HOPLIMIT, static_cast<int>(datagram.hop_limit));
    if (datagram.source) {
      in6_pktinfo info{};
      std::ranges::copy(datagram.source->bytes(), info.ipi6_addr.s6_addr);
      info.ipi6_ifindex = options_.interface_index;
      controls[i].put(header, IPV6_PKTINFO, info);
    }
    header.msg_controllen = controls[i].size();
  }
  const auto count = static_cast<unsigned>(datagrams.size());
  return ::sendmmsg(fd_.get(), headers.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace baton::kernel
