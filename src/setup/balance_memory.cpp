#include "setup/balance_memory.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "balance/weight_ramp.h"
#include "config/bfd_peers.h"
#include "setup/balance_setup.h"

namespace baton::setup {
namespace {

// A virtual server, and where its real servers and checks begin in a BalanceMemory.
struct Numbered {
  const config::VirtualServer* server = nullptr;
  std::size_t service = 0;
  std::size_t first_server = 0;
  std::size_t first_check = 0;
};

std::vector<Numbered> number(const config::Configuration& configuration) {
  std::vector<Numbered> numbered;
  numbered.reserve(configuration.virtual_servers.size());
  Numbered next;
  for (const config::VirtualServer& server : configuration.virtual_servers) {
    next.server = &server;
    numbered.push_back(next);
    ++next.service;
    next.first_server += server.real_servers.size();
    for (const config::RealServer& real : server.real_servers) next.first_check += real.checks.size();
  }
  return numbered;
}

// Virtual servers by name; of one name the first.
class ByName {
 public:
  explicit ByName(const std::vector<Numbered>& all) {
    for (const Numbered& each : all) names_.emplace(each.server->name, &each);
  }
  const Numbered* find(std::string_view name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string_view, const Numbered*> names_;
};

// The real servers of one virtual server by address and port. Mostly they are asked for in the order that they stand
// in, which costs nothing.
class RealServers {
 public:
  struct Found {
    const config::RealServer* real = nullptr;
    std::size_t server = 0;  // its number
    std::size_t first_check = 0;
  };

  explicit RealServers(const Numbered& service) : service_(service), next_(first()) {}

  std::optional<Found> find(const config::RealServer& wanted) {
    if (next_.real == nullptr || name(*next_.real) != name(wanted)) {
      if (index_.empty()) make_index();
      const auto found = index_.find(name(wanted));
      if (found == index_.end()) return std::nullopt;
      next_ = found->second;
    }
    return std::exchange(next_, after(next_));
  }

 private:
  using Name = std::pair<IpAddress, std::uint16_t>;

  static Name name(const config::RealServer& real) { return {real.address, real.port}; }

  Found first() const {
    return {.real = service_.server->real_servers.data(),
            .server = service_.first_server,
            .first_check = service_.first_check};
  }
  Found after(const Found& place) const {
    const std::size_t next = place.server + 1 - service_.first_server;
    const auto& all = service_.server->real_servers;
    return {.real = next < all.size() ? &all[next] : nullptr,
            .server = place.server + 1,
            .first_check = place.first_check + place.real->checks.size()};
  }
  void make_index() {
    for (Found place = first(); place.real != nullptr; place = after(place)) index_.emplace(name(*place.real), place);
  }

  const Numbered& service_;
  Found next_;
  std::map<Name, Found> index_;
};

// What both say of the check is about the same: a BFD session may have another neighbour under its old name.
bool judges_the_same(const config::HealthCheck& check, const config::Configuration& before,
                     const config::Configuration& after) {
  const auto* bfd = std::get_if<config::BfdCheck>(&check.kind);
  if (bfd == nullptr) return true;
  const config::BfdSession* const left = config::session_of(*bfd, before);
  const config::BfdSession* const right = config::session_of(*bfd, after);
  if (left == nullptr || right == nullptr) return left == right;
  return config::have_same_peer(*left, *right);
}

balance::CheckMemory remember_check(const config::HealthCheck& check, const RealServers::Found& known,
                                    const BalanceMemory& memory, bool judges_the_same) {
  const auto& before = known.real->checks;
  const auto same = judges_the_same ? std::ranges::find(before, check) : before.end();
  if (same != before.end()) return memory.checks[known.first_check + static_cast<std::size_t>(same - before.begin())];
  bool is_known = false;
  bool is_down = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const balance::CheckState state = memory.checks[known.first_check + i].state;
    is_known = is_known || state != balance::CheckState::unknown;
    is_down =
        is_down || state == balance::CheckState::down || (state == balance::CheckState::unknown && before[i].alpha);
  }
  if (!is_known) return {};
  return {.state = is_down ? balance::CheckState::down : balance::CheckState::up};
}

// What a balancer of these services alone has in the kernel.
ServiceTable table_of(const std::vector<Numbered>& services, const BalanceMemory& memory, Instant now) {
  std::vector<balance::Service> made;
  made.reserve(services.size());
  for (const Numbered& each : services) made.push_back(make_service(*each.server));
  balance::Balancer balancer(std::move(made));
  balance::WeightRamp ramp;
  balance::Actions actions;
  std::uint32_t check = 0;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const Numbered& each = services[i];
    std::size_t place = each.first_check;
    std::size_t server = each.first_server;
    for (std::size_t j = 0; j < each.server->real_servers.size(); ++j, ++server) {
      for (std::size_t k = 0; k < each.server->real_servers[j].checks.size(); ++k) {
        balancer.remember(check++, memory.checks[place++]);
      }
      balancer.set_drained(i, j, memory.is_drained[server], actions);
      if (const auto began = memory.rises[server]) ramp.begin(i, j, each.server->slow_start, *began);
    }
    if (const auto known = memory.has_quorum[each.service]) balancer.remember_quorum(i, *known);
  }
  balancer.start(actions);
  for (const auto& step : ramp.step(now)) balancer.set_share(step.service, step.server, step.parts);
  ServiceTable table;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const TableService wanted = balancer.wanted(i);
    for (const ServiceKey& key : balancer.services()[i].keys) table.emplace(key, balance::under(key, wanted));
  }
  return table;
}

}  // namespace

BalanceMemory carry_over(const config::Configuration& before, const BalanceMemory& memory,
                         const config::Configuration& after) {
  BalanceMemory result;
  const std::vector<Numbered> numbered = number(before);
  const ByName known(numbered);
  for (const config::VirtualServer& server : after.virtual_servers) {
    const Numbered* const service = known.find(server.name);
    result.has_quorum.push_back(service == nullptr ? std::nullopt : memory.has_quorum[service->service]);
    std::optional<RealServers> servers;
    if (service != nullptr) servers.emplace(*service);
    for (const config::RealServer& real : server.real_servers) {
      const auto found = servers ? servers->find(real) : std::nullopt;
      result.is_drained.push_back(found && memory.is_drained[found->server]);
      result.is_known.push_back(found && memory.is_known[found->server]);
      result.rises.push_back(found ? memory.rises[found->server] : std::nullopt);
      for (const config::HealthCheck& check : real.checks) {
        result.checks.push_back(found ? remember_check(check, *found, memory, judges_the_same(check, before, after))
                                      : balance::CheckMemory{});
      }
    }
  }
  return result;
}

ServiceShift service_shift(const config::Configuration& before, const BalanceMemory& memory_before,
                           const config::Configuration& after, const BalanceMemory& memory_after, Instant now) {
  const std::vector<Numbered> left = number(before);
  const std::vector<Numbered> wanted = number(after);
  const ByName left_by_name(left);
  const ByName wanted_by_name(wanted);
  const auto others = [](const std::vector<Numbered>& all, const ByName& there) {
    std::vector<Numbered> changed;
    std::ranges::copy_if(all, std::back_inserter(changed), [&](const Numbered& each) {
      const Numbered* const same = there.find(each.server->name);
      return same == nullptr || *same->server != *each.server;
    });
    return changed;
  };
  return {.before = table_of(others(left, wanted_by_name), memory_before, now),
          .after = table_of(others(wanted, left_by_name), memory_after, now)};
}

}  // namespace baton::setup
