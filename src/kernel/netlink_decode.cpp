#include "kernel/netlink_decode.h"

#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>

#include "kernel/netlink_message.h"

namespace baton::kernel {

namespace {

using netlink::for_each_attribute;
using netlink::for_each_nested;
using netlink::holds_address;
using netlink::to_address;
using netlink::to_number;
using netlink::to_text;

std::uint32_t vrf_table_of(const nlattr* data) {
  std::uint32_t table = 0;
  for_each_nested(data, [&](const nlattr* part) {
    if (::mnl_attr_get_type(part) == IFLA_VRF_TABLE) table = to_number(part);
  });
  return table;
}

// nullopt: a route or a rule that came and took nobody's place.
std::optional<RouteChange> to_route_change(const nlmsghdr* message) {
  if (::mnl_nlmsg_get_payload_len(message) < sizeof(rtmsg)) return std::nullopt;
  const auto* info = static_cast<const rtmsg*>(::mnl_nlmsg_get_payload(message));
  const bool removed = message->nlmsg_type == RTM_DELROUTE;
  if (!removed && (message->nlmsg_flags & NLM_F_REPLACE) == 0) return std::nullopt;
  if ((info->rtm_family != AF_INET && info->rtm_family != AF_INET6) || (info->rtm_flags & RTM_F_CLONED) != 0) {
    return std::nullopt;
  }
  RouteChange change{.slot = {.table = info->rtm_table}, .removed = removed};
  change.slot.destination = {.address = info->rtm_family == AF_INET ? IpAddress() : IpAddress::parse("::").value(),
                             .length = info->rtm_dst_len};
  for_each_attribute(message, sizeof(rtmsg), [&](const nlattr* attribute) {
    switch (::mnl_attr_get_type(attribute)) {
      case RTA_DST:
        if (holds_address(attribute)) change.slot.destination.address = to_address(attribute);
        break;
      case RTA_TABLE: change.slot.table = to_number(attribute); break;
      case RTA_PRIORITY: change.slot.metric = to_number(attribute); break;
      default: break;
    }
  });
  return change;
}

std::optional<RuleChange> to_rule_change(const nlmsghdr* message) {
  if (::mnl_nlmsg_get_payload_len(message) < sizeof(fib_rule_hdr)) return std::nullopt;
  const auto* info = static_cast<const fib_rule_hdr*>(::mnl_nlmsg_get_payload(message));
  if (info->family != AF_INET && info->family != AF_INET6) return std::nullopt;
  RuleChange change{.family = info->family == AF_INET ? Family::ipv4 : Family::ipv6};
  for_each_attribute(message, sizeof(fib_rule_hdr), [&](const nlattr* attribute) {
    if (::mnl_attr_get_type(attribute) == FRA_PRIORITY) change.preference = to_number(attribute);
  });
  return change;
}

}  // namespace

std::optional<Link> to_link(const nlmsghdr* message) {
  if (::mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg)) return std::nullopt;
  const auto* info = static_cast<const ifinfomsg*>(::mnl_nlmsg_get_payload(message));
  if (info->ifi_family != AF_UNSPEC) return std::nullopt;
  constexpr unsigned up = IFF_UP | IFF_RUNNING;
  Link link{.index = static_cast<std::uint32_t>(info->ifi_index),
            .is_up = (info->ifi_flags & up) == up,
            .has_arp = (info->ifi_flags & IFF_NOARP) == 0,
            .is_ethernet = info->ifi_type == ARPHRD_ETHER,
            .is_enabled = (info->ifi_flags & IFF_UP) != 0};
  for_each_attribute(message, sizeof(ifinfomsg), [&](const nlattr* attribute) {
    switch (::mnl_attr_get_type(attribute)) {
      case IFLA_IFNAME: link.name = to_text(attribute); break;
      case IFLA_MTU: link.mtu = to_number(attribute); break;
      case IFLA_LINK: link.base = to_number(attribute); break;
      case IFLA_MASTER: link.master = to_number(attribute); break;
      case IFLA_GROUP: link.group = to_number(attribute); break;
      case IFLA_LINKINFO:
        for_each_nested(attribute, [&](const nlattr* part) {
          if (::mnl_attr_get_type(part) == IFLA_INFO_KIND) link.kind = to_text(part);
          if (::mnl_attr_get_type(part) == IFLA_INFO_DATA && link.kind == "vrf") link.vrf_table = vrf_table_of(part);
        });
        break;
      case IFLA_ADDRESS:
        if (::mnl_attr_get_payload_len(attribute) == link.mac.bytes.size()) {
          std::memcpy(link.mac.bytes.data(), ::mnl_attr_get_payload(attribute), link.mac.bytes.size());
        }
        break;
      default: break;
    }
  });
  return link;
}

std::optional<InterfaceAddress> to_interface_address(const nlmsghdr* message) {
  if (::mnl_nlmsg_get_payload_len(message) < sizeof(ifaddrmsg)) return std::nullopt;
  const auto* info = static_cast<const ifaddrmsg*>(::mnl_nlmsg_get_payload(message));
  if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6) return std::nullopt;
  InterfaceAddress result{.interface_index = info->ifa_index, .scope = info->ifa_scope, .flags = info->ifa_flags};
  std::optional<IpAddress> local;
  std::optional<IpAddress> address;
  for_each_attribute(message, sizeof(ifaddrmsg), [&](const nlattr* attribute) {
    switch (::mnl_attr_get_type(attribute)) {
      case IFA_LOCAL:
        if (holds_address(attribute)) local = to_address(attribute);
        break;
      case IFA_ADDRESS:
        if (holds_address(attribute)) address = to_address(attribute);
        break;
      case IFA_BROADCAST:
        if (holds_address(attribute)) result.broadcast = to_address(attribute);
        break;
      case IFA_LABEL: result.label = to_text(attribute); break;
      case IFA_FLAGS: result.flags = to_number(attribute); break;
      default: break;
    }
  });
  if (!local && !address) return std::nullopt;
  // IFA_LOCAL is ours and IFA_ADDRESS the other end, where both are given (rtnetlink(7)).
  result.address = {.address = local.value_or(address.value_or(IpAddress{})), .length = info->ifa_prefixlen};
  if (local && address && *local != *address) result.peer = address;
  return result;
}

void decode_changes(ByteView datagram, std::vector<Change>& changes) {
  netlink::Messages messages(datagram);
  while (const nlmsghdr* part = messages.next()) {
    switch (part->nlmsg_type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        if (auto link = to_link(part)) {
          changes.emplace_back(LinkChange{std::move(*link), part->nlmsg_type == RTM_DELLINK});
        }
        break;
      case RTM_NEWADDR:
      case RTM_DELADDR:
        if (auto address = to_interface_address(part)) {
          changes.emplace_back(AddressChange{std::move(*address), part->nlmsg_type == RTM_DELADDR});
        }
        break;
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        if (const auto route = to_route_change(part)) changes.emplace_back(*route);
        break;
      case RTM_DELRULE:
        if (const auto rule = to_rule_change(part)) changes.emplace_back(*rule);
        break;
      default: break;
    }
  }
}

}  // namespace baton::kernel
