#include "plan/event.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::plan {

namespace {

// Three forms of one verb: "dies", "dying", "died".
enum class Form : std::uint8_t { present, gerund, past };

struct Verb {
  const char* present;
  const char* gerund;
  const char* past;
};

const char* in(const Verb& verb, Form form) {
  switch (form) {
    case Form::present: return verb.present;
    case Form::gerund: return verb.gerund;
    case Form::past: return verb.past;
  }
  return "";
}

constexpr Verb vanishes{"vanishes", "vanishing", "vanished"};
constexpr Verb returns{"returns", "returning", "returned"};
constexpr Verb goes_down{"goes down", "going down", "went down"};
constexpr Verb is_up_again{"is up again", "coming up again", "came up again"};
constexpr Verb comes_up{"comes up", "coming up", "came up"};
constexpr Verb dies{"dies", "dying", "died"};
constexpr Verb runs_again{"runs again", "running again", "ran again"};
constexpr Verb appears{"appears", "appearing", "appeared"};
constexpr Verb is_gone_again{"is gone again", "going again", "was gone again"};
constexpr Verb fails{"fails", "failing", "failed"};
constexpr Verb fails_again{"fails again", "failing again", "failed again"};
constexpr Verb succeeds{"succeeds", "succeeding", "succeeded"};
constexpr Verb succeeds_again{"succeeds again", "succeeding again", "succeeded again"};
constexpr Verb stops{"stops", "stopping", "stopped"};
constexpr Verb starts{"start", "starting", "started"};
constexpr Verb starts_again{"starts again", "starting again", "started again"};
constexpr Verb starts_anew{"starts anew", "starting anew", "started anew"};
constexpr Verb hangs{"hangs", "hanging", "hung"};
constexpr Verb says{"says", "saying", "said"};
constexpr Verb splits{"splits", "splitting", "split"};
constexpr Verb is_whole_again{"is whole again", "being whole again", "was whole again"};
constexpr Verb is_killed{"is killed", "being killed", "was killed"};

Verb verb_of(const Event& event) {
  switch (event.kind) {
    case EventKind::start: return starts;
    case EventKind::machine: return event.is_return ? returns : vanishes;
    case EventKind::link: return event.is_return ? is_up_again : goes_down;
    case EventKind::script:
    case EventKind::check:
      if (!event.process.empty()) {
        if (event.is_reversed) return event.is_return ? is_gone_again : appears;
        return event.is_return ? runs_again : dies;
      }
      if (event.is_reversed) return event.is_return ? fails_again : succeeds;
      return event.is_return ? succeeds_again : fails;
    case EventKind::bfd:
      if (event.is_reversed) return event.is_return ? goes_down : comes_up;
      return event.is_return ? is_up_again : goes_down;
    case EventKind::hang: return event.is_return ? succeeds_again : hangs;
    case EventKind::file: return says;
    case EventKind::partition: return event.is_return ? is_whole_again : splits;
    case EventKind::process:
      if (event.is_reversed) return event.is_return ? is_gone_again : appears;
      return event.is_return ? runs_again : dies;
    case EventKind::stop: return event.is_return ? starts_again : stops;
    case EventKind::crash: return event.is_return ? starts_anew : is_killed;
    case EventKind::worker_crash: return dies;
  }
  return starts;
}

// "between web1 and web2, web3".
std::string halves(const Network& network) {
  const std::size_t first = (network.nodes.size() + 1) / 2;
  const auto names = [&](std::size_t from, std::size_t to) {
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t node = from; node < std::min(to, from + most); ++node) {
      text += (node == from ? "" : ", ") + network.name(node);
    }
    return to > from + most ? fmt::format("{} and {} more", text, to - from - most) : text;
  };
  return fmt::format("between {} and {}", names(0, first), names(first, network.nodes.size()));
}

std::string say(const Event& event, const Network& network, Form form) {
  const std::string& node = network.name(event.node);
  const char* verb = in(verb_of(event), form);
  switch (event.kind) {
    case EventKind::start: return verb;
    case EventKind::machine: return fmt::format("{} {}", node, verb);
    case EventKind::link: return fmt::format("{} of {} {}", event.object, node, verb);
    case EventKind::partition:
      return fmt::format("the network {}{}", verb, event.is_return ? "" : " " + halves(network));
    case EventKind::file:
      return fmt::format("{} {} {}{} on {}", event.object, verb, event.number, event.is_return ? " again" : "", node);
    case EventKind::script:
    case EventKind::check:
    case EventKind::hang:
    case EventKind::process:
      return fmt::format("{} {} on {}", event.process.empty() ? event.object : event.process, verb, node);
    case EventKind::bfd: return fmt::format("BFD session {} of {} {}", event.object, node, verb);
    case EventKind::stop: return fmt::format("the daemon of {} {}", node, verb);
    case EventKind::crash:
      return fmt::format("{} of {} {}", event.is_return ? "the daemon" : "all of the daemon", node, verb);
    case EventKind::worker_crash: return fmt::format("the worker of {} {}", node, verb);
  }
  return verb;
}

EventKind failure_of(vrrp::TrackerKind kind) {
  if (kind == vrrp::TrackerKind::script) return EventKind::script;
  if (kind == vrrp::TrackerKind::check) return EventKind::check;
  if (kind == vrrp::TrackerKind::bfd) return EventKind::bfd;
  return kind == vrrp::TrackerKind::file ? EventKind::file : EventKind::process;
}

