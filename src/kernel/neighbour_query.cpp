#include "kernel/neighbour_query.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "kernel/netlink_message.h"

namespace baton::kernel {

namespace {

using netlink::for_each_attribute;
using netlink::holds_address;
using netlink::to_address;

// Those who were heard, or are believed to be there.
constexpr std::uint16_t believed = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

std::optional<KnownNeighbour> to_neighbour(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWNEIGH || ::mnl_nlmsg_get_payload_len(message) < sizeof(ndmsg)) return std::nullopt;
  const auto* info = static_cast<const ndmsg*>(::mnl_nlmsg_get_payload(message));
  if ((info->ndm_state & believed) == 0 || (info->ndm_flags & NTF_PROXY) != 0) return std::nullopt;
  KnownNeighbour neighbour{.interface_index = static_cast<std::uint32_t>(info->ndm_ifindex)};
  bool has_address = false;
  bool has_mac = false;
  for_each_attribute(message, sizeof(ndmsg), [&](const nlattr* attribute) {
    const auto size = ::mnl_attr_get_payload_len(attribute);
    switch (::mnl_attr_get_type(attribute)) {
      case NDA_DST:
        has_address = holds_address(attribute);
        if (has_address) neighbour.address = to_address(attribute);
        break;
      case NDA_LLADDR:
        has_mac = size == neighbour.mac.bytes.size();
        if (has_mac) std::memcpy(neighbour.mac.bytes.data(), ::mnl_attr_get_payload(attribute), size);
        break;
      case NDA_CACHEINFO:
        if (size < sizeof(nda_cacheinfo)) break;
        neighbour.confirmed_ago = static_cast<const nda_cacheinfo*>(::mnl_attr_get_payload(attribute))->ndm_confirmed;
        break;
      default: break;
    }
  });
  if (!has_address || !has_mac || neighbour.address.is_multicast()) return std::nullopt;
  return neighbour;
}

}  // namespace

SysResult<NeighbourQuery> NeighbourQuery::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return last_error("open a netlink socket for neighbours");
  return NeighbourQuery(std::move(fd));
}

SysResult<std::optional<IpAddress>> NeighbourQuery::gateway(std::uint32_t interface_index, Family family) {
  // Only looked up: nothing is sent there.
  const IpAddress far_away =
      family == Family::ipv4 ? IpAddress::v4(0x01010101) : IpAddress::parse("2606:4700:4700::1111").value();
  std::array<char, 256> request{};
  nlmsghdr* message = ::mnl_nlmsg_put_header(request.data());
  message->nlmsg_type = RTM_GETROUTE;
  message->nlmsg_flags = NLM_F_REQUEST;
  message->nlmsg_seq = ++sequence_;
  auto* info = static_cast<rtmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  info->rtm_family = family == Family::ipv4 ? AF_INET : AF_INET6;
  info->rtm_dst_len = static_cast<unsigned char>(far_away.size() * 8);
  netlink::put_address(message, RTA_DST, far_away);
  ::mnl_attr_put_u32(message, RTA_OIF, interface_index);
  TRY_VOID(netlink::send_all(fd_.get(), message, message->nlmsg_len));

  std::optional<IpAddress> gateway;
  netlink::Buffer buffer;
  netlink::Messages answers(TRY(netlink::receive(fd_.get(), buffer, netlink::answer_timeout_ms)));
  while (const nlmsghdr* answer = answers.next()) {
    if (answer->nlmsg_seq != sequence_ || answer->nlmsg_type != RTM_NEWROUTE) continue;  // an error: no route
    for_each_attribute(answer, sizeof(rtmsg), [&](const nlattr* attribute) {
      if (::mnl_attr_get_type(attribute) == RTA_GATEWAY && holds_address(attribute)) gateway = to_address(attribute);
    });
  }
  return gateway;
}

SysResult<void> NeighbourQuery::ask() {
  std::array<char, 256> request{};
  nlmsghdr* message = ::mnl_nlmsg_put_header(request.data());
  message->nlmsg_type = RTM_GETNEIGH;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message->nlmsg_seq = ++sequence_;
  (void)::mnl_nlmsg_put_extra_header(message, sizeof(ndmsg));
  TRY_VOID(netlink::send_all(fd_.get(), message, message->nlmsg_len));
  reads_left_ = limits::neighbour_reads;
  return {};
}

SysResult<void> NeighbourQuery::read(const std::function<void(const KnownNeighbour&)>& take) {
  netlink::Buffer buffer;
  const auto datagram = netlink::receive(fd_.get(), buffer, 0);
  if (!datagram) {
    if (datagram.error().code != EAGAIN) reads_left_ = 0;
    return std::unexpected(datagram.error());
  }
  if (reads_left_ > 0) --reads_left_;
  netlink::Messages parts(*datagram);
  while (const nlmsghdr* part = parts.next()) {
    if (part->nlmsg_seq != sequence_) continue;
    if (part->nlmsg_type == NLMSG_DONE || part->nlmsg_type == NLMSG_ERROR) reads_left_ = 0;
    if (const auto neighbour = to_neighbour(part)) take(*neighbour);
  }
  return {};
}

}  // namespace baton::kernel
