#include "plan/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "balance/balancer.h"
#include "setup/balance_setup.h"

namespace baton::plan {

namespace {

constexpr std::size_t servers_named = 3;

// How long a try takes that meets nobody.
Duration longest_try(const config::HealthCheck& check) {
  if (const auto* script = std::get_if<config::MiscCheck>(&check.kind)) return script->timeout;
  return std::holds_alternative<config::FileCheck>(check.kind) ? Duration::zero() : check.target.timeout;
}

// It dies right after a try that found it well, and answers nothing from then on (health/check.h).
Duration noticed_after(const config::HealthCheck& check) {
  return check.delay_loop + check.retry * check.delay_before_retry + (check.retry + 1) * longest_try(check);
}

bool finds_a_death(const config::HealthCheck& check) {
  return !std::holds_alternative<config::BfdCheck>(check.kind);
}

// One service with servers that live and die.
class Play {
 public:
  Play(const config::VirtualServer& configured, const balance::Service& service)
      : configured_(configured), service_(service) {}

  ServicePlan plan() const {
    ServicePlan plan{.name = configured_.name, .keys = service_.keys};
    for (const balance::RealServer& server : service_.servers) plan.servers.push_back(server.key);
    if (service_.sorry) plan.sorry = service_.sorry->key;
    const ServiceFate calm = fate_of({});
    plan.serving = calm.serving;
    plan.has_quorum = calm.has_quorum;
    plan.deaths_survived = deaths_survived();
    plan.fates = single_deaths();
    if (service_.servers.size() > 1) {
      std::vector<std::size_t> all(service_.servers.size());
      std::iota(all.begin(), all.end(), 0);
      plan.fates.push_back(fate_of(all));
    }
    return plan;
  }

 private:
  std::optional<Duration> noticed(std::size_t server) const {
    std::optional<Duration> first;
    for (const config::HealthCheck& check : configured_.real_servers[server].checks) {
      if (finds_a_death(check)) first = std::min(first.value_or(Duration::max()), noticed_after(check));
    }
    return first;
  }

  ServiceFate fate_of(const std::vector<std::size_t>& dead) const {
    balance::Balancer balancer({service_});
    balance::Actions unsaid;
    balancer.start(unsaid);
    ServiceFate fate{.dead = {}, .serving = {}};
    std::uint32_t check = 0;
    for (std::size_t i = 0; i < service_.servers.size(); ++i) {
      for (std::size_t of_server = 0; of_server < service_.servers[i].checks.size(); ++of_server) {
        balancer.on_verdict({.check = check++, .is_up = true, .weight = {}, .reason = {}}, unsaid);
      }
    }
    check = 0;
    for (std::size_t i = 0; i < service_.servers.size(); ++i) {
      const std::uint32_t first = check;
      check += static_cast<std::uint32_t>(service_.servers[i].checks.size());
      if (!std::ranges::binary_search(dead, i)) continue;
      fate.dead.push_back(service_.servers[i].key);
      const auto after = noticed(i);
      if (!after) continue;
      balancer.on_verdict({.check = first, .is_up = false, .weight = {}, .reason = {}}, unsaid);
      fate.noticed = std::max(fate.noticed.value_or(Duration::zero()), *after);
    }
    fate.has_quorum = balancer.has_quorum(0);
    fate.sorry_serves = service_.sorry && !fate.has_quorum;
    for (const auto& [server, settings] : balancer.wanted(0).destinations) {
      const bool is_dead = std::ranges::find(fate.dead, server) != fate.dead.end();
      if (settings.weight > 0 && !is_dead) fate.serving.push_back(server);
    }
    return fate;
  }

  // The heaviest go first: whichever so many die, it is not worse.
  std::size_t deaths_survived() const {
    std::vector<std::size_t> order(service_.servers.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(-service_.servers[i].settings.weight, i); });
    std::size_t least = 0;
    std::size_t most = order.size();
    while (least < most) {  // so many of them: the quorum holds with `least`
      const std::size_t middle = (least + most + 1) / 2;
      std::vector<std::size_t> dead(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(middle));
      std::ranges::sort(dead);
      const ServiceFate fate = fate_of(dead);
      if (fate.has_quorum && !fate.serving.empty()) {
        least = middle;
      } else {
        most = middle - 1;
      }
    }
    return least;
  }

  // Those that weigh the same, and are noticed as fast, are missed alike.
  std::vector<ServiceFate> single_deaths() const {
    std::map<std::pair<std::int32_t, std::optional<Duration>>, std::size_t> known;
    std::vector<ServiceFate> fates;
    for (std::size_t i = 0; i < service_.servers.size(); ++i) {
      const balance::RealServer& server = service_.servers[i];
      const auto [place, is_new] = known.try_emplace({server.settings.weight, noticed(i)}, fates.size());
      if (is_new) {
        fates.push_back(fate_of({i}));
        continue;
      }
      fates[place->second].dead.push_back(server.key);
      fates[place->second].any_one = true;
    }
    return fates;
  }

  const config::VirtualServer& configured_;
  const balance::Service& service_;
};

std::string names_of(const std::vector<DestinationKey>& servers) {
  if (servers.size() > servers_named) return fmt::format("{} real servers", servers.size());
  std::string text;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == servers.size() ? " and " : ", ") + to_string(servers[i]);
  }
  return text;
}

}  // namespace

std::vector<ServicePlan> plan_services(const Network& network) {
  std::vector<ServicePlan> plans;
  std::vector<balance::Service> known;  // of each of `plans`
  std::multimap<std::string, std::size_t> by_name;
  for (NodeId node = 0; node < network.nodes.size(); ++node) {
    const config::Configuration& configuration = network.nodes[node].setup.configuration;
    setup::BalanceSetup setup = setup::make_balance_setup(configuration);
    for (std::size_t i = 0; i < setup.services.size(); ++i) {
      ServicePlan plan = Play(configuration.virtual_servers[i], setup.services[i]).plan();
      const auto [begin, end] = by_name.equal_range(plan.name);
      const auto same = std::find_if(begin, end, [&](const auto& entry) {
        return known[entry.second] == setup.services[i] && plans[entry.second].fates == plan.fates;
      });
      if (same != end) {
        plans[same->second].nodes.push_back(node);
        continue;
      }
      plan.nodes.push_back(node);
      by_name.emplace(plan.name, plans.size());
      plans.push_back(std::move(plan));
      known.push_back(std::move(setup.services[i]));
    }
  }
  return plans;
}

std::string serving_text(const ServicePlan& service, const ServiceFate& fate) {
  if (fate.sorry_serves) return fmt::format("the sorry server {} alone serves", to_string(*service.sorry));
  if (fate.serving.empty()) return "nobody serves";
  if (fate.any_one) return "the others serve";
  return fmt::format("{} serve{}", names_of(fate.serving), fate.serving.size() == 1 ? "s" : "");
}

std::string deaths_text(const ServicePlan& service, const ServiceFate& fate) {
  if (fate.any_one) {
    return fate.dead.size() == service.servers.size() ? std::string("any one dies")
                                                      : fmt::format("one of {} dies", names_of(fate.dead));
  }
  if (fate.dead.size() == service.servers.size() && fate.dead.size() > 1) return "all die";
  return fmt::format("{} dies", names_of(fate.dead));
}

std::string survived_text(const ServicePlan& service) {
  const std::size_t count = service.servers.size();
  if (service.deaths_survived == 0) return count == 1 ? "it has no other" : "none may die";
  return fmt::format("any {} of {} may die", service.deaths_survived, count);
}

}  // namespace baton::plan
