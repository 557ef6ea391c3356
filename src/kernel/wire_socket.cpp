#include "kernel/wire_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/result.h"
#include "kernel/packet_filter.h"

namespace baton::kernel {

namespace {

constexpr std::size_t frame_size = 9216;
constexpr int frames_a_call = 256;
constexpr int receive_buffer = 4 * 1024 * 1024;

constexpr sock_filter statement(unsigned code, std::uint32_t value) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = value};
}
constexpr sock_filter jump(std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
  return {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = if_true, .jf = if_false, .k = value};
}

// ARP, IPv4 protocols 112 and 51, IPv6 protocol 112, neighbour advertisements; nothing that came with a VLAN's tag,
// which belongs to another interface.
constexpr std::uint32_t vlan_tag = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);
constexpr std::array filter = {
    statement(BPF_LD | BPF_B | BPF_ABS, vlan_tag),  // 0
    jump(0, 0, 13),
    statement(BPF_LD | BPF_H | BPF_ABS, 12),  // 2: ethertype
    jump(ETH_P_ARP, 10, 0),
    jump(ETH_P_IP, 0, 3),
    statement(BPF_LD | BPF_B | BPF_ABS, 23),  // 5: IPv4 protocol
    jump(112, 7, 0),
    jump(51, 6, 7),
    jump(ETH_P_IPV6, 0, 6),
    statement(BPF_LD | BPF_B | BPF_ABS, 20),  // 9: IPv6 next header
    jump(112, 3, 0),
    jump(58, 0, 3),
    statement(BPF_LD | BPF_B | BPF_ABS, 54),  // 12: ICMPv6 type
    jump(136, 0, 1),
    statement(BPF_RET | BPF_K, 0xffffffff),  // 14
    statement(BPF_RET | BPF_K, 0),
};

// RFC 1112 §6.4, RFC 2464 §7.
packet_mreq membership(const IpAddress& group, std::uint32_t interface_index) {
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(interface_index);
  request.mr_type = PACKET_MR_MULTICAST;
  request.mr_alen = ETH_ALEN;
  const ByteView bytes = group.bytes();
  if (group.is_v4()) {
    std::ranges::copy(std::array<std::uint8_t, 3>{0x01, 0x00, 0x5e}, request.mr_address);
    request.mr_address[3] = bytes[1] & 0x7f;
    std::ranges::copy(bytes.last(2), request.mr_address + 4);
  } else {
    std::ranges::fill_n(request.mr_address, 2, std::uint8_t{0x33});
    std::ranges::copy(bytes.last(4), request.mr_address + 2);
  }
  return request;
}

}  // namespace

SysResult<WireSocket> WireSocket::open(const std::string& interface, std::uint32_t interface_index,
                                       std::span<const IpAddress> groups) {
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // protocol 0: deaf until bound
  if (!fd) return last_error("open a packet socket");
  TRY_VOID(attach_filter(fd.get(), filter));
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));  // less is possible
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(interface_index);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return last_error(fmt::format("listen on {}", interface));
  }
  for (const IpAddress& group : groups) {
    const packet_mreq request = membership(group, interface_index);
    // An interface that refuses may hear the group all the same: whoever runs VRRP there has joined it.
    (void)::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request));
  }
  return WireSocket(std::move(fd));
}

void WireSocket::receive(const std::function<void(ByteView frame, bool is_ours)>& take) {
  std::vector<std::uint8_t> frame(frame_size);
  for (int i = 0; i < frames_a_call; ++i) {
    sockaddr_ll from{};
    socklen_t length = sizeof(from);
    const ssize_t size =
        ::recvfrom(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return;
    take(ByteView(frame).first(static_cast<std::size_t>(size)), from.sll_pkttype == PACKET_OUTGOING);
  }
}

SysResult<void> WireSocket::send(ByteView frame) {
  if (::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return last_error("send a probe");
  return {};
}

}  // namespace baton::kernel
