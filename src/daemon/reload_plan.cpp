#include "daemon/reload_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "config/settings.h"
#include "daemon/address_plan.h"
#include "daemon/link_watch.h"
#include "daemon/status.h"
#include "daemon/succession.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace {

using Places = std::vector<std::optional<std::size_t>>;
using Events = std::vector<ReloadPlan::Event>;

// ---------------------------------------------------------------- protocol

// The node with the new configuration as it would go on: what NodeShell::begin() tells it.
struct Rehearsal {
  vrrp::Node node;
  std::vector<std::optional<vrrp::RouterMemory>> memory;  // of the routers of the new configuration
  vrrp::NodeActions actions;
};

void tell_of_links(const Setup& next, const kernel::InterfaceTable& interfaces, Instant now, Rehearsal& rehearsal) {
  LinkWatch links(next, [](const std::string&, config::CarrierMethod) { return std::optional<bool>(); });
  links.follow(interfaces, now);
  links.tell(rehearsal.node, now, rehearsal.actions);
  for (const VirtualInterfaceSetup& each : next.virtual_interfaces) {  // some are yet to be made
    if (links.is_up(each.base)) rehearsal.node.on_link(each.wanted.name, true, now, rehearsal.actions);
  }
}

void tell_of_sources(const Setup& next, const kernel::InterfaceTable& interfaces, Instant now, Rehearsal& rehearsal) {
  AddressPlan plan(next);
  plan.follow(interfaces);
  SourceAddresses sources(interfaces, plan);
  for (vrrp::RouterId id = 0; id < next.routers.size(); ++id) {
    const RouterSetup& router = next.routers[id];
    rehearsal.node.on_configuration_fault(id, router.lacks_peers, now, rehearsal.actions);
    const bool is_yet_to_be_made = interfaces.find(router.source_interface) == nullptr && router.has_own_interface;
    if (!is_yet_to_be_made) rehearsal.node.on_source(id, sources.of(router), now, rehearsal.actions);
  }
}

Rehearsal rehearse(const Setup& old, const Setup& next, const RouterWills& wills,
                   const kernel::InterfaceTable& interfaces, Instant now) {
  Rehearsal rehearsal{.node = vrrp::Node(next.node), .memory = {}, .actions = {}};
  tell_of_links(next, interfaces, now, rehearsal);
  tell_of_sources(next, interfaces, now, rehearsal);
  for (const auto& will : inheritance(old, next, wills).wills) {
    rehearsal.memory.push_back(will ? std::optional(will->router) : std::nullopt);
  }
  rehearsal.actions.clear();
  const bool in_maintenance = std::ranges::any_of(
      wills, [](const auto& will) { return will && will->router.state == vrrp::State::maintenance; });
  if (in_maintenance) rehearsal.node.maintain(vrrp::MaintenanceTold::Wish::force, now, rehearsal.actions);
  rehearsal.node.resume(rehearsal.memory, now, rehearsal.actions);
  return rehearsal;
}

std::string_view state_name(vrrp::State state) {
  return name(state);
}

// What one action means to a reader; empty: nothing worth a word.
std::string text_of(const vrrp::Action& action) {
  if (const auto* advert = std::get_if<vrrp::SendAdvert>(&action)) {
    return advert->priority == vrrp::spec::priority_stop
               ? "sends a goodbye (priority 0)"
               : fmt::format("sends an advert with priority {} at once", advert->priority);
  }
  if (const auto* change = std::get_if<vrrp::StateChanged>(&action)) {
    return fmt::format("goes from {} to {} ({})", state_name(change->from), state_name(change->to),
                       sentence(change->reason));
  }
  if (const auto* change = std::get_if<vrrp::PriorityChanged>(&action)) {
    return fmt::format("priority {} becomes {}", change->from, change->to);
  }
  if (std::holds_alternative<vrrp::Announce>(action)) return "announces its addresses";
  return {};
}

std::vector<std::vector<std::string>> texts_by_router(const Rehearsal& rehearsal) {
  std::vector<std::vector<std::string>> texts(rehearsal.node.router_count());
  for (const vrrp::NodeAction& action : rehearsal.actions) {
    const auto* of_router = std::get_if<vrrp::RouterAction>(&action);
    if (of_router == nullptr) continue;
    std::string text = text_of(of_router->action);
    std::vector<std::string>& said = texts[of_router->router];
    if (!text.empty() && (said.empty() || said.back() != text)) said.push_back(std::move(text));
  }
  return texts;
}

