#include "kernel/echo_socket.h"

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/result.h"

namespace baton::kernel {

namespace {

// ICMP_FILTER of raw(7) and its header, which has no name outside the kernel's own headers: a set bit keeps a type out.
constexpr int icmp_filter_option = 1;

constexpr std::uint8_t request_v4 = ICMP_ECHO;
constexpr std::uint8_t request_v6 = ICMP6_ECHO_REQUEST;
constexpr std::uint8_t reply_v4 = ICMP_ECHOREPLY;
constexpr std::uint8_t reply_v6 = ICMP6_ECHO_REPLY;
constexpr std::size_t header_bytes = 8;
constexpr std::size_t checksum_at = 2;

SysResult<void> hear_replies_only(int fd, Family family) {
  int result = 0;
  if (family == Family::ipv4) {
    const std::uint32_t kept_out = ~(1U << reply_v4);
    result = ::setsockopt(fd, SOL_RAW, icmp_filter_option, &kept_out, sizeof(kept_out));
  } else {
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(reply_v6, &filter);
    result = ::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
  }
  if (result < 0) return last_error("filter ICMP");
  return {};
}

SysResult<void> connect_to(int fd, const IpAddress& to, const std::string& interface) {
  int result = 0;
  if (to.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, to.bytes().data(), to.size());
    result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    std::memcpy(&address.sin6_addr, to.bytes().data(), to.size());
    if (to.is_link_local()) address.sin6_scope_id = ::if_nametoindex(interface.c_str());
    result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  if (result < 0) return last_error("find a way to " + to_string(to));
  return {};
}

}  // namespace

SysResult<EchoSocket> EchoSocket::open(const IpAddress& to, const std::string& interface) {
  const int family = to.is_v4() ? AF_INET : AF_INET6;
  const int protocol = to.is_v4() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  UniqueFd fd(::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd) return last_error("open an ICMP socket");
  TRY_VOID(hear_replies_only(fd.get(), to.family()));
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(), static_cast<socklen_t>(interface.size())) <
      0) {
    return last_error("bind to " + interface);
  }
  TRY_VOID(connect_to(fd.get(), to, interface));
  std::uint64_t cookie = 0;
  if (::getrandom(&cookie, sizeof(cookie), GRND_NONBLOCK) != sizeof(cookie)) return last_error("draw a number");
  return EchoSocket(std::move(fd), to.family(), cookie);
}

SysResult<void> EchoSocket::ask() {
  Bytes packet;
  ByteWriter out(packet);
  out.u8(family_ == Family::ipv4 ? request_v4 : request_v6);
  out.u8(0);
  out.u16(0);
  out.u16(static_cast<std::uint16_t>(cookie_));
  out.u16(++sequence_);
  out.u64(cookie_);
  if (family_ == Family::ipv4) {  // the kernel fills in the other one
    InternetChecksum sum;
    sum.add(packet);
    out.put_u16(checksum_at, sum.value());
  }
  if (::send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return last_error("ask");
  return {};
}

bool EchoSocket::hears_answer() {
  bool hears = false;
  std::array<std::uint8_t, 256> packet{};
  for (int i = 0; i < limits::echoes_a_turn; ++i) {
    const ssize_t size = ::recv(fd_.get(), packet.data(), packet.size(), 0);
    if (size < 0) break;  // nothing more, or "unreachable": nobody is there
    hears = hears || is_answer(ByteView(packet).first(static_cast<std::size_t>(size)));
  }
  return hears;
}

bool EchoSocket::is_answer(ByteView packet) const {
  if (family_ == Family::ipv4) {  // with its header
    if (packet.empty()) return false;
    const std::size_t header = std::size_t{4} * (packet[0] & 0xfU);
    if (packet.size() < header) return false;
    packet = packet.subspan(header);
  }
  ByteReader in(packet);
  const std::uint8_t type = in.u8();
  in.skip(header_bytes - 1);
  const std::uint64_t cookie = in.u64();
  return in.ok() && type == (family_ == Family::ipv4 ? reply_v4 : reply_v6) && cookie == cookie_;
}

}  // namespace baton::kernel
