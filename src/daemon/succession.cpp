#include "daemon/succession.h"

#include <map>
#include <string_view>
#include <tuple>

namespace baton::daemon {

namespace {

auto identity(const RouterSetup& router) {
  return std::tuple(router.codec.vrid, router.codec.family, std::string_view(router.interface),
                    router.codec.peers.empty());
}

// By router; empty: in none.
std::vector<std::string_view> groups_of(const Setup& setup) {
  std::vector<std::string_view> names(setup.routers.size());
  for (const vrrp::GroupParameters& group : setup.node.groups) {
    for (const vrrp::RouterId member : group.members) names[member] = group.name;
  }
  return names;
}

}  // namespace

std::vector<std::optional<std::size_t>> successors(const Setup& old, const Setup& next) {
  std::map<decltype(identity(next.routers[0])), std::size_t> places;
  for (std::size_t i = 0; i < next.routers.size(); ++i) places.emplace(identity(next.routers[i]), i);
  std::vector<std::optional<std::size_t>> successors(old.routers.size());
  for (std::size_t i = 0; i < old.routers.size(); ++i) {
    const auto place = places.find(identity(old.routers[i]));
    if (place != places.end()) successors[i] = place->second;
  }
  return successors;
}

bool is_unchanged(const Setup& old, std::size_t router, const Setup& next, std::size_t successor) {
  return old.configuration.instances[router] == next.configuration.instances[successor];
}

Heirs heirs(const Setup& old, const Setup& next) {
  Heirs heirs{.places = successors(old, next), .unchanged = {}, .same_group = {}, .count = next.routers.size()};
  const std::vector<std::string_view> groups_before = groups_of(old);
  const std::vector<std::string_view> groups = groups_of(next);
  for (std::size_t i = 0; i < heirs.places.size(); ++i) {
    const auto place = heirs.places[i];
    heirs.unchanged.push_back(place && is_unchanged(old, i, next, *place));
    heirs.same_group.push_back(place && groups_before[i] == groups[*place]);
  }
  return heirs;
}

Inheritance inheritance(const Setup& old, const Setup& next, const RouterWills& wills) {
  Inheritance result{.wills = RouterWills(next.routers.size()), .gone = RouterWills(wills.size())};
  hand_down(
      heirs(old, next), [&](std::size_t i) { return wills[i]; },
      [&](std::size_t place, const RouterWill& will) { result.wills[place] = will; },
      [&](std::size_t i, const RouterWill& will) { result.gone[i] = will; });
  return result;
}

std::vector<Vanished> vanished(const Setup& old, const Setup& next, std::span<const std::optional<RouterWill>> wills) {
  std::vector<Vanished> result;
  const auto places = successors(old, next);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i]) continue;
    unsigned priority = old.node.routers[i].router.base_priority;
    if (wills[i] && wills[i]->router.priority != 0) priority = wills[i]->router.priority;
    result.push_back({.name = old.routers[i].name, .hooks = old.routers[i].hooks, .priority = priority});
  }
  return result;
}

std::optional<std::string> loses_all_addresses(const Setup& old, const Setup& next) {
  const auto places = successors(old, next);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!places[i] || old.routers[i].addresses.empty()) continue;
    if (next.routers[*places[i]].addresses.empty()) return next.routers[*places[i]].name;
  }
  return std::nullopt;
}

}  // namespace baton::daemon