bool has_new_addresses(const RouterSetup& before, const RouterSetup& after) {
  std::multimap<IpAddress, const config::VirtualAddress*> known;
  for (const config::VirtualAddress& address : before.addresses) known.emplace(address.address.address, &address);
  return std::ranges::any_of(after.addresses, [&](const config::VirtualAddress& address) {
    const auto [first, last] = known.equal_range(address.address.address);
    return std::none_of(first, last, [&](const auto& entry) { return *entry.second == address; });
  });
}

void tell_of_vanished(const RouterSetup& router, const std::optional<RouterWill>& will, Events& events) {
  const char* told = router.hooks.notifies_deleted ? "DELETED" : "FAULT";
  const bool is_master = will && will->holds_addresses;
  events.push_back({router.name, fmt::format("is taken out; {}{} is told",
                                             is_master ? "sends a goodbye (priority 0), gives "
                                                         "its addresses up; "
                                                       : "",
                                             told)});
}

int base_of(const Setup& setup, std::size_t router) {
  return setup.node.routers[router].router.base_priority;
}

// It is announced once the weights of what is tracked are known again, behind all that is said at once.
void tell_of_base(int before, int after, vrrp::State state, std::vector<std::string>& said) {
  if (before == after) return;
  const bool may_lose_it = after < before && state == vrrp::State::master;
  said.push_back(fmt::format("then base priority {} instead of {}{}", after, before,
                             may_lose_it ? ": a backup with a higher priority takes over" : ""));
}

Events protocol_events(const Setup& old, const Setup& next, const Places& places, const RouterWills& wills,
                       const Rehearsal& rehearsal) {
  Events events;
  std::vector<std::optional<std::size_t>> origins(next.routers.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i]) origins[*places[i]] = i;
    if (!places[i]) tell_of_vanished(old.routers[i], wills[i], events);
  }
  const auto texts = texts_by_router(rehearsal);
  for (vrrp::RouterId id = 0; id < next.routers.size(); ++id) {
    std::vector<std::string> said = texts[id];
    const vrrp::State state = rehearsal.node.router(id).state();
    const bool goes_on = rehearsal.memory[id].has_value();
    if (goes_on && origins[id] && state == vrrp::State::master &&
        has_new_addresses(old.routers[*origins[id]], next.routers[id])) {
      said.emplace_back("announces its addresses");
    }
    const bool is_touched = origins[id] && !is_unchanged(old, *origins[id], next, id);
    if (goes_on && !is_touched && said.empty()) continue;
    if (goes_on && origins[id]) tell_of_base(base_of(old, *origins[id]), base_of(next, id), state, said);
    if (!goes_on && state == vrrp::State::init) said.emplace_back("waits for the first results of what it tracks");
    const std::string beginning = !goes_on                               ? "is new"
                                  : state == rehearsal.memory[id]->state ? fmt::format("stays {}", state_name(state))
                                                                         : "";
    if (!beginning.empty()) said.insert(said.begin(), beginning);
    events.push_back({next.routers[id].name, fmt::format("{}", fmt::join(said, "; "))});
  }
  return events;
}

// ---------------------------------------------------------------- kernel

// What stands in the kernel because of us, as the arguments of ip(8).
struct Holdings {
  std::set<std::string> interfaces;
  std::set<std::string> addresses;
  std::set<std::string> routes;
  std::set<std::string> rules;
};

std::string argument_of(config::VirtualAddress address) {
  const bool is_silent = address.address.address.is_v6() && !address.detect_duplicates;
  address.detect_duplicates = false;
  address.track = true;
  address.use_vmac = false;
  address.track_group.clear();
  return to_string(address) + (is_silent ? " nodad" : "");
}

std::string argument_of(const VirtualInterfaceSetup& interface) {
  const bool is_macvlan = interface.wanted.kind == kernel::StackedKind::macvlan;
  std::string text = fmt::format("{} link {}", interface.wanted.name, interface.base);
  if (interface.wanted.mac) text += " address " + to_string(*interface.wanted.mac);
  return text + (is_macvlan ? " type macvlan mode private" : " type ipvlan");
}

constexpr std::string_view of_ipv6 = "-6 ";

std::string argument_of(const Route& route) {
  return std::string(route.destination.address.is_v6() ? of_ipv6 : "") + to_string(route);
}

