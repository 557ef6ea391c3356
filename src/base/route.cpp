#include "base/route.h"

#include <algorithm>

namespace baton {

namespace {

const char* name(RouteType type) {
  using enum RouteType;
  switch (type) {
    case unicast: return "unicast";
    case local: return "local";
    case broadcast: return "broadcast";
    case anycast: return "anycast";
    case multicast: return "multicast";
    case blackhole: return "blackhole";
    case unreachable: return "unreachable";
    case prohibit: return "prohibit";
    case throw_on: return "throw";
    case nat: return "nat";
    case xresolve: return "xresolve";
  }
  return "";
}

std::string nexthop_text(const Nexthop& nexthop) {
  std::string text;
  if (nexthop.gateway) text += " via " + to_string(*nexthop.gateway);
  if (!nexthop.device.empty()) text += " dev " + nexthop.device;
  return text;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
}

template <typename Number>
std::string range_text(const char* what, const std::optional<Range<Number>>& range) {
  if (!range) return {};
  return std::string(" ") + what + " " + std::to_string(range->first) + "-" + std::to_string(range->last);
}

}  // namespace

std::string to_string(const Route& route) {
  std::string text = route.type == RouteType::unicast ? "" : std::string(name(route.type)) + " ";
  text += route.destination.length == 0 && route.destination.address.is_unspecified() ? "default"
                                                                                      : to_string(route.destination);
  if (route.source) text += " from " + to_string(*route.source);
  if (route.tos != 0) text += " tos " + std::to_string(route.tos);
  text += nexthop_text(route.nexthop);
  for (const Nexthop& nexthop : route.nexthops) {
    text += " nexthop" + nexthop_text(nexthop) + " weight " + std::to_string(nexthop.weight);
  }
  if (route.preferred_source) text += " src " + to_string(*route.preferred_source);
  if (!route.vrf.empty()) {
    text += " vrf " + route.vrf;
  } else if (route.table != routing::main_table) {
    text += " table " + std::to_string(route.table);
  }
  if (route.metric) text += " metric " + std::to_string(*route.metric);
  return text;
}

std::vector<std::string> devices_of(const Route& route) {
  std::vector<std::string> names;
  add_once(names, route.nexthop.device);
  for (const Nexthop& nexthop : route.nexthops) add_once(names, nexthop.device);
  add_once(names, route.vrf);
  return names;
}

std::string to_string(const Rule& rule) {
  std::string text = std::to_string(rule.preference) + ":";
  if (rule.is_inverted) text += " not";
  text += " from " + (rule.source ? to_string(*rule.source) : "all");
  if (rule.destination) text += " to " + to_string(*rule.destination);
  if (rule.tos != 0) text += " tos " + std::to_string(rule.tos);
  if (rule.mark) text += " fwmark " + std::to_string(*rule.mark);
  if (rule.mark && rule.mark_mask) text += "/" + std::to_string(*rule.mark_mask);
  if (!rule.input_device.empty()) text += " iif " + rule.input_device;
  if (!rule.output_device.empty()) text += " oif " + rule.output_device;
  if (rule.tunnel_id) text += " tun_id " + std::to_string(*rule.tunnel_id);
  text += range_text("uidrange", rule.users);
  if (rule.ip_protocol) text += " ipproto " + std::to_string(*rule.ip_protocol);
  text += range_text("sport", rule.source_ports) + range_text("dport", rule.destination_ports);
  switch (rule.action) {
    case RuleAction::lookup:
      text += " lookup " + (rule.is_l3mdev ? "[l3mdev-table]" : std::to_string(rule.table));
      break;
    case RuleAction::go_to: text += " goto " + std::to_string(rule.go_to_rule); break;
    case RuleAction::nop: text += " nop"; break;
    case RuleAction::blackhole: text += " blackhole"; break;
    case RuleAction::unreachable: text += " unreachable"; break;
    case RuleAction::prohibit: text += " prohibit"; break;
  }
  return text;
}

std::vector<std::string> devices_of(const Rule& rule) {
  std::vector<std::string> names;
  add_once(names, rule.input_device);
  add_once(names, rule.output_device);
  return names;
}

}  // namespace baton
