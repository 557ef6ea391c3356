#include "kernel/host_look.h"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "base/unique_fd.h"
#include "kernel/netlink_decode.h"
#include "kernel/netlink_dump.h"

namespace baton::kernel {

namespace {

using netlink::for_each_nested;

std::uint8_t to_byte(const nlattr* attribute) {
  return ::mnl_attr_get_payload_len(attribute) < 1 ? std::uint8_t{0} : ::mnl_attr_get_u8(attribute);
}

BridgeDetails to_bridge(const nlattr* data) {
  BridgeDetails bridge;
  for_each_nested(data, [&](const nlattr* part) {
    switch (::mnl_attr_get_type(part)) {
      case IFLA_BR_MCAST_SNOOPING: bridge.snoops = to_byte(part) != 0; break;
      case IFLA_BR_MCAST_QUERIER: bridge.has_querier = to_byte(part) != 0; break;
      case IFLA_BR_MCAST_QUERIER_STATE:
        for_each_nested(part, [&](const nlattr* state) {
          if (::mnl_attr_get_type(state) == BRIDGE_QUERIER_IP_OTHER_TIMER) bridge.hears_querier_v4 = true;
          if (::mnl_attr_get_type(state) == BRIDGE_QUERIER_IPV6_OTHER_TIMER) bridge.hears_querier_v6 = true;
        });
        break;
      default: break;
    }
  });
  return bridge;
}

BridgePortDetails to_port(const nlattr* data) {
  BridgePortDetails port;
  for_each_nested(data, [&](const nlattr* part) {
    switch (::mnl_attr_get_type(part)) {
      case IFLA_BRPORT_STATE: port.is_forwarding = to_byte(part) == BR_STATE_FORWARDING; break;
      case IFLA_BRPORT_MCAST_FLOOD: port.floods_multicast = to_byte(part) != 0; break;
      case IFLA_BRPORT_ISOLATED: port.is_isolated = to_byte(part) != 0; break;
      default: break;
    }
  });
  return port;
}

void read_kind(const nlattr* information, LinkDetails& details) {
  std::string kind;
  std::string port_kind;
  for_each_nested(information, [&](const nlattr* part) {
    switch (::mnl_attr_get_type(part)) {
      case IFLA_INFO_KIND: kind = netlink::to_text(part); break;
      case IFLA_INFO_SLAVE_KIND: port_kind = netlink::to_text(part); break;
      case IFLA_INFO_DATA:
        if (kind == "bridge") details.bridge = to_bridge(part);
        break;
      case IFLA_INFO_SLAVE_DATA:
        if (port_kind == "bridge") details.port = to_port(part);
        break;
      default: break;
    }
  });
}

std::optional<LinkDetails> to_details(const nlmsghdr* message) {
  auto link = to_link(message);
  if (!link) return std::nullopt;
  const auto* info = static_cast<const ifinfomsg*>(::mnl_nlmsg_get_payload(message));
  LinkDetails details{.link = std::move(*link),
                      .has_multicast = (info->ifi_flags & IFF_MULTICAST) != 0,
                      .is_loopback = (info->ifi_flags & IFF_LOOPBACK) != 0};
  netlink::for_each_attribute(message, sizeof(ifinfomsg), [&](const nlattr* attribute) {
    if (::mnl_attr_get_type(attribute) == IFLA_LINKINFO) read_kind(attribute, details);
  });
  return details;
}

SysResult<UniqueFd> open_route_socket() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return last_error("open a netlink socket");
  return fd;
}

}  // namespace

SysResult<std::vector<LinkDetails>> look_at_links() {
  constexpr int tries = 3;
  const UniqueFd fd = TRY(open_route_socket());
  std::vector<LinkDetails> links;
  for (std::uint32_t sequence = 1;; ++sequence) {
    links.clear();
    const auto done = netlink::dump(
        fd.get(), sequence,
        [](nlmsghdr* message) {
          message->nlmsg_type = RTM_GETLINK;
          static_cast<ifinfomsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)))->ifi_family = AF_UNSPEC;
        },
        [&](const nlmsghdr* message) {
          if (auto details = to_details(message)) links.push_back(std::move(*details));
        });
    if (done || sequence == tries) break;
    if (done.error().code != EINTR) return std::unexpected(done.error());
  }
  return links;
}

SysResult<std::optional<std::uint32_t>> interface_towards(const IpAddress& address) {
  constexpr std::uint32_t sequence = 1;
  const UniqueFd fd = TRY(open_route_socket());
  std::array<char, 256> request{};
  nlmsghdr* message = ::mnl_nlmsg_put_header(request.data());
  message->nlmsg_type = RTM_GETROUTE;
  message->nlmsg_flags = NLM_F_REQUEST;
  message->nlmsg_seq = sequence;
  auto* route = static_cast<rtmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  route->rtm_family = address.is_v4() ? AF_INET : AF_INET6;
  route->rtm_dst_len = static_cast<std::uint8_t>(address.size() * 8);
  netlink::put_address(message, RTA_DST, address);
  TRY_VOID(netlink::send_all(fd.get(), message, message->nlmsg_len));
  netlink::Buffer buffer;
  netlink::Messages answers(TRY(netlink::receive(fd.get(), buffer, netlink::answer_timeout_ms)));
  std::optional<std::uint32_t> interface;
  while (const nlmsghdr* part = answers.next()) {
    if (part->nlmsg_type == NLMSG_ERROR) break;  // ENETUNREACH, EHOSTUNREACH, a blackhole
    netlink::for_each_attribute(part, sizeof(rtmsg), [&](const nlattr* attribute) {
      if (::mnl_attr_get_type(attribute) == RTA_OIF) interface = netlink::to_number(attribute);
    });
  }
  return interface;
}

}  // namespace baton::kernel
