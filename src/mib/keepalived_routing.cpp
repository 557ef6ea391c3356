#include "mib/keepalived_routing.h"

#include <utility>

namespace baton::mib {

namespace {

using config::Instance;
using nlohmann::json;

const Oid addresses = keepalived_mib + Oid{2, 6, 1};
const Oid routes = keepalived_mib + Oid{2, 7, 1};
const Oid rules = keepalived_mib + Oid{2, 8, 1};
const Oid hops = keepalived_mib + Oid{2, 11, 1};

int type_of(const IpAddress& address) {  // InetAddressType
  return address.is_v4() ? 1 : 2;
}

// InetScopeType, which is IPv6's (RFC 4291 §2.7), from rtnetlink(7)'s.
int scope_number(std::uint8_t scope) {
  switch (scope) {
    case 0: return 14;   // global
    case 200: return 5;  // site
    case 253: return 2;  // link
    case 254: return 1;  // host: interface-local
    default: return 0;
  }
}

void add_address(const View& view, const Oid& index, const config::VirtualAddress& it, bool is_advertised,
                 bool is_there, const std::string& interface, Rows& rows) {
  const IpAddress& address = it.address.address;
  const std::string& device = it.device.empty() ? interface : it.device;
  Row row(rows, addresses, index);
  row.set(2, integer(type_of(address)))
      .set(3, octets(address.bytes()))
      .set(5, gauge(it.address.length))
      .set(6, integer(scope_number(it.scope)))
      .set(7, integer(view.index_of(device)))
      .set(8, text(device))
      .set_if(!it.label.empty(), 9, text(it.label))
      .set(10, truth(is_there))
      .set(11, truth(is_advertised));
  if (address.is_v4()) row.set(4, octets(it.broadcast.value_or(IpAddress::v4(0)).bytes()));
  if (it.peer) row.set(12, octets(it.peer->bytes()));
}

// The status shows the first ones; the rest is where the instance is.
bool is_present(const json& list, std::size_t index, bool otherwise) {
  return index < list.size() ? list[index].value("present", otherwise) : otherwise;
}

void add_hop(const View& view, const Nexthop& hop, Row row) {
  if (hop.gateway) row.set(2, integer(type_of(*hop.gateway))).set(3, octets(hop.gateway->bytes()));
  if (!hop.device.empty()) row.set(4, integer(view.index_of(hop.device))).set(5, text(hop.device));
  row.set(6, gauge(hop.weight)).set(7, truth(hop.on_link));
}

int route_type_number(const Route& route) {
  if (!route.nexthops.empty()) return 2;  // ecmp
  using enum RouteType;
  switch (route.type) {
    case unicast: return 1;
    case local: return 1;  // the MIB knows none
    case broadcast: return 6;
    case anycast: return 4;
    case multicast: return 5;
    case blackhole: return 3;
    case unreachable: return 7;
    case prohibit: return 8;
    case throw_on: return 9;
    case nat: return 10;
    case xresolve: return 11;
  }
  return 1;
}

// Columns of a metric and of its lock; 0: none.
std::pair<std::uint32_t, std::uint32_t> metric_columns(RouteMetric metric) {
  using enum RouteMetric;
  switch (metric) {
    case mtu: return {22, 23};
    case hoplimit: return {24, 0};
    case advmss: return {25, 26};
    case rtt: return {27, 28};
    case rttvar: return {29, 30};
    case reordering: return {31, 32};
    case window: return {33, 0};
    case cwnd: return {34, 35};
    case ssthresh: return {36, 37};
    case rto_min: return {38, 39};
    case initcwnd: return {40, 0};
    case initrwnd: return {41, 0};
    case features:
    case quickack:
    case fastopen_no_cookie: return {0, 0};
  }
  return {0, 0};
}

bool has_metric(const Route& route, RouteMetric metric) {
  for (const RouteMetricValue& it : route.metrics) {
    if (it.metric == metric) return it.value != 0;
  }
  return false;
}

void add_metrics(const Route& route, Row& row) {
  row.set(19, truth(has_metric(route, RouteMetric::features))).set(20, truth(has_metric(route, RouteMetric::quickack)));
  for (const RouteMetricValue& it : route.metrics) {
    const auto [column, lock] = metric_columns(it.metric);
    const bool is_locked = (route.locked_metrics >> static_cast<unsigned>(it.metric) & 1U) != 0;
    if (column != 0) row.set(column, gauge(it.value));
    if (lock != 0) row.set(lock, truth(is_locked));
  }
  if (!route.congestion_control.empty()) row.set(42, text(route.congestion_control));
  if (route.preference) row.set(43, integer(*route.preference == 3 ? 1 : *route.preference == 1 ? 3 : 2));
  if (has_metric(route, RouteMetric::fastopen_no_cookie)) row.set(55, truth(true));
}

void add_route(const View& view, const Oid& index, const Route& route, bool is_there, Rows& rows) {
  Row row(rows, routes, index);
  row.set(2, integer(type_of(route.destination.address)))
      .set(3, octets(route.destination.address.bytes()))
      .set(4, gauge(route.destination.length))
      .set(8, gauge(route.metric.value_or(0)))
      .set(9, integer(scope_number(route.scope)))
      .set(10, integer(route_type_number(route)))
      .set(13, gauge(route.table))
      .set(14, truth(is_there))
      .set_if(route.tos != 0, 17, gauge(route.tos))
      .set(18, integer(route.protocol + 1));  // IANAipRouteProtocol counts from one
  if (route.preferred_source) row.set(7, octets(route.preferred_source->bytes()));
  if (route.source) row.set(15, octets(route.source->address.bytes())).set(16, gauge(route.source->length));
  if (route.expires_seconds) row.set(21, gauge(*route.expires_seconds));
  add_metrics(route, row);
  for (std::uint32_t hop = 0; hop < route.nexthops.size(); ++hop) {
    add_hop(view, route.nexthops[hop], Row(rows, hops, index + Oid{hop + 1}));
  }
  if (!route.nexthops.empty()) return;
  if (route.nexthop.gateway) row.set(5, octets(route.nexthop.gateway->bytes()));
  if (!route.nexthop.device.empty()) {
    row.set(11, integer(view.index_of(route.nexthop.device))).set(12, text(route.nexthop.device));
  }
  if (route.nexthop.realms != 0) {
    row.set(44, gauge(route.nexthop.realms & 0xffff)).set(45, gauge(route.nexthop.realms >> 16));
  }
}

// Columns 2 to 5 are from the time when a rule had one end.
void add_rule(const Oid& index, const Rule& rule, bool is_there, Rows& rows) {
  Row row(rows, rules, index);
  const auto& end = rule.source ? rule.source : rule.destination;
  row.set(2, text(rule.source && rule.destination ? "both" : rule.destination ? "to" : "from"));
  if (end) {
    row.set(3, integer(type_of(end->address))).set(4, octets(end->address.bytes())).set(5, gauge(end->length));
  }
  row.set(6, gauge(rule.table)).set(7, truth(is_there)).set(8, truth(rule.is_inverted));
  if (rule.destination) {
    row.set(9, integer(type_of(rule.destination->address)))
        .set(10, octets(rule.destination->address.bytes()))
        .set(11, gauge(rule.destination->length));
  }
  if (rule.source) {
    row.set(12, integer(type_of(rule.source->address)))
        .set(13, octets(rule.source->address.bytes()))
        .set(14, gauge(rule.source->length));
  }
  row.set(15, gauge(rule.tos))
      .set_if(rule.mark.has_value(), 16, gauge(rule.mark.value_or(0)))
      .set_if(rule.mark_mask.has_value(), 17, gauge(rule.mark_mask.value_or(0)))
      .set_if(rule.realms != 0, 18, gauge(rule.realms & 0xffff))
      .set_if(rule.realms != 0, 19, gauge(rule.realms >> 16))
      .set_if(!rule.input_device.empty(), 20, text(rule.input_device))
      .set_if(!rule.output_device.empty(), 21, text(rule.output_device))
      .set_if(rule.action == RuleAction::go_to, 22, gauge(rule.go_to_rule))
      .set(23, integer(static_cast<int>(rule.action)))
      .set_if(rule.action == RuleAction::lookup, 24, gauge(rule.table))
      .set(25, gauge(rule.preference));
}

}  // namespace

void add_routing(const View& view, std::uint32_t number, const Instance& instance, Rows& rows) {
  const json& status = view.status.of("instances", instance.name);
  const bool holds = status.value("holds_addresses", false);
  const json shown = status.value("addresses", json::array());
  std::uint32_t index = 0;
  for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
    for (const config::VirtualAddress& address : *list) {
      add_address(view, {number, index + 1}, address, list == &instance.addresses, is_present(shown, index, holds),
                  instance.interface, rows);
      ++index;
    }
  }
  const json shown_routes = status.value("routes", json::array());
  for (std::uint32_t i = 0; i < instance.routes.size(); ++i) {
    add_route(view, {number, i + 1}, instance.routes[i].route, is_present(shown_routes, i, holds), rows);
  }
  const json shown_rules = status.value("rules", json::array());
  for (std::uint32_t i = 0; i < instance.rules.size(); ++i) {
    add_rule({number, i + 1}, instance.rules[i].rule, is_present(shown_rules, i, holds), rows);
  }
}

}  // namespace baton::mib
