#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "plan/event.h"
#include "plan/explanation.h"
#include "plan/findings.h"

namespace baton::plan {

namespace {

// ---------------------------------------------------------------- who held it when

// A node once for each router of it that holds the address: several can, in files that give it to several.
std::vector<NodeId> holding_routers(const World& world, const Ring& ring) {
  std::vector<NodeId> nodes;
  for (const Ring::Member& member : ring.members) {
    if (member.carries && world.holds(member)) nodes.push_back(member.node);
  }
  return nodes;
}

std::vector<NodeId> each_once(const std::vector<NodeId>& nodes) {
  const std::set<NodeId> different(nodes.begin(), nodes.end());
  return {different.begin(), different.end()};
}

// From the holding routers before an event and what changed since.
std::vector<Holding> holdings_of(const Ring& ring, std::span<const NodeId> before, std::span<const Change> changes,
                                 Instant began, Duration lasted) {
  struct Open {
    Duration from{};
    std::size_t routers = 0;
  };
  std::vector<Holding> holdings;
  std::map<NodeId, Open> open;
  for (const NodeId node : before) ++open[node].routers;
  for (const Change& each : changes) {
    if (!ring.carries(each.node, each.router)) continue;
    const Duration at = each.at - began;
    const bool gains = each.kind == Change::Kind::state && each.to == vrrp::State::master;
    const bool loses = each.kind != Change::Kind::priority && each.from == vrrp::State::master;
    if (gains) ++open.try_emplace(each.node, Open{.from = at}).first->second.routers;
    const auto held = open.find(each.node);
    if (!loses || held == open.end() || --held->second.routers > 0) continue;
    holdings.push_back({.node = each.node, .from = held->second.from, .until = at});
    open.erase(held);
  }
  for (const auto& [node, held] : open) holdings.push_back({.node = node, .from = held.from, .until = lasted});
  std::ranges::sort(holdings, {}, [](const Holding& each) { return std::pair(each.from, each.node); });
  return holdings;
}

// How long two or more, and how long nobody, had it.
void count_owners(Duration lasted, Outcome& outcome) {
  std::map<Duration, int> steps{{Duration::zero(), 0}, {lasted, 0}};
  for (const Holding& each : outcome.holdings) {
    ++steps[each.from];
    --steps[each.until];
  }
  int owners = 0;
  for (auto step = steps.begin(); std::next(step) != steps.end(); ++step) {
    owners += step->second;
    const Duration length = std::next(step)->first - step->first;
    if (owners == 0) outcome.no_owner += length;
    if (owners > 1) outcome.two_owners += length;
  }
}

bool somebody_came_back(const std::vector<Holding>& holdings) {
  std::set<NodeId> seen;
  return std::ranges::any_of(holdings, [&](const Holding& each) { return !seen.insert(each.node).second; });
}

// The last time that somebody got or lost it.
std::optional<Duration> settled_after(const Outcome& outcome, Duration lasted) {
  std::optional<Duration> last;
  const auto count = [&](Duration at) { last = std::max(last.value_or(at), at); };
  for (const Holding& each : outcome.holdings) {
    const bool had_it =
        each.from == Duration::zero() && std::ranges::find(outcome.before, each.node) != outcome.before.end();
    if (!had_it) count(each.from);
    if (each.until < lasted) count(each.until);
  }
  return last;
}

// ---------------------------------------------------------------- scenarios

class Player {
 public:
  Player(const Network& network, const Options& options)
      : network_(network), options_(options), budget_{options.steps}, findings_(network) {}

  Plan play() {
    for (const NodePlace& node : network_.nodes) plan_.nodes.push_back(node.name);
    for (const Ring& ring : network_.rings) {
      plan_.rings.push_back(ring.name);
      plan_.addresses.push_back(ring.addresses);
    }
    findings_.look_at_network();
    const Event start{.kind = EventKind::start, .object = {}, .process = {}};
    {
      World world(network_, budget_);
      scene(world, {}, start);
    }
    const std::vector<Event> failures = single_failures(World(network_, budget_));
    for (const Event& failure : failures) play(failure);
    if (options_.pairs) play_pairs(failures);
    plan_.services = plan_services(network_);
    findings_.look_at_services(plan_.services);
    plan_.findings = findings_.take();
    return std::move(plan_);
  }