bool takes_daemon_away(const Event& event) {
  return event.kind == EventKind::machine || event.kind == EventKind::stop || event.kind == EventKind::crash;
}

}  // namespace

std::string name(const Event& event) {
  const auto kind = [&] {
    switch (event.kind) {
      case EventKind::start: return "start";
      case EventKind::machine: return "machine";
      case EventKind::link: return "link";
      case EventKind::script: return "script";
      case EventKind::check: return "check";
      case EventKind::bfd: return "bfd";
      case EventKind::hang: return "hang";
      case EventKind::file: return "file";
      case EventKind::partition: return "partition";
      case EventKind::process: return "process";
      case EventKind::stop: return "stop";
      case EventKind::crash: return "crash";
      case EventKind::worker_crash: return "worker-crash";
    }
    return "";
  };
  return std::string(kind()) + (event.is_return ? "-return" : "");
}

std::string title(const Event& event, const Network& network) {
  return say(event, network, Form::present);
}
std::string gerund(const Event& event, const Network& network) {
  return say(event, network, Form::gerund);
}
// Its reader knows which node it is about.
std::string past(const Event& event, const Network& network) {
  const char* verb = in(verb_of(event), Form::past);
  switch (event.kind) {
    case EventKind::link: return fmt::format("{} {}", event.object, verb);
    case EventKind::file: return fmt::format("{} {} {}", event.object, verb, event.number);
    case EventKind::script:
    case EventKind::check:
    case EventKind::hang:
    case EventKind::process: return fmt::format("{} {}", event.process.empty() ? event.object : event.process, verb);
    case EventKind::bfd: return fmt::format("BFD session {} {}", event.object, verb);
    case EventKind::stop:
    case EventKind::crash: return fmt::format("the daemon {}", verb);
    case EventKind::worker_crash: return fmt::format("the worker {}", verb);
    case EventKind::start:
    case EventKind::partition:
    case EventKind::machine: break;
  }
  return say(event, network, Form::past);
}

std::vector<Event> single_failures(const World& world) {
  std::vector<Event> events;
  for (NodeId node = 0; node < world.network().nodes.size(); ++node) {
    const NodePlace& place = world.network().nodes[node];
    events.push_back({.kind = EventKind::machine, .node = node, .object = {}, .process = {}});
    for (std::size_t link = 0; link < place.links.size(); ++link) {
      events.push_back(
          {.kind = EventKind::link, .node = node, .object = place.links[link], .index = link, .process = {}});
    }
    for (vrrp::TrackerId id = 0; id < place.setup.node.trackers.size(); ++id) {
      const Check& check = world.check(node, id);
      if (!check.can_fail()) continue;
      events.push_back({.kind = failure_of(check.kind()),
                        .node = node,
                        .object = check.name(),
                        .index = id,
                        .process = check.process(),
                        .is_reversed = check.is_reversed(),
                        .number = check.number_when(false),
                        .number_before = check.number_when(true)});
      if (!check.can_hang()) continue;
      events.push_back({.kind = EventKind::hang, .node = node, .object = check.name(), .index = id, .process = {}});
    }
    for (const EventKind kind : {EventKind::stop, EventKind::crash, EventKind::worker_crash}) {
      events.push_back({.kind = kind, .node = node, .object = {}, .process = {}});
    }
  }
  if (world.network().nodes.size() > 1) {
    events.push_back({.kind = EventKind::partition, .object = {}, .process = {}});
  }
  return events;
}

bool is_possible_after(const Event& standing, const Event& event) {
  if (is_of_all_nodes(standing) || is_of_all_nodes(event)) return true;
  const bool is_same_check =
      (standing.kind == EventKind::script || standing.kind == EventKind::check) && event.kind == EventKind::hang;
  if (is_same_check && standing.node == event.node && standing.index == event.index) return false;
  if (standing.node != event.node) return true;
  return !takes_daemon_away(standing) && standing.kind != EventKind::worker_crash;
}

std::optional<Event> return_of(const Event& failure) {
  if (failure.kind == EventKind::worker_crash || failure.kind == EventKind::start) return std::nullopt;
  Event event = failure;
  event.is_return = true;
  std::swap(event.number, event.number_before);
  return event;
}

void apply(const Event& event, World& world) {
  const bool is_well = event.is_return;
  switch (event.kind) {
    case EventKind::start:
      for (NodeId node = 0; node < world.network().nodes.size(); ++node) world.start(node, World::Boot::no);
      return;
    case EventKind::machine: return is_well ? world.start(event.node, World::Boot::yes) : world.kill(event.node);
    case EventKind::link: return world.set_link(event.node, event.index, is_well);
    case EventKind::partition: return world.split(!is_well);
    case EventKind::hang:
      if (!is_well) return world.hang_check(event.node, static_cast<vrrp::TrackerId>(event.index));
      [[fallthrough]];
    case EventKind::script:
    case EventKind::check:
    case EventKind::bfd:
    case EventKind::file:
    case EventKind::process: return world.set_check(event.node, static_cast<vrrp::TrackerId>(event.index), is_well);
    case EventKind::stop: return is_well ? world.start(event.node, World::Boot::no) : world.stop(event.node);
    case EventKind::crash: return is_well ? world.start(event.node, World::Boot::no) : world.kill(event.node);
    case EventKind::worker_crash: return world.kill_worker(event.node);
  }
}

}  // namespace baton::plan
