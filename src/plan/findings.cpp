#include "plan/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/event.h"
#include "plan/unmoved.h"

namespace baton::plan {

namespace {

// One node, however many routers of it take part.
bool is_on_one_node(const Ring& ring) {
  return std::ranges::all_of(ring.members,
                             [&](const Ring::Member& each) { return each.node == ring.members.front().node; });
}

}  // namespace

Finding& Findings::find_or_add(Severity severity, const std::string& id, std::string message) {
  const auto found =
      std::ranges::find_if(findings_, [&](const Finding& each) { return each.id == id && each.message == message; });
  if (found != findings_.end()) return *found;
  findings_.push_back({.severity = severity, .id = id, .message = std::move(message), .instances = {}, .events = {}});
  return findings_.back();
}

void Findings::add(Severity severity, const std::string& id, std::string message, RingId ring,
                   const std::string& event) {
  Finding& finding = find_or_add(severity, id, std::move(message));
  const std::string& instance = network_.rings[ring].name;
  if (std::ranges::find(finding.instances, instance) == finding.instances.end()) finding.instances.push_back(instance);
  if (event.empty() || std::ranges::find(finding.events, event) != finding.events.end()) return;
  finding.events.push_back(event);
}

void Findings::add(Severity severity, const std::string& id, std::string message, const std::string& event) {
  find_or_add(severity, id, std::move(message)).events.push_back(event);
}

bool Findings::is_alone(RingId ring) const {
  return is_on_one_node(network_.rings[ring]);
}

void Findings::look_at_network() {
  for (const std::vector<RingId>& rings : network_.elections) {
    const RingId ring = rings.front();
    look_for_deaf(ring);
    if (!is_alone(ring)) continue;
    const NodeId node = network_.rings[ring].members.front().node;
    add(Severity::error, "alone", fmt::format("only {} can hold it", network_.name(node)), ring, "");
  }
}

void Findings::look_for_deaf(RingId ring) {
  for (const Ring::Member& from : network_.rings[ring].members) {
    for (const Listener& each : network_.nodes[from.node].routers[from.router].listeners) {
      if (each.advert) continue;
      add(Severity::error, "adverts-rejected",
          fmt::format("{} throws {}'s adverts away: {}", network_.name(each.node), network_.name(from.node),
                      vrrp::explain(each.rejected)),
          ring, "");
    }
  }
}

void Findings::look_at_services(const std::vector<ServicePlan>& services) {
  std::set<std::pair<std::string, NodeId>> present;
  for (const ServicePlan& service : services) {
    for (const NodeId node : service.nodes) present.emplace(service.name, node);
  }
  for (const ServicePlan& service : services) {
    const std::string what = "virtual_server " + service.name;
    const auto say = [&](Severity severity, const std::string& id, const std::string& message) {
      (void)find_or_add(severity, id, what + ": " + message);
    };
    if (!service.has_quorum) say(Severity::error, "never-serves", "its quorum is never reached");
    for (const ServiceFate& fate : service.fates) {
      if (!fate.is_single()) continue;
      const std::string dying = deaths_text(service, fate);
      if (!fate.noticed) {
        say(Severity::warning, "unnoticed-death",
            fmt::format("{}, and nobody notices: it has no check, and its connections are lost", dying));
      } else if (fate.serving.empty() && service.servers.size() > 1) {
        say(Severity::warning, "one-death-ends-it", fmt::format("{}, and nobody serves", dying));
      }
    }
    for (const NodeId node : nodes_that_carry(service)) {
      if (present.contains({service.name, node})) continue;
      say(Severity::warning, "service-missing",
          fmt::format("{} may hold its address, and does not have it in its file", network_.name(node)));
    }
  }
}

// Those that may get its address.
std::set<NodeId> Findings::nodes_that_carry(const ServicePlan& service) const {
  std::set<NodeId> nodes;
  for (const Ring& ring : network_.rings) {
    const bool is_its = std::ranges::any_of(service.keys, [&](const ServiceKey& key) {
      return key.mark == 0 && std::ranges::find(ring.addresses, key.address) != ring.addresses.end();
    });
    if (!is_its) continue;
    for (const Ring::Member& member : ring.members) {
      if (member.carries) nodes.insert(member.node);
    }
  }
  return nodes;
}

void Findings::look_at(const Scenario& scenario) {
  if (scenario.rest == Rest::restless) {
    add(Severity::error, "restless", "the nodes do not come to rest", scenario.title);
  } else if (scenario.rest == Rest::out_of_budget) {
    add(Severity::error, "not-played", "too much happens to play it to the end", scenario.title);
  }
}

void Findings::look_at_single(const Scenario& scenario, const Outcome& outcome, const Aftermath& aftermath) {
  const bool is_start = scenario.event.kind == EventKind::start;
  const std::string what = gerund(scenario.event, network_);
  const RingId ring = outcome.ring;
  if (is_start && outcome.after.size() != 1) troubled_.insert(ring);
  if (!is_start && (is_alone(ring) || troubled_.contains(ring))) return;
  look_for_owners(scenario, outcome, aftermath);
  if (outcome.comes_back) {
    add(Severity::warning, "flaps", fmt::format("{} moves it to and fro", what), ring, scenario.title);
  }
  // A check that hangs moves what one that fails does.
  const bool is_told = scenario.event.kind == EventKind::hang;
  if (const Unmoved it = unmoved(aftermath); !it.why.empty() && !is_told) {
    add(it.is_half ? Severity::note : Severity::warning, "moves-nothing",
        fmt::format("{} moves nothing: {}", what, it.why), ring, scenario.title);
  }
  look_for_preemption(scenario, outcome);
  if (is_start) look_for_ties(outcome, aftermath);
}

// Who is well again takes it back; nopreempt would leave it where it is, where it stands on that node.
void Findings::look_for_preemption(const Scenario& scenario, const Outcome& outcome) {
  const bool moves_back =
      scenario.event.is_return && outcome.has_moved() && outcome.before.size() == 1 && outcome.after.size() == 1;
  if (!moves_back || outcome.after.front() != scenario.event.node) return;
  const Ring& ring = network_.rings[outcome.ring];
  const auto parameters = [&](const Ring::Member& member) -> const vrrp::RouterParameters& {
    return network_.nodes[member.node].setup.node.routers[member.router].router;
  };
  const auto owner = std::ranges::find(ring.members, outcome.after.front(), &Ring::Member::node);
  const std::string moves =
      fmt::format("it moves back to {} when that is well again", network_.name(outcome.after.front()));
  if (parameters(*owner).base_priority == vrrp::spec::priority_owner) {
    return add(Severity::note, "preempts", fmt::format("{}, the owner of the address (priority 255)", moves),
               outcome.ring, scenario.title);
  }
  const auto in_vain = std::ranges::find_if(ring.members, [&](const Ring::Member& each) {
    return each.node != owner->node && parameters(each).preempt == vrrp::Preempt::no;
  });
  if (parameters(*owner).preempt == vrrp::Preempt::yes && in_vain != ring.members.end()) {
    return add(Severity::warning, "preempts",
               fmt::format("{}, for all the nopreempt of {}: it is missing on {}", moves, network_.name(in_vain->node),
                           network_.name(owner->node)),
               outcome.ring, scenario.title);
  }
  add(Severity::note, "preempts", fmt::format("{}; nopreempt would leave it", moves), outcome.ring, scenario.title);
}

void Findings::look_for_owners(const Scenario& scenario, const Outcome& outcome, const Aftermath& aftermath) {
  const bool is_start = scenario.event.kind == EventKind::start;
  const std::string what = gerund(scenario.event, network_);
  const RingId ring = outcome.ring;
  const Ring::Member* bare = outcome.after.empty() ? master_without(network_.rings[ring], aftermath.world) : nullptr;
  if (bare != nullptr && (is_start || !outcome.before.empty())) {
    const std::string& node = network_.name(bare->node);
    add(Severity::error, "lists-differ",
        fmt::format("{} has no {} in its list: nobody holds it when {} is MASTER", node,
                    to_text(network_.rings[ring].addresses), node),
        ring, scenario.title);
    return;
  }
  if (outcome.after.empty() && (is_start || !outcome.before.empty())) {
    const std::string message =
        is_start ? "nobody holds it after the start" : fmt::format("{} leaves it to nobody", what);
    add(Severity::error, "no-owner", fmt::format("{}: {}", message, outcome.why), ring, scenario.title);
  }
  if (outcome.after.size() < 2 || outcome.before.size() > 1) return;
  if (scenario.event.kind == EventKind::partition && !scenario.event.is_return) {
    return add(
        Severity::note, "split",
        fmt::format("{} makes {} both hold it: who hears nobody cannot know whether the others are dead or unheard",
                    what, to_text(outcome.after, network_)),
        ring, scenario.title);
  }
  // Whom nobody can reach does no harm with the address.
  const auto is_cut_off = [&](const Ring::Member& member) {
    const auto& link = network_.nodes[member.node].routers[member.router].link;
    return aftermath.world.holds(member) && link && !aftermath.world.is_link_up(member.node, *link);
  };
  const bool is_harmless = outcome.after.size() == 2 && std::ranges::any_of(network_.rings[ring].members, is_cut_off);
  const std::string owners = to_text(outcome.after, network_);
  const std::string message = is_start ? fmt::format("{} both hold it after the start", owners)
                                       : fmt::format("{} makes {} both hold it for good", what, owners);
  add(is_harmless ? Severity::note : Severity::error, is_harmless ? "cut-off-owner" : "two-owners",
      fmt::format("{}: {}", message, outcome.why), ring, scenario.title);
}

// A pair of failures that leaves it to nobody though somebody is ready, or to two: where no single one does the like.
void Findings::look_at_pair(const Scenario& scenario, const Outcome& outcome, const Aftermath& aftermath) {
  const Ring& ring = network_.rings[outcome.ring];
  if (is_alone(outcome.ring) || troubled_.contains(outcome.ring)) return;
  const auto is_known = [&](std::string_view id) {
    return std::ranges::any_of(findings_, [&](const Finding& each) {
      return each.id == id && std::ranges::find(each.instances, ring.name) != each.instances.end() &&
             std::ranges::none_of(each.events, [](const std::string& title) { return title.contains(" after "); });
    });
  };
  const auto is_ready = [&](const Ring::Member& each) {
    return each.carries && aftermath.world.state(each) == vrrp::State::backup;
  };
  if (outcome.after.empty() && std::ranges::any_of(ring.members, is_ready) && !is_known("no-owner")) {
    add(Severity::error, "no-owner", fmt::format("{}: nobody holds it then: {}", scenario.title, outcome.why),
        outcome.ring, scenario.title);
  }
  const bool is_split = std::ranges::any_of(scenario.standing, is_of_all_nodes) || is_of_all_nodes(scenario.event);
  const auto is_cut_off = [&](const Ring::Member& member) {
    const auto& link = network_.nodes[member.node].routers[member.router].link;
    return aftermath.world.holds(member) && link && !aftermath.world.is_link_up(member.node, *link);
  };
  const bool is_harm = outcome.after.size() > 1 && !is_split && std::ranges::none_of(ring.members, is_cut_off);
  if (is_harm && !is_known("two-owners")) {
    add(Severity::error, "two-owners",
        fmt::format("{}: {} both hold it for good: {}", scenario.title, to_text(outcome.after, network_), outcome.why),
        outcome.ring, scenario.title);
  }
}

void Findings::look_for_ties(const Outcome& outcome, const Aftermath& aftermath) {
  if (outcome.after.size() != 1) return;
  if (network_.elections[network_.rings[outcome.ring].election].front() != outcome.ring) return;
  const Ring& ring = network_.rings[outcome.ring];
  const auto core = [&](const Ring::Member& member) -> const vrrp::VirtualRouter& {
    return aftermath.world.core(member.node).router(member.router);
  };
  const auto owner = std::ranges::find(ring.members, outcome.after.front(), &Ring::Member::node);
  std::vector<NodeId> equals;
  bool is_assumed = false;
  for (const Ring::Member& member : ring.members) {
    const bool takes_part = aftermath.world.is_running(member.node) && core(member).state() != vrrp::State::fault;
    if (!takes_part || core(member).priority() != core(*owner).priority()) continue;
    if (equals.empty() || equals.back() != member.node) equals.push_back(member.node);
    is_assumed |= network_.nodes[member.node].routers[member.router].has_assumed_source;
  }
  if (equals.size() < 2) return;
  if (core(*owner).priority() == vrrp::spec::priority_owner) {
    return add(
        Severity::error, "owners",
        fmt::format("{} all own the address (priority 255): none waits for another, nothing tracked moves it, and "
                    "between two masters the higher network address wins",
                    to_text(equals, network_)),
        outcome.ring, "");
  }
  add(Severity::warning, "tie",
      fmt::format(
          "{} have the same priority {}: who is first holds it, and between two masters the higher address wins{}",
          to_text(equals, network_), core(*owner).priority(),
          is_assumed ? " (the files do not say which; here the later file's)" : ""),
      outcome.ring, "");
}

std::vector<Finding> Findings::take() {
  std::vector<Finding> sorted;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    for (Finding& each : findings_) {
      if (each.severity == severity) sorted.push_back(std::move(each));
    }
  }
  return sorted;
}

}  // namespace baton::plan
