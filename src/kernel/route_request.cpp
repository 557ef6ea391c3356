#include "kernel/route_request.h"

#include <endian.h>
#include <linux/fib_rules.h>
#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls.h>
#include <linux/mpls_iptunnel.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_message.h"

namespace baton::kernel {

namespace {

using netlink::put_address;

constexpr std::uint32_t ipv6_metric = 1024;  // IP6_RT_PRIO_USER: of a route that has none

unsigned char family_of(Family family) {
  return family == Family::ipv4 ? AF_INET : AF_INET6;
}

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

// The kernel keeps IPv6 destinations without the bits beyond their length.
IpPrefix masked(const IpPrefix& prefix) {
  Bytes bytes(prefix.address.bytes().begin(), prefix.address.bytes().end());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto kept = static_cast<unsigned>(std::clamp<int>(prefix.length - static_cast<int>(8 * i), 0, 8));
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return {.address = IpAddress::from_bytes(bytes), .length = prefix.length};
}

void put_tunnel(nlmsghdr* message, const IpTunnel& tunnel) {
  // The numbers of LWTUNNEL_IP6_* are those of LWTUNNEL_IP_*.
  if (tunnel.id != 0) ::mnl_attr_put_u64(message, LWTUNNEL_IP_ID, htobe64(tunnel.id));
  if (tunnel.destination) put_address(message, LWTUNNEL_IP_DST, *tunnel.destination);
  if (tunnel.source) put_address(message, LWTUNNEL_IP_SRC, *tunnel.source);
  if (tunnel.ttl != 0) ::mnl_attr_put_u8(message, LWTUNNEL_IP_TTL, tunnel.ttl);
  if (tunnel.tos != 0) ::mnl_attr_put_u8(message, LWTUNNEL_IP_TOS, tunnel.tos);
  if (tunnel.flags != 0) ::mnl_attr_put_u16(message, LWTUNNEL_IP_FLAGS, tunnel.flags);  // as keepalived: not swapped
}

void put_labels(nlmsghdr* message, const MplsLabels& mpls) {
  std::vector<std::uint32_t> entries;
  for (const std::uint32_t label : mpls.labels) {
    const std::uint32_t bottom = entries.size() + 1 == mpls.labels.size() ? 1U << MPLS_LS_S_SHIFT : 0;
    entries.push_back(htobe32(label << MPLS_LS_LABEL_SHIFT | bottom));
  }
  ::mnl_attr_put(message, MPLS_IPTUNNEL_DST, entries.size() * sizeof(entries[0]), entries.data());
}

void put_encapsulation(nlmsghdr* message, const Encapsulation& encapsulation) {
  if (std::holds_alternative<std::monostate>(encapsulation)) return;
  std::uint16_t type = LWTUNNEL_ENCAP_NONE;
  nlattr* nest = ::mnl_attr_nest_start(message, RTA_ENCAP);
  std::visit(Overloaded{
                 [](const std::monostate&) {},
                 [&](const IpTunnel& it) {
                   type = it.family == Family::ipv4 ? LWTUNNEL_ENCAP_IP : LWTUNNEL_ENCAP_IP6;
                   put_tunnel(message, it);
                 },
                 [&](const MplsLabels& it) {
                   type = LWTUNNEL_ENCAP_MPLS;
                   put_labels(message, it);
                 },
                 [&](const IlaLocator& it) {
                   type = LWTUNNEL_ENCAP_ILA;
                   ::mnl_attr_put_u64(message, ILA_ATTR_LOCATOR, htobe64(it.locator));
                 },
             },
             encapsulation);
  ::mnl_attr_nest_end(message, nest);
  ::mnl_attr_put_u16(message, RTA_ENCAP_TYPE, type);
}

std::uint32_t index_of(const std::string& device, const InterfaceTable& interfaces) {
  const Link* link = interfaces.find(device);
  ASSERT(link != nullptr);
  return link->index;
}

// What both a new route and one to be removed say of a nexthop, and then what only a new one says.
void put_properties(nlmsghdr* message, const Nexthop& nexthop) {
  put_encapsulation(message, nexthop.encapsulation);
  if (nexthop.realms != 0) ::mnl_attr_put_u32(message, RTA_FLOW, nexthop.realms);
}

void put_nexthops(nlmsghdr* message, const Route& route, const InterfaceTable& interfaces, bool add) {
  nlattr* nest = ::mnl_attr_nest_start(message, RTA_MULTIPATH);
  for (const Nexthop& nexthop : route.nexthops) {
    auto* hop = static_cast<rtnexthop*>(::mnl_nlmsg_get_payload_tail(message));
    *hop = {};
    message->nlmsg_len += static_cast<std::uint32_t>(sizeof(rtnexthop));
    if (!nexthop.device.empty()) hop->rtnh_ifindex = static_cast<int>(index_of(nexthop.device, interfaces));
    hop->rtnh_hops = static_cast<unsigned char>(nexthop.weight - 1);
    if (nexthop.on_link) hop->rtnh_flags = RTNH_F_ONLINK;
    if (nexthop.gateway) put_address(message, RTA_GATEWAY, *nexthop.gateway);
    if (add) put_properties(message, nexthop);
    const auto* end = static_cast<const char*>(::mnl_nlmsg_get_payload_tail(message));
    hop->rtnh_len = static_cast<unsigned short>(end - reinterpret_cast<const char*>(hop));
  }
  ::mnl_attr_nest_end(message, nest);
}

void put_metrics(nlmsghdr* message, const Route& route) {
  if (route.metrics.empty() && route.locked_metrics == 0 && route.congestion_control.empty()) return;
  nlattr* nest = ::mnl_attr_nest_start(message, RTA_METRICS);
  if (route.locked_metrics != 0) ::mnl_attr_put_u32(message, RTAX_LOCK, route.locked_metrics);
  for (const RouteMetricValue& each : route.metrics) {
    ::mnl_attr_put_u32(message, static_cast<std::uint16_t>(each.metric), each.value);
  }
  if (!route.congestion_control.empty()) ::mnl_attr_put_strz(message, RTAX_CC_ALGO, route.congestion_control.c_str());
  ::mnl_attr_nest_end(message, nest);
}

std::uint16_t flags_for(Route::Placing placing) {
  switch (placing) {
    case Route::Placing::prepend: return NLM_F_CREATE;
    case Route::Placing::alone: return NLM_F_CREATE | NLM_F_EXCL;
    case Route::Placing::append: return NLM_F_CREATE | NLM_F_APPEND;
  }
  return 0;
}

void put_range(nlmsghdr* message, std::uint16_t type, const std::optional<Range<std::uint16_t>>& range) {
  if (!range) return;
  const fib_rule_port_range ports{.start = range->first, .end = range->last};
  ::mnl_attr_put(message, type, sizeof(ports), &ports);
}

void put_selectors(nlmsghdr* message, const Rule& rule) {
  if (rule.source) put_address(message, FRA_SRC, rule.source->address);
  if (rule.destination) put_address(message, FRA_DST, rule.destination->address);
  if (!rule.input_device.empty()) ::mnl_attr_put_strz(message, FRA_IIFNAME, rule.input_device.c_str());
  if (!rule.output_device.empty()) ::mnl_attr_put_strz(message, FRA_OIFNAME, rule.output_device.c_str());
  if (rule.mark) {
    ::mnl_attr_put_u32(message, FRA_FWMARK, *rule.mark);
    ::mnl_attr_put_u32(message, FRA_FWMASK, rule.mark_mask.value_or(0xffffffff));
  }
  if (rule.tunnel_id) ::mnl_attr_put_u64(message, FRA_TUN_ID, htobe64(*rule.tunnel_id));
  if (rule.users) {
    const fib_rule_uid_range users{.start = rule.users->first, .end = rule.users->last};
    ::mnl_attr_put(message, FRA_UID_RANGE, sizeof(users), &users);
  }
  if (rule.ip_protocol) ::mnl_attr_put_u8(message, FRA_IP_PROTO, *rule.ip_protocol);
  put_range(message, FRA_SPORT_RANGE, rule.source_ports);
  put_range(message, FRA_DPORT_RANGE, rule.destination_ports);
}

}  // namespace

std::uint32_t table_of(const Route& route, const InterfaceTable& interfaces) {
  if (route.vrf.empty()) return route.table;
  const Link* link = interfaces.find(route.vrf);
  return link == nullptr ? 0 : link->vrf_table;
}

RouteSlot slot_of(const Route& route, std::uint32_t table) {
  const std::uint32_t metric = route.metric.value_or(0);
  const bool is_v6 = route.family == Family::ipv6;
  return {
      .table = table, .destination = masked(route.destination), .metric = is_v6 && metric == 0 ? ipv6_metric : metric};
}

bool can_be_set(const Route& route, const InterfaceTable& interfaces) {
  const bool all_there = std::ranges::all_of(
      devices_of(route), [&](const std::string& device) { return interfaces.find(device) != nullptr; });
  return all_there && table_of(route, interfaces) != 0;
}

void put_request(nlmsghdr* message, const RouteRequest& request, const InterfaceTable& interfaces) {
  const bool add = request.operation == RouteRequest::Operation::add;
  const Route& route = request.route;
  message->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (add ? flags_for(route.placing) : 0));
  auto* info = static_cast<rtmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  const std::uint32_t table = table_of(route, interfaces);
  info->rtm_family = family_of(route.family);
  info->rtm_dst_len = route.destination.length;
  info->rtm_src_len = route.source ? route.source->length : 0;
  info->rtm_tos = route.tos;
  info->rtm_table = table < 256 ? static_cast<unsigned char>(table) : static_cast<unsigned char>(RT_TABLE_UNSPEC);
  info->rtm_protocol = route.protocol;
  info->rtm_scope = route.scope;
  info->rtm_type = static_cast<unsigned char>(route.type);
  if (route.nexthop.on_link) info->rtm_flags = RTNH_F_ONLINK;
  ::mnl_attr_put_u32(message, RTA_TABLE, table);
  put_address(message, RTA_DST, route.destination.address);
  if (route.source) put_address(message, RTA_SRC, route.source->address);
  if (route.preferred_source) put_address(message, RTA_PREFSRC, *route.preferred_source);
  if (route.nexthop.gateway) put_address(message, RTA_GATEWAY, *route.nexthop.gateway);
  if (!route.nexthop.device.empty()) ::mnl_attr_put_u32(message, RTA_OIF, index_of(route.nexthop.device, interfaces));
  if (!route.nexthops.empty()) put_nexthops(message, route, interfaces, add);
  // A removal without a metric would take any IPv6 route to the destination.
  const bool needs_metric = !add && route.family == Family::ipv6;
  if (route.metric || needs_metric) ::mnl_attr_put_u32(message, RTA_PRIORITY, slot_of(route, table).metric);
  if (!add) return;
  put_properties(message, route.nexthop);
  put_metrics(message, route);
  if (route.expires_seconds) ::mnl_attr_put_u32(message, RTA_EXPIRES, *route.expires_seconds);
  if (route.preference) ::mnl_attr_put_u8(message, RTA_PREF, *route.preference);
  if (route.ttl_propagate) ::mnl_attr_put_u8(message, RTA_TTL_PROPAGATE, *route.ttl_propagate);
}

