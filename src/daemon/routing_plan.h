// The routes and rules of all routers, and the static ones, brought to the kernel. What the kernel has is believed from
// what it answered and told: a route is put back when in doubt, and the kernel says whether it was there. So a full
// routing table is never read, and routes that the kernel drops without a word (with an address, with a link) come
// back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "daemon/holdings.h"
#include "daemon/setup.h"
#include "kernel/difference.h"
#include "kernel/interface_table.h"
#include "kernel/route_request.h"

namespace baton::daemon {

// What is known to be there, and known not to be; the rest is unknown.
template <typename Value>
using Beliefs = std::map<Value, bool>;

struct ActualRoutes {
  const Beliefs<Route>& beliefs;
  const kernel::InterfaceTable& interfaces;
};
struct ActualRules {
  const Beliefs<Rule>& beliefs;
};

inline bool is_as_wanted(const ActualRoutes& actual, const Route& route, bool wanted) {
  if (!kernel::can_be_set(route, actual.interfaces)) return true;  // looked at again when its interface is there
  const auto known = actual.beliefs.find(route);
  return known != actual.beliefs.end() && known->second == wanted;
}
inline bool is_as_wanted(const ActualRules& actual, const Rule& rule, bool wanted) {
  const auto known = actual.beliefs.find(rule);
  return known != actual.beliefs.end() && known->second == wanted;
}

class RoutingPlan {
 public:
  explicit RoutingPlan(const Setup& setup);

  // Takes note of everything that is configured; what another configuration left (`leftovers`) is removed, once.
  void begin(const RoutingLeftovers& leftovers = {});
  // A router holds its routes and rules from now on, or does not; the same for the static ones.
  void set_holding(vrrp::RouterId router, bool holds);
  void hold_static(bool holds);

  // Nothing is configured or left over: the kernel need not be listened to.
  bool is_empty() const { return is_empty_; }
  // The routing protocols of what is configured.
  std::vector<std::uint8_t> protocols() const;

  // --- what happened ---
  void on_change(const kernel::RouteChange& change, const kernel::InterfaceTable& interfaces);
  void on_change(const kernel::RuleChange& change);
  // A link of this name came, went or changed: IPv4 routes may have gone with it without a word, and those that wait
  // for it can be set. Routes through others are left alone: where containers come and go, links change all the time.
  void on_link_change(const std::string& device);
  // An address of that interface has gone, and perhaps routes with it; one has come, and what was refused may be set.
  void on_address_removed(const IpAddress& address, const std::string& device, bool was_last_of_ipv4);
  void on_address_added();
  // The kernel had more to say than was heard.
  void doubt_everything();

  // --- what follows ---
  bool is_settled() const;
  std::vector<kernel::RuleRequest> rules_to_remove(std::size_t most);
  std::vector<kernel::RouteRequest> routes_to_remove(const kernel::InterfaceTable& interfaces, std::size_t most);
  std::vector<kernel::RouteRequest> routes_to_add(const kernel::InterfaceTable& interfaces, std::size_t most);
  std::vector<kernel::RuleRequest> rules_to_add(std::size_t most);
  bool has_removals() const;
  // No route waits to be set.
  bool has_all_routes() const { return routes_.difference().is_settled(); }

  // What became of a request: 0, or errno. The text is for the log: an error when the kernel refused it for the first
  // time, news when something that was refused is there after all, else nothing.
  std::optional<std::string> note(const kernel::RouteRequest& request, int code);
  std::optional<std::string> note(const kernel::RuleRequest& request, int code);
  // A request that could not be made.
  void look_again(const kernel::RouteRequest& request);
  void look_again(const kernel::RuleRequest& request);

  bool is_present(const Route& route) const;
  bool is_present(const Rule& rule) const;
  // A static entry that the router cannot do without (track_group) was refused by the kernel.
  bool lacks_static(vrrp::RouterId router) const;

 private:
  using Owner = std::size_t;
  Owner static_owner() const { return setup_.routers.size(); }
  void doubt(const Route& route);
  void doubt(const Rule& rule);

  const Setup& setup_;
  Holdings<Route, Route, kernel::Difference<Route, Route, kernel::RouteRequest>> routes_;
  Holdings<Rule, Rule, kernel::Difference<Rule, Rule, kernel::RuleRequest>> rules_;
  Beliefs<Route> route_beliefs_;
  Beliefs<Rule> rule_beliefs_;
  std::map<Route, int> refused_routes_;  // and why
  std::map<Rule, int> refused_rules_;
  std::vector<Route> configured_routes_;  // each once
  std::vector<Rule> configured_rules_;
  std::multimap<IpPrefix, std::size_t> routes_by_destination_;                   // of configured_routes_
  std::multimap<std::pair<Family, std::uint32_t>, std::size_t> rules_by_place_;  // of configured_rules_
  bool is_empty_ = true;
};

}  // namespace baton::daemon
