#include "daemon/routing_plan.h"

#include <algorithm>

#include "base/sys_error.h"

namespace baton::daemon {

namespace {

// Whether what the kernel answered is worth a line, and which.
template <typename Value>
std::optional<std::string> judge(const Value& value, bool add, int code, const char* what, Beliefs<Value>& beliefs,
                                 std::map<Value, int>& refused) {
  const auto known = beliefs.find(value);
  const bool was_there = known != beliefs.end() && known->second;
  if (code == 0) {
    beliefs[value] = add;
    if (refused.erase(value) > 0 && add) return std::string(what) + " " + to_string(value) + " is set now";
    return std::nullopt;
  }
  beliefs[value] = false;
  if (!add) {
    refused.erase(value);
    // What the kernel would never take cannot be removed either.
    if (!was_there) return std::nullopt;
    return to_string(SysError{std::string("remove ") + what + " " + to_string(value), code});
  }
  const auto [before, is_new] = refused.try_emplace(value, code);
  if (!is_new && std::exchange(before->second, code) == code) return std::nullopt;
  return to_string(SysError{std::string("add ") + what + " " + to_string(value), code});
}

bool may_leave_through(const Route& route, const std::string& device) {
  const auto devices = devices_of(route);
  return devices.empty() || std::ranges::find(devices, device) != devices.end();
}

}  // namespace

RoutingPlan::RoutingPlan(const Setup& setup)
    : setup_(setup), routes_(setup.routers.size() + 1), rules_(setup.routers.size() + 1) {}

void RoutingPlan::begin(const RoutingLeftovers& leftovers) {
  routes_.disown_all();
  rules_.disown_all();
  for (const Route& route : leftovers.routes) routes_.leave_over(route);
  for (const Rule& rule : leftovers.rules) rules_.leave_over(rule);
  is_empty_ = leftovers.routes.empty() && leftovers.rules.empty();
  std::set<Route> routes;
  std::set<Rule> rules;
  const auto own = [&](Owner owner, const std::vector<config::ConfiguredRoute>& owned_routes,
                       const std::vector<config::ConfiguredRule>& owned_rules) {
    for (const config::ConfiguredRoute& each : owned_routes) {
      routes_.own(owner, each.route);
      if (!routes.insert(each.route).second) continue;
      routes_by_destination_.emplace(kernel::slot_of(each.route, 0).destination, configured_routes_.size());
      configured_routes_.push_back(each.route);
    }
    for (const config::ConfiguredRule& each : owned_rules) {
      rules_.own(owner, each.rule);
      if (!rules.insert(each.rule).second) continue;
      rules_by_place_.emplace(std::pair(each.rule.family, each.rule.preference), configured_rules_.size());
      configured_rules_.push_back(each.rule);
    }
    routes_.want_what_is_held(owner);
    rules_.want_what_is_held(owner);
  };
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    own(id, setup_.routers[id].routes, setup_.routers[id].rules);
  }
  own(static_owner(), setup_.static_routes, setup_.static_rules);
  is_empty_ = is_empty_ && routes.empty() && rules.empty();
}

void RoutingPlan::set_holding(vrrp::RouterId router, bool holds) {
  if (is_empty_) return;
  routes_.set_holding(router, holds);
  rules_.set_holding(router, holds);
}

void RoutingPlan::hold_static(bool holds) {
  routes_.set_holding(static_owner(), holds);
  rules_.set_holding(static_owner(), holds);
}

std::vector<std::uint8_t> RoutingPlan::protocols() const {
  std::set<std::uint8_t> protocols{routing::protocol_keepalived};
  for (const Route& route : configured_routes_) protocols.insert(route.protocol);
  return {protocols.begin(), protocols.end()};
}

void RoutingPlan::doubt(const Route& route) {
  route_beliefs_.erase(route);
  routes_.difference().look_again(route);
}

void RoutingPlan::doubt(const Rule& rule) {
  rule_beliefs_.erase(rule);
  rules_.difference().look_again(rule);
}

// Any of those that stand there may be the one; one that is not is found by the kernel to be there. What nobody wants
// is left alone: it may be somebody else's.
void RoutingPlan::on_change(const kernel::RouteChange& change, const kernel::InterfaceTable& interfaces) {
  const auto [begin, end] = routes_by_destination_.equal_range(change.slot.destination);
  for (auto at = begin; at != end; ++at) {
    const Route& route = configured_routes_[at->second];
    const bool is_there = kernel::slot_of(route, kernel::table_of(route, interfaces)) == change.slot;
    if (is_there && routes_.is_held(route)) doubt(route);
  }
}