void put_request(nlmsghdr* message, const RuleRequest& request) {
  const bool add = request.operation == RuleRequest::Operation::add;
  const Rule& rule = request.rule;
  message->nlmsg_type = add ? RTM_NEWRULE : RTM_DELRULE;
  // Without NLM_F_EXCL the kernel keeps the same rule many times over.
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
  auto* info = static_cast<fib_rule_hdr*>(::mnl_nlmsg_put_extra_header(message, sizeof(fib_rule_hdr)));
  info->family = family_of(rule.family);
  info->src_len = rule.source ? rule.source->length : 0;
  info->dst_len = rule.destination ? rule.destination->length : 0;
  info->tos = rule.tos;
  info->action = static_cast<unsigned char>(rule.action);
  if (rule.is_inverted) info->flags = FIB_RULE_INVERT;
  if (rule.table != 0) {
    info->table =
        rule.table < 256 ? static_cast<unsigned char>(rule.table) : static_cast<unsigned char>(RT_TABLE_UNSPEC);
    ::mnl_attr_put_u32(message, FRA_TABLE, rule.table);
  }
  ::mnl_attr_put_u32(message, FRA_PRIORITY, rule.preference);
  put_selectors(message, rule);
  if (rule.is_l3mdev) ::mnl_attr_put_u8(message, FRA_L3MDEV, 1);
  if (rule.action == RuleAction::go_to) ::mnl_attr_put_u32(message, FRA_GOTO, rule.go_to_rule);
  if (rule.realms != 0) ::mnl_attr_put_u32(message, FRA_FLOW, rule.realms);
  if (rule.suppressed_prefix_length) {
    ::mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, *rule.suppressed_prefix_length);
  }
  if (rule.suppressed_group) ::mnl_attr_put_u32(message, FRA_SUPPRESS_IFGROUP, *rule.suppressed_group);
  ::mnl_attr_put_u8(message, FRA_PROTOCOL, rule.protocol);
}

}  // namespace baton::kernel
