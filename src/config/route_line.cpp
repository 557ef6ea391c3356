#include "config/route_line.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "config/limits.h"

namespace baton::config {
namespace {

using Table = NameTables::Table;

constexpr std::uint32_t any_number = 0xffffffff;
constexpr std::uint32_t shortest_time_ms = 200;  // of rtt, rttvar and rto_min: keepalived takes no shorter one
constexpr std::uint32_t feature_ecn = 1;         // RTAX_FEATURE_ECN
constexpr std::uint8_t scope_link = 253;
constexpr std::uint8_t scope_host = 254;

constexpr std::pair<std::string_view, RouteType> types[] = {
    {"unicast", RouteType::unicast},
    {"local", RouteType::local},
    {"broadcast", RouteType::broadcast},
    {"brd", RouteType::broadcast},
    {"anycast", RouteType::anycast},
    {"multicast", RouteType::multicast},
    {"blackhole", RouteType::blackhole},
    {"unreachable", RouteType::unreachable},
    {"prohibit", RouteType::prohibit},
    {"throw", RouteType::throw_on},
    {"nat", RouteType::nat},
    {"xresolve", RouteType::xresolve},
};

bool leads_nowhere(RouteType type) {
  using enum RouteType;
  return type == blackhole || type == unreachable || type == prohibit || type == throw_on;
}

bool is_any(std::string_view word) {
  return word == "default" || word == "all" || word == "any";
}

bool has_host_bits(const IpPrefix& prefix) {
  if (!prefix.address.is_v4() || prefix.length == 32) return false;
  return (prefix.address.v4_host_order() & (0xffffffffU >> prefix.length)) != 0;
}

}  // namespace

std::optional<ConfiguredRoute> RouteLine::read() {
  result_.place = make_place(line_.position());
  for (; !is_at_end() && is_usable_; advance()) read_word();
  if (is_usable_) settle();
  if (!is_usable_) return std::nullopt;
  return std::move(result_);
}

void RouteLine::read_word() {
  if (read_type() || read_option() || read_metric()) return;
  destination(word());
}

bool RouteLine::read_type() {
  const auto* const type = std::ranges::find(types, word(), &std::pair<std::string_view, RouteType>::first);
  if (type == std::end(types)) return false;
  if (has_destination_) {
    refuse(fmt::format("{} stands behind the destination", quoted(word())), fmt::format("write {} before it", word()));
  }
  route_.type = type->second;
  return true;
}

bool RouteLine::read_option() {
  static constexpr std::pair<std::string_view, Option> options[] = {
      {"to", &RouteLine::destination_word},
      {"default6", &RouteLine::old_default6},
      {"inet", &RouteLine::family4},
      {"inet6", &RouteLine::family6},
      {"src", &RouteLine::preferred_source},
      {"via", &RouteLine::gateway},
      {"gw", &RouteLine::old_gateway},
      {"or", &RouteLine::second_gateway},
      {"from", &RouteLine::source},
      {"as", &RouteLine::unsupported_as},
      {"tos", &RouteLine::tos},
      {"dsfield", &RouteLine::tos},
      {"table", &RouteLine::table},
      {"protocol", &RouteLine::protocol},
      {"scope", &RouteLine::scope},
      {"metric", &RouteLine::metric},
      {"priority", &RouteLine::metric},
      {"preference", &RouteLine::metric},
      {"dev", &RouteLine::device},
      {"oif", &RouteLine::device},
      {"onlink", &RouteLine::on_link},
      {"encap", &RouteLine::encap},
      {"expires", &RouteLine::expires},
      {"realms", &RouteLine::realms},
      {"features", &RouteLine::features},
      {"congctl", &RouteLine::congestion_control},
      {"pref", &RouteLine::preference},
      {"ttl-propagate", &RouteLine::ttl_propagate},
      {"vrf", &RouteLine::vrf},
      {"add", &RouteLine::add},
      {"prepend", &RouteLine::prepend},
      {"append", &RouteLine::append},
      {"no_track", &RouteLine::no_track},
      {"track_group", &RouteLine::track_group},
      {"nexthop", &RouteLine::nexthops},
  };
  const auto* const option = std::ranges::find(options, word(), &std::pair<std::string_view, Option>::first);
  if (option == std::end(options)) return false;
  (this->*option->second)();
  return true;
}

bool RouteLine::read_metric() {
  static constexpr MetricOption numbers[] = {
      {"mtu", RouteMetric::mtu, any_number, true},
      {"advmss", RouteMetric::advmss, any_number, true},
      {"reordering", RouteMetric::reordering, any_number, true},
      {"cwnd", RouteMetric::cwnd, any_number, true},
      {"ssthresh", RouteMetric::ssthresh, any_number, true},
      {"hoplimit", RouteMetric::hoplimit, 255, false},
      {"window", RouteMetric::window, any_number, false},
      {"initcwnd", RouteMetric::initcwnd, any_number, false},
      {"initrwnd", RouteMetric::initrwnd, any_number, false},
      {"quickack", RouteMetric::quickack, 1, false},
      {"fastopen_no_cookie", RouteMetric::fastopen_no_cookie, 1, false},
  };
  static constexpr TimeOption times[] = {
      {"rtt", RouteMetric::rtt, 8}, {"rttvar", RouteMetric::rttvar, 4}, {"rto_min", RouteMetric::rto_min, 1}};
  const auto* const option = std::ranges::find(numbers, word(), &MetricOption::name);
  if (option != std::end(numbers)) {
    if (option->may_be_locked) (void)read_lock(option->metric);
    if (const auto value = number(0, option->most)) set_metric(option->metric, *value);
    return true;
  }
  const auto* const timed = std::ranges::find(times, word(), &TimeOption::name);
  if (timed == std::end(times)) return false;
  (void)read_lock(timed->metric);
  if (const auto value = time(timed->units_a_millisecond)) set_metric(timed->metric, *value);
  return true;
}

// "mtu lock 1400": the kernel may not change it. Steps onto the word lock.
bool RouteLine::read_lock(RouteMetric metric) {
  if (next() != "lock") return false;
  advance();
  route_.locked_metrics |= 1U << static_cast<unsigned>(metric);
  return true;
}

void RouteLine::set_metric(RouteMetric metric, std::uint32_t value) {
  const auto found = std::ranges::find(route_.metrics, metric, &RouteMetricValue::metric);
  if (found != route_.metrics.end()) {
    found->value = value;
  } else {
    route_.metrics.push_back({.metric = metric, .value = value});
  }
}

// Seconds or milliseconds; without a unit, the kernel's own.
std::optional<std::uint32_t> RouteLine::time(std::uint32_t units_a_millisecond) {
  if (!step_to_value()) return std::nullopt;
  std::string_view text = word();
  const std::size_t unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view unit = text.substr(unit_at);
  const auto amount = parse_seconds(text.substr(0, unit_at));
  const bool is_seconds = unit == "s" || unit == "sec" || unit == "secs";
  const bool is_milliseconds = unit == "ms" || unit == "msec" || unit == "msecs";
  if (!amount || (!unit.empty() && !is_seconds && !is_milliseconds)) {
    refuse(fmt::format("{} is no time", quoted(text)), "write it with its unit, as 250ms or 1.5s");
    return std::nullopt;
  }
  const double given = std::chrono::duration<double>(*amount).count();
  double units = std::round(given);
  if (!unit.empty()) units = std::round(given * (is_seconds ? 1000 : 1)) * units_a_millisecond;
  const double least = shortest_time_ms * units_a_millisecond;
  if (units < least) {
    warn(fmt::format("{} is shorter than {} ms, which is used", quoted(text), shortest_time_ms),
         unit.empty() ? "write a unit: a bare number is in units of the kernel" : "write 200ms or more");
    units = least;
  }
  if (units > any_number) {
    refuse(fmt::format("{} is too long", quoted(text)), "write a time below an hour");
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(units);
}

bool RouteLine::join(Family family) {
  if (family_.value_or(family) == family) {
    family_ = family;
    return true;
  }
  refuse("IPv4 and IPv6 are mixed in one route", "write addresses of one family");
  return false;
}

void RouteLine::force_family(Family family) {
  (void)join(family);
}

void RouteLine::destination_word() {
  if (step_to_value()) destination(word());
}

// keepalived lets the last one count.
void RouteLine::destination(std::string_view text) {
  const auto given = is_any(text) ? std::optional(IpPrefix{.address = {}, .length = 0}) : prefix(text);
  if (!given) {
    return refuse(fmt::format("unknown word {}", quoted(text)), "see docs/configuration.md for what a route may have");
  }
  if (has_destination_) {
    warn(fmt::format("{} is a second destination; the first one does not count", quoted(text)),
         "write one route a line");
  }
  has_destination_ = true;
  route_.destination = *given;
  if (!is_any(text)) (void)join(given->address.family());
}

void RouteLine::old_default6() {
  context_.diagnostics.warn("old-spelling", line_.at(index_), "'default6' is an old spelling", "write inet6 default");
  has_destination_ = true;
  route_.destination = {.address = {}, .length = 0};
  force_family(Family::ipv6);
}

void RouteLine::preferred_source() {
  const auto given = address();
  if (given && join(given->family())) route_.preferred_source = given;
}

std::optional<IpAddress> RouteLine::gateway_address() {
  if (next() == "inet" || next() == "inet6") advance();  // the address says it as well
  const auto given = address();
  return given && join(given->family()) ? given : std::nullopt;
}

void RouteLine::gateway() {
  route_.nexthop.gateway = gateway_address();
}

void RouteLine::old_gateway() {
  context_.diagnostics.warn("old-spelling", line_.at(index_), "'gw' is an old spelling", "write via");
  gateway();
}

void RouteLine::second_gateway() {
  context_.diagnostics.warn("old-spelling", line_.at(index_), "'or' is an old spelling of a second nexthop",
                            "write nexthop via ADDRESS nexthop via ADDRESS, last on the line");
  const auto given = gateway_address();
  if (second_gateway_) {
    warn("a third gateway is ignored", "write nexthop via ADDRESS for each of them");
  } else {
    second_gateway_ = given;
  }
}

void RouteLine::source() {
  if (!step_to_value() || is_any(word())) return;
  route_.source = prefix(word());
  if (!route_.source) return refuse(fmt::format("{} is no address", quoted(word())), "write a numeric address");
  (void)join(route_.source->address.family());
}

void RouteLine::unsupported_as() {
  warn("'as' is for MPLS routes, which keepalived does not set; it is ignored", "remove it");
  if (next() == "to") advance();
  (void)step_to_value();
}

void RouteLine::tos() {
  route_.tos = static_cast<std::uint8_t>(named(Table::dsfields, "dsfield", 255).value_or(0));
}

void RouteLine::table() {
  const auto given = named(Table::tables, "routing table");
  route_.table = given.value_or(0) == 0 ? routing::main_table : *given;  // 0: unspecified
}

void RouteLine::protocol() {
  route_.protocol = static_cast<std::uint8_t>(named(Table::protocols, "routing protocol", 255).value_or(0));
}

void RouteLine::scope() {
  route_.scope = static_cast<std::uint8_t>(named(Table::scopes, "scope", 255).value_or(0));
}

void RouteLine::metric() {
  route_.metric = number(0, any_number);
}

void RouteLine::device() {
  route_.nexthop.device = EntryLine::device().value_or("");
}

void RouteLine::expires() {
  route_.expires_seconds = number(0, any_number);
}

void RouteLine::realms() {
  route_.nexthop.realms = EntryLine::realms().value_or(0);
}

void RouteLine::features() {
  if (!step_to_value()) return;
  if (word() == "ecn") return set_metric(RouteMetric::features, feature_ecn);
  warn(fmt::format("unknown feature {} is ignored", quoted(word())), "there is ecn");
}

void RouteLine::congestion_control() {
  if (next() == "lock") {
    constexpr unsigned metric = 16;  // RTAX_CC_ALGO
    advance();
    route_.locked_metrics |= 1U << metric;
  }
  constexpr std::size_t longest_name = 15;  // Linux TCP_CA_NAME_MAX - 1
  if (!step_to_value()) return;
  if (word().size() > longest_name) {
    return refuse(fmt::format("no congestion control is called {}", quoted(word())),
                  "see net.ipv4.tcp_available_congestion_control");
  }
  route_.congestion_control = word();
}

void RouteLine::preference() {
  static constexpr std::pair<std::string_view, std::uint8_t> names[] = {{"low", 3}, {"medium", 0}, {"high", 1}};
  const auto* const found = std::ranges::find(names, next(), &std::pair<std::string_view, std::uint8_t>::first);
  if (found == std::end(names)) {
    if (const auto given = number(0, 255)) route_.preference = static_cast<std::uint8_t>(*given);
    return;
  }
  advance();
  route_.preference = found->second;
}

void RouteLine::ttl_propagate() {
  if (!step_to_value()) return;
  if (word() == "enabled" || word() == "disabled") {
    route_.ttl_propagate = word() == "enabled" ? 1 : 0;
  } else {
    warn(fmt::format("{} is no value for 'ttl-propagate' and is ignored", quoted(word())), "give enabled or disabled");
  }
}

void RouteLine::vrf() {
  route_.vrf = EntryLine::device().value_or("");
}

void RouteLine::track_group() {
  if (step_to_value()) result_.track_group = word();
}

// The rest of the line.
void RouteLine::nexthops() {
  while (!is_at_end() && is_usable_) {
    if (word() != "nexthop") {
      warn(fmt::format("{} and what follows is ignored: nexthops are the last on the line", quoted(word())),
           "write it before the first nexthop");
      index_ = line_.words.size();
      break;
    }
    auto given = nexthop();
    if (!given) break;
    if (route_.nexthops.size() == limits::nexthops) {
      return refuse(fmt::format("a route has at most {} nexthops", limits::nexthops), "leave some out");
    }
    route_.nexthops.push_back(std::move(*given));
    advance();
  }
}

std::optional<Nexthop> RouteLine::nexthop() {
  Nexthop result;
  while (has_next() && is_usable_) {
    const std::string_view option = next();
    if (option == "via") {
      advance();
      if (next() == "inet" || next() == "inet6") advance();
      result.gateway = address();
      if (result.gateway && result.gateway->family() != family_.value_or(result.gateway->family())) {
        warn("a nexthop of another family, and what follows it, is ignored", "write addresses of one family");
        index_ = line_.words.size();
        return std::nullopt;
      }
      if (result.gateway) family_ = result.gateway->family();
    } else if (option == "dev" || option == "oif") {
      advance();
      result.device = EntryLine::device().value_or("");
    } else if (option == "weight") {
      advance();
      result.weight = number(1, routing::most_weight).value_or(1);
    } else if (option == "onlink") {
      advance();
      result.on_link = true;
    } else if (option == "encap") {
      advance();
      result.encapsulation = encapsulation();
    } else if (option == "realms") {
      advance();
      result.realms = EntryLine::realms().value_or(0);
    } else {
      break;
    }
  }
  if (!is_usable_) return std::nullopt;
  if (!result.gateway && result.device.empty()) {
    refuse("a nexthop has neither via nor dev", "write nexthop via ADDRESS");
    return std::nullopt;
  }
  return result;
}

void RouteLine::settle() {
  if (!has_destination_) return refuse_at(line_.position(), "there is no destination", "write default, or 10.0.0.0/24");
  settle_family();
  settle_nexthops();
  if (route_.family == Family::ipv4) {
    check_ipv4();
  } else {
    check_ipv6();
  }
  check_kernel_rules();
  if (result_.track && route_.protocol != routing::protocol_keepalived) {
    warn_at(line_.position(), "a route of another protocol than keepalived's cannot be followed; keepalived is used",
            "add no_track to keep the protocol, or remove it");
    route_.protocol = routing::protocol_keepalived;
  }
}

void RouteLine::settle_family() {
  route_.family = family_.value_or(Family::ipv4);
  if (route_.family == Family::ipv6 && route_.destination.length == 0) {
    route_.destination.address = *IpAddress::parse("::");
  }
}

void RouteLine::settle_nexthops() {
  Nexthop& first = route_.nexthop;
  if (second_gateway_) {
    Nexthop second = first;
    second.gateway = second_gateway_;
    route_.nexthops = {first, second};
    first = {};
  }
  if (!route_.nexthops.empty() && (first.gateway || !first.device.empty())) {
    refuse_at(line_.position(), "a route has via and dev, or nexthops, and not both", "write all of them as nexthops");
  }
}

void RouteLine::check_ipv4() {
  if (route_.source) refuse_at(line_.position(), "'from' is for IPv6 routes", "use a rule: virtual_rules");
  if (route_.expires_seconds) refuse_at(line_.position(), "'expires' is for IPv6 routes", "remove it");
  if (route_.preference) refuse_at(line_.position(), "'pref' is for IPv6 routes", "remove it, or write metric");
  if (has_host_bits(route_.destination)) {
    refuse_at(line_.position(), fmt::format("{} has bits beyond its length", to_string(route_.destination)),
              "the kernel wants them zero: write the network's address");
  }
  const bool has_nexthop = route_.nexthop.gateway || !route_.nexthop.device.empty() || !route_.nexthops.empty();
  if (leads_nowhere(route_.type) && has_nexthop) {
    refuse_at(line_.position(), "a route of this type goes nowhere and has no via, dev or nexthop", "remove them");
  }
  const std::uint8_t least_scope = route_.type == RouteType::local       ? scope_host
                                   : route_.type == RouteType::broadcast ? scope_link
                                   : route_.type == RouteType::anycast   ? scope_link
                                                                         : 0;
  if (route_.scope < least_scope) {
    refuse_at(line_.position(), "the kernel does not take a route of this type with this scope",
              fmt::format("add scope {}", least_scope == scope_host ? "host" : "link"));
  }
}

void RouteLine::check_ipv6() {
  const bool has_realms = route_.nexthop.realms != 0 ||
                          std::ranges::any_of(route_.nexthops, [](const Nexthop& each) { return each.realms != 0; });
  if (has_realms) refuse_at(line_.position(), "realms are for IPv4 routes", "remove them");
  if (route_.tos != 0) refuse_at(line_.position(), "IPv6 routes have no tos", "remove it, or use a rule");
}

// What Linux would refuse in any case.
void RouteLine::check_kernel_rules() {
  if (route_.type == RouteType::nat || route_.type == RouteType::xresolve) {
    refuse_at(line_.position(), "Linux has no routes of this type", "remove the line");
  }
  const bool has_nexthop = route_.nexthop.gateway || !route_.nexthop.device.empty() || !route_.nexthops.empty();
  if (!has_nexthop && !leads_nowhere(route_.type)) {
    refuse_at(line_.position(), "the route leads nowhere", "add via ADDRESS, or dev NAME");
  }
}

}  // namespace baton::config