std::string argument_of(const Rule& rule) {
  const std::string text = to_string(rule);  // "100: from all ..."
  const std::size_t colon = text.find(':');
  return fmt::format("{}pref {}{}", rule.family == Family::ipv6 ? of_ipv6 : "", text.substr(0, colon),
                     text.substr(colon + 1));
}

void add_routing(const std::vector<config::ConfiguredRoute>& routes, const std::vector<config::ConfiguredRule>& rules,
                 Holdings& holdings) {
  for (const auto& each : routes) holdings.routes.insert(argument_of(each.route));
  for (const auto& each : rules) holdings.rules.insert(argument_of(each.rule));
}

template <typename Holds>
Holdings holdings_of(const Setup& setup, Holds&& holds) {
  Holdings holdings;
  for (const VirtualInterfaceSetup& each : setup.virtual_interfaces) holdings.interfaces.insert(argument_of(each));
  for (const config::VirtualAddress& each : setup.static_addresses) holdings.addresses.insert(argument_of(each));
  add_routing(setup.static_routes, setup.static_rules, holdings);
  for (std::size_t id = 0; id < setup.routers.size(); ++id) {
    if (!holds(id)) continue;
    for (const config::VirtualAddress& each : setup.routers[id].addresses) {
      holdings.addresses.insert(argument_of(each));
    }
    add_routing(setup.routers[id].routes, setup.routers[id].rules, holdings);
  }
  return holdings;
}

void add_lines(const char* command, const std::set<std::string>& what, const std::set<std::string>& without,
               std::vector<std::string>& lines) {
  for (const std::string& each : what) {
    if (without.contains(each)) continue;
    const bool is_v6 = each.starts_with(of_ipv6);
    lines.push_back(fmt::format("ip {}{} {}", is_v6 ? of_ipv6 : "", command, each.substr(is_v6 ? of_ipv6.size() : 0)));
  }
}

// In the worker's order: who leaves takes rules and routes off before the addresses; who comes puts them behind.
std::vector<std::string> kernel_operations(const Holdings& before, const Holdings& after) {
  std::vector<std::string> lines;
  add_lines("link add", after.interfaces, before.interfaces, lines);
  for (const std::string& each : before.interfaces) {
    if (!after.interfaces.contains(each)) lines.push_back("ip link del " + each.substr(0, each.find(' ')));
  }
  add_lines("rule del", before.rules, after.rules, lines);
  add_lines("route del", before.routes, after.routes, lines);
  add_lines("address del", before.addresses, after.addresses, lines);
  add_lines("address add", after.addresses, before.addresses, lines);
  add_lines("route add", after.routes, before.routes, lines);
  add_lines("rule add", after.rules, before.rules, lines);
  return lines;
}

}  // namespace

ReloadPlan plan_reload(const Setup& old, const Setup& next, const RouterWills& wills,
                       const kernel::InterfaceTable& interfaces, Instant now) {
  const Places places = successors(old, next);
  const Rehearsal rehearsal = rehearse(old, next, wills, interfaces, now);
  ReloadPlan plan;
  plan.changes = config::difference(old.configuration, next.configuration, places);
  plan.kernel =
      kernel_operations(holdings_of(old, [&](std::size_t id) { return wills[id] && wills[id]->holds_addresses; }),
                        holdings_of(next, [&](std::size_t id) {
                          return rehearsal.node.router(static_cast<vrrp::RouterId>(id)).holds_addresses();
                        }));
  plan.protocol = protocol_events(old, next, places, wills, rehearsal);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] && is_unchanged(old, i, next, *places[i])) ++plan.unchanged;
  }
  return plan;
}

nlohmann::json to_json(const ReloadPlan& plan) {
  using nlohmann::json;
  json changes = json::array();
  for (const config::Change& each : plan.changes) {
    changes.push_back({{"object", each.object}, {"keyword", each.keyword}});
    changes.back()["before"] = each.before ? json(*each.before) : json();
    changes.back()["after"] = each.after ? json(*each.after) : json();
  }
  json protocol = json::array();
  for (const ReloadPlan::Event& each : plan.protocol) {
    protocol.push_back({{"instance", each.instance}, {"text", each.text}});
  }
  return {{"changes", changes}, {"kernel", plan.kernel}, {"protocol", protocol}, {"unchanged", plan.unchanged}};
}

}  // namespace baton::daemon
