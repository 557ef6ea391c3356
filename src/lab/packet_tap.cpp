#include "lab/packet_tap.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "lab/clock.h"

namespace baton::lab {
namespace {

constexpr int frames_a_read = 512;

// Jumps count from the following line. The EtherType is at 12, the IPv4 protocol at 23, the IPv6 next header at 20.
SysResult<void> attach(int fd, TapFilter filter) {
  const std::uint32_t first = filter == TapFilter::vrrp ? 112 : IPPROTO_ICMP;
  const std::uint32_t second = filter == TapFilter::vrrp ? IPPROTO_AH : IPPROTO_ICMP;
  const std::uint32_t v6 = filter == TapFilter::vrrp ? 112 : IPPROTO_ICMPV6;
  std::array<sock_filter, 10> program{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 4, 3),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, v6, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
  }};
  const sock_fprog code{.len = program.size(), .filter = program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &code, sizeof(code)) != 0) return last_error("attach a filter");
  return {};
}

}  // namespace

SysResult<PacketTap> PacketTap::open(const std::string& interface, TapFilter filter) {
  UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // protocol 0: deaf until bound
  if (!fd) return last_error("open a packet socket");
  if (auto attached = attach(fd.get(), filter); !attached) return std::unexpected(attached.error());
  const int yes = 1;
  const int size = 8 << 20;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) != 0)
    return last_error("ask for time stamps");
  if (setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) != 0) {
    return last_error("leave out outgoing frames");
  }
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));  // smaller works too
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (address.sll_ifindex == 0) return last_error("find interface " + interface);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return last_error("listen on " + interface);
  }
  return PacketTap(std::move(fd));
}

void PacketTap::read(const std::function<void(ByteView, Instant)>& handle) {
  for (int i = 0; i < frames_a_read; ++i) {
    std::array<std::uint8_t, 2048> frame;
    alignas(cmsghdr) std::array<std::uint8_t, 128> control;
    iovec vector{.iov_base = frame.data(), .iov_len = frame.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(fd_.get(), &message, 0);
    if (size < 0) return;
    Instant at = now();
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof(stamp));
      at = from_wall(stamp);
    }
    handle(ByteView(frame).first(static_cast<std::size_t>(size)), at);
  }
}

}  // namespace baton::lab