void RoutingPlan::on_change(const kernel::RuleChange& change) {
  const auto [begin, end] = rules_by_place_.equal_range({change.family, change.preference});
  for (auto at = begin; at != end; ++at) {
    const Rule& rule = configured_rules_[at->second];
    if (rules_.is_held(rule)) doubt(rule);
  }
}

void RoutingPlan::on_link_change(const std::string& device) {
  for (const Route& route : configured_routes_) {
    if (may_leave_through(route, device) && routes_.is_held(route)) doubt(route);
  }
}

void RoutingPlan::on_address_removed(const IpAddress& address, const std::string& device, bool was_last_of_ipv4) {
  for (const Route& route : configured_routes_) {
    const bool lost_its_link = was_last_of_ipv4 && route.family == Family::ipv4 && may_leave_through(route, device);
    if ((route.preferred_source == address || lost_its_link) && routes_.is_held(route)) doubt(route);
  }
}

void RoutingPlan::on_address_added() {
  for (const auto& [route, code] : refused_routes_) {
    if (routes_.is_held(route)) doubt(route);
  }
}

void RoutingPlan::doubt_everything() {
  for (const Route& route : configured_routes_) {
    if (routes_.is_held(route)) doubt(route);
  }
  for (const Rule& rule : configured_rules_) {
    if (rules_.is_held(rule)) doubt(rule);
  }
}

bool RoutingPlan::is_settled() const {
  return routes_.difference().is_settled() && rules_.difference().is_settled();
}

bool RoutingPlan::has_removals() const {
  return routes_.difference().has_removals() || rules_.difference().has_removals();
}

std::vector<kernel::RuleRequest> RoutingPlan::rules_to_remove(std::size_t most) {
  return rules_.difference().take_removals(ActualRules{rule_beliefs_}, most);
}

std::vector<kernel::RouteRequest> RoutingPlan::routes_to_remove(const kernel::InterfaceTable& interfaces,
                                                                std::size_t most) {
  return routes_.difference().take_removals(ActualRoutes{route_beliefs_, interfaces}, most);
}

std::vector<kernel::RouteRequest> RoutingPlan::routes_to_add(const kernel::InterfaceTable& interfaces,
                                                             std::size_t most) {
  return routes_.difference().take(ActualRoutes{route_beliefs_, interfaces}, most);
}

std::vector<kernel::RuleRequest> RoutingPlan::rules_to_add(std::size_t most) {
  return rules_.difference().take(ActualRules{rule_beliefs_}, most);
}

std::optional<std::string> RoutingPlan::note(const kernel::RouteRequest& request, int code) {
  const bool add = request.operation == kernel::RouteRequest::Operation::add;
  return judge(request.route, add, code, "route", route_beliefs_, refused_routes_);
}

std::optional<std::string> RoutingPlan::note(const kernel::RuleRequest& request, int code) {
  const bool add = request.operation == kernel::RuleRequest::Operation::add;
  return judge(request.rule, add, code, "rule", rule_beliefs_, refused_rules_);
}

void RoutingPlan::look_again(const kernel::RouteRequest& request) {
  doubt(request.route);
}

void RoutingPlan::look_again(const kernel::RuleRequest& request) {
  doubt(request.rule);
}

bool RoutingPlan::is_present(const Route& route) const {
  const auto known = route_beliefs_.find(route);
  return known != route_beliefs_.end() && known->second;
}

bool RoutingPlan::is_present(const Rule& rule) const {
  const auto known = rule_beliefs_.find(rule);
  return known != rule_beliefs_.end() && known->second;
}

bool RoutingPlan::lacks_static(vrrp::RouterId router) const {
  if (refused_routes_.empty() && refused_rules_.empty()) return false;
  const auto is_needed = [&](const std::string& group) {
    const auto found = setup_.track_groups.find(group);
    return found != setup_.track_groups.end() && std::ranges::find(found->second, router) != found->second.end();
  };
  const auto is_lacking = [&](const auto& entries, const auto& refused, auto member) {
    return std::ranges::any_of(entries, [&](const auto& entry) {
      return !entry.track_group.empty() && is_needed(entry.track_group) && refused.contains(entry.*member);
    });
  };
  return is_lacking(setup_.static_routes, refused_routes_, &config::ConfiguredRoute::route) ||
         is_lacking(setup_.static_rules, refused_rules_, &config::ConfiguredRule::rule);
}

}  // namespace baton::daemon