 private:
  // A failure and the way back from it.
  void play(const Event& failure) {
    const std::optional<Event> way_back = return_of(failure);
    const bool back_is_wanted = way_back && is_wanted(*way_back);
    if (!is_wanted(failure) && !back_is_wanted) return;
    World world(network_, budget_);
    if (!is_ready(world)) return skip({}, failure);
    if (!scene(world, {}, failure) || !way_back) return;
    scene(world, {}, *way_back);
  }

  void play_pairs(const std::vector<Event>& failures) {
    for (std::size_t i = 0; i < failures.size(); ++i) {
      for (std::size_t j = i + 1; j < failures.size(); ++j) {
        const Event& second = failures[j];
        if (!is_possible_after(failures[i], second) || !is_wanted(second)) continue;
        World world(network_, budget_);
        if (!is_ready(world)) return skip({failures[i]}, second);
        world.refresh();
        apply(failures[i], world);
        if (world.settle() == Rest::calm) scene(world, {failures[i]}, second);
      }
    }
  }

  bool is_wanted(const Event& event) const {
    return options_.only.empty() || name(event).contains(options_.only) ||
           title(event, network_).contains(options_.only);
  }

  // All nodes run and are at rest.
  bool is_ready(World& world) {
    apply({.kind = EventKind::start, .object = {}, .process = {}}, world);
    return world.settle() == Rest::calm;
  }

  void skip(std::vector<Event> standing, const Event& event) {
    if (budget_.steps > 0) return;  // it never came to rest, which the start has told
    Scenario scenario{
        .standing = std::move(standing), .event = event, .title = {}, .rest = Rest::out_of_budget, .outcomes = {}};
    scenario.title = full_title(scenario);
    findings_.look_at(scenario);
    plan_.scenarios.push_back(std::move(scenario));
  }

  std::string full_title(const Scenario& scenario) const {
    std::string text = title(scenario.event, network_);
    for (const Event& each : scenario.standing) text += fmt::format(" after {}", gerund(each, network_));
    return text;
  }

  // The event in this world, which is at rest. False: it has no rest afterwards.
  bool scene(World& world, std::vector<Event> standing, const Event& event) {
    world.refresh();
    world.forget();
    std::vector<std::vector<NodeId>> before;
    for (const Ring& ring : network_.rings) before.push_back(holding_routers(world, ring));
    const Instant began = world.now();
    apply(event, world);
    Scenario scenario{.standing = std::move(standing),
                      .event = event,
                      .title = {},
                      .rest = world.settle(),
                      .lasted = world.now() - began,
                      .outcomes = {}};
    scenario.title = full_title(scenario);
    const bool rests = scenario.rest == Rest::calm;
    if (is_wanted(event)) tell(world, std::move(scenario), before, began);
    return rests;
  }

  void tell(const World& world, Scenario scenario, const std::vector<std::vector<NodeId>>& before, Instant began) {
    std::vector<std::vector<Change>> changes(network_.elections.size());
    for (const Change& each : world.changes()) {
      changes[network_.nodes[each.node].routers[each.router].election].push_back(each);
    }
    findings_.look_at(scenario);
    for (RingId ring = 0; ring < network_.rings.size(); ++ring) {
      const Ring& members = network_.rings[ring];
      const std::vector<Change>& its_changes = changes[members.election];
      Outcome outcome{.ring = ring,
                      .before = each_once(before[ring]),
                      .after = each_once(holding_routers(world, members)),
                      .settled_after = {},
                      .why = {},
                      .holdings = holdings_of(members, before[ring], its_changes, began, scenario.lasted)};
      count_owners(scenario.lasted, outcome);
      outcome.comes_back = somebody_came_back(outcome.holdings);
      outcome.settled_after = settled_after(outcome, scenario.lasted);
      const Aftermath aftermath{.world = world,
                                .event = scenario.event,
                                .ring = ring,
                                .before = outcome.before,
                                .after = outcome.after,
                                .changes = its_changes,
                                .began = began};
      outcome.why = explain(aftermath);
      if (scenario.rest == Rest::calm) {
        const auto look = scenario.standing.empty() ? &Findings::look_at_single : &Findings::look_at_pair;
        (findings_.*look)(scenario, outcome, aftermath);
      }
      scenario.outcomes.push_back(std::move(outcome));
    }
    plan_.scenarios.push_back(std::move(scenario));
  }

  const Network& network_;
  const Options& options_;
  Budget budget_;
  Findings findings_;
  Plan plan_;
};

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "";
}

Severity Plan::worst() const {
  return findings.empty() ? Severity::note : findings.front().severity;
}

Plan make_plan(const Network& network, const Options& options) {
  return Player(network, options).play();
}

}  // namespace baton::plan
