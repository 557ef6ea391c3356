#include "lab/director.h"

#include <algorithm>
#include <csignal>
#include <ranges>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/result.h"
#include "lab/clock.h"
#include "lab/protocol_limits.h"

namespace baton::lab {
namespace {

std::string milliseconds(Duration duration) {
  return fmt::format("{} ms", std::chrono::round<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Duration Row::outage() const {
  return page ? std::max(page->longest, ping.longest) : ping.longest;
}

SysResult<void> Director::start() {
  hooks_.on_scene("the servers start");
  for (NodeId node = 0; node < lab_.topology().nodes.size(); ++node) {
    if (lab_.pages() != nullptr) TRY_VOID(lab_.start_web(node));
  }
  const Instant from = now();
  for (NodeId node = 0; node < lab_.topology().nodes.size(); ++node) TRY_VOID(lab_.start_daemon(node));
  (void)lab_.wait_until([&] { return is_healthy() || is_hopeless(from); }, healthy_bound());
  const Target& target = lab_.topology().targets.front();
  observe({.scenario = "start", .title = "start", .outcome = Outcome::settles, .allowance = Allowance::start},
          target.contenders.front().node, from);
  return {};
}

// Nobody has the address long after somebody should have taken it.
bool Director::is_hopeless(Instant since) const {
  const Duration patience = allowance(Allowance::start, 0) + limits::hopeless;
  return std::ranges::all_of(lab_.topology().targets, [&](const Target& target) {
    return now() - since > patience + target.detection && lab_.ownership().owners(target.address).empty();
  });
}

std::optional<LabError> Director::why_nobody_serves() {
  if (!lab_.ownership().owners(lab_.topology().targets.front().address).empty()) return std::nullopt;
  std::string nodes;
  for (NodeId node = 0; node < lab_.topology().nodes.size(); ++node) {
    const std::vector<std::string> failing = lab_.failing_checks(node);
    if (failing.empty()) continue;
    nodes += fmt::format("{}{} on {}", nodes.empty() ? "" : "; ", fmt::join(failing, ", "), lab_.plan(node).name);
  }
  if (nodes.empty()) return std::nullopt;
  return LabError{fmt::format("nobody holds {}, for these checks fail: {}",
                              to_string(lab_.topology().targets.front().address), nodes),
                  "the lab runs nginx and nothing else of yours: --assume-healthy lets every check succeed, or give "
                  "it files whose checks succeed with nginx alone"};
}

SysResult<bool> Director::play(const Scenario& scenario) {
  const Contender* master = holder(lab_.topology().targets.front());
  if (!is_healthy() || master == nullptr) {
    if (!TRY(recover())) return false;
    master = holder(lab_.topology().targets.front());
  }
  const Scene scene{.lab = lab_, .target = lab_.topology().targets.front(), .master = *master};
  const NodeId node = scene.node();
  hooks_.on_scene(fmt::format("{}: {}", lab_.plan(node).name, scenario.title));
  Instant from = now();
  TRY_VOID(scenario.fault(scene));
  observe({.scenario = scenario.name,
           .title = scenario.title,
           .outcome = scenario.outcome,
           .allowance = scenario.allowance,
           .owners = scenario.owners,
           .promise = lab_.daemon(node) == Daemon::batond ? scenario.promise : std::nullopt},
          node, from);
  if (scenario.undo) {
    if (!scenario.undo_title.empty()) hooks_.on_scene(fmt::format("{}: {}", lab_.plan(node).name, scenario.undo_title));
    from = now();
    const auto before = lab_.ownership().owners(scene.target.address);
    if (auto undone = scenario.undo(scene); !undone && undone.error().code != ESRCH)
      return std::unexpected(undone.error());
    (void)lab_.wait_until([this] { return is_healthy(); }, healthy_bound());
    if (!scenario.undo_title.empty()) {
      observe({.scenario = scenario.name + "-return",
               .title = scenario.undo_title,
               .outcome = Outcome::settles,
               .allowance = Allowance::nothing,
               .owners = scenario.undo_owners},
              before.empty() ? node : *before.begin(), from);
    }
  }
  if (lab_.wait_until([this] { return is_healthy(); }, healthy_bound())) return true;
  return recover();
}

const Contender* Director::holder(const Target& target) const {
  const auto owners = lab_.ownership().owners(target.address);
  if (owners.size() != 1) return nullptr;
  const auto found = std::ranges::find(target.contenders, *owners.begin(), &Contender::node);
  return found == target.contenders.end() ? nullptr : &*found;
}

const Contender* Director::successor(const Target& target, NodeId of) const {
  const auto found = std::ranges::find_if(target.contenders, [of](const Contender& one) { return one.node != of; });
  return found == target.contenders.end() ? nullptr : &*found;
}

bool Director::client_is_content(Duration for_how_long) const {
  const Instant time = now();
  for (TargetId target = 0; target < lab_.topology().targets.size(); ++target) {
    const Outage outage = lab_.pings(target).outage(time - for_how_long, time);
    if (outage.asked == 0 || outage.longest > Duration::zero()) return false;
  }
  if (lab_.pages() == nullptr) return true;
  const Outage outage = lab_.pages()->outage(time - for_how_long, time);
  return outage.asked > 0 && outage.longest == Duration::zero();
}

bool Director::owners_are_quiet(Duration for_how_long) const {
  const Instant time = now();
  return std::ranges::none_of(lab_.topology().targets, [&](const Target& target) {
    const auto last = lab_.ownership().last_change(target.address);
    return last && time - *last < for_how_long;
  });
}

bool Director::has_settled() const {
  return owners_are_quiet(limits::quiet) && client_is_content(limits::quiet);
}

bool Director::is_healthy() {
  for (const Target& target : lab_.topology().targets) {
    const Contender* owner = holder(target);
    if (owner == nullptr) return false;
    const bool best_wins = target.contenders.front().preempt;
    if (best_wins && owner->node != target.contenders.front().node) return false;
  }
  if (!has_settled()) return false;
  for (NodeId node = 0; node < lab_.topology().nodes.size(); ++node) {
    if (!lab_.is_on(node) || !lab_.daemon_runs(node) || !has_come_to_a_state(node)) return false;
  }
  return true;
}

// A daemon that has just been started waits from then on, not from the next scene on. Both tell their first state by
// the same words.
bool Director::has_come_to_a_state(NodeId node) const {
  const std::string start = fmt::format("{} starts", name(lab_.daemon(node)));
  for (const Event& event : lab_.events() | std::views::reverse) {
    if (event.node != node) continue;
    if (event.kind == Event::Kind::log && event.text.contains(") Entering ")) return true;
    if (event.kind == Event::Kind::action && event.text == start) return now() - event.at > limits::first_state;
  }
  return true;
}

bool Director::has_moved(NodeId from) const {
  const Target& target = lab_.topology().targets.front();
  const auto owners = lab_.ownership().owners(target.address);
  const bool elsewhere = std::ranges::any_of(owners, [from](NodeId owner) { return owner != from; });
  const auto served_by = lab_.pings(0).last_answered_by();
  return elsewhere && served_by && *served_by != from;
}

// Waits until it is over, with a bound, and writes the row.
void Director::observe(const Part& part, NodeId before, Instant from) {
  const Duration enough = bound(part.allowance.value_or(Allowance::nothing), before);
  if (part.outcome == Outcome::moves) {
    (void)lab_.wait_until([&] { return has_moved(before); }, enough);
  } else if (part.allowance != Allowance::start && part.allowance != Allowance::nothing) {
    // It may move and move back, or stay: over when the slowest of these would have shown.
    (void)lab_.wait_until([&] { return now() - from > enough; }, enough + limits::quiet);
  }
  (void)lab_.wait_until([&] { return has_settled() || (part.allowance == Allowance::start && is_hopeless(from)); },
                        limits::afterplay);
  rows_.push_back(measure(part, before, from));
  hooks_.on_row(rows_.back());
}

Row Director::measure(const Part& part, NodeId before, Instant from) const {
  Row row{.scenario = part.scenario, .title = part.title, .before = before, .from = from, .to = now()};
  const auto& targets = lab_.topology().targets;
  for (TargetId id = 0; id < targets.size(); ++id) {
    const Outage outage = lab_.pings(id).outage(from, row.to);
    if (id == 0 || outage.longest > row.ping.longest) row.ping = outage;
    const Ownership::Times times = lab_.ownership().times(targets[id].address, from, row.to);
    row.two_owners = std::max(row.two_owners, times.two_or_more);
    row.nobody = std::max(row.nobody, times.nobody);
  }
  if (lab_.pages() != nullptr) row.page = lab_.pages()->outage(from, row.to);
  if (const Contender* owner = holder(targets.front())) row.after = owner->node;
  row.served_by = lab_.pings(0).last_answered_by();
  if (const auto allowed = part.promise ? part.promise : part.allowance)
    row.allowed_outage = allowance(*allowed, before);
  row.tolerance = row.allowed_outage == Duration::zero() ? limits::smallest_tolerance : limits::tolerance;
  row.may_have_two_owners = part.owners == Owners::may_be_two;
  row.complaint = judge(part, row);
  return row;
}

std::string Director::judge(const Part& part, const Row& row) const {
  const Target& target = lab_.topology().targets.front();
  if (part.outcome == Outcome::moves && !has_moved(row.before)) return "the address did not move";
  if (!client_is_content(limits::quiet)) return "the client is still without an answer";
  if (row.allowed_outage && row.outage() > *row.allowed_outage + row.tolerance) {
    return fmt::format("{} without an answer, {} allowed", milliseconds(row.outage()),
                       milliseconds(*row.allowed_outage));
  }
  if (!row.may_have_two_owners && row.two_owners > target.advert_interval + limits::tolerance) {
    return fmt::format("two owners for {}", milliseconds(row.two_owners));
  }
  if (!row.may_have_two_owners && !row.after) return "not exactly one owner at the end";
  return {};
}

Duration Director::allowance(Allowance allowance, NodeId node) const {
  Duration longest{};
  for (const Target& target : lab_.topology().targets) {
    const Contender* next = successor(target, node);
    if (next == nullptr) continue;
    Duration allowed{};
    switch (allowance) {
      case Allowance::start:
        allowed = target.startup_delay + limits::program_start + master_down_interval(target, next->priority);
        break;
      case Allowance::nothing: break;
      case Allowance::skew: allowed = skew_time(target, next->priority); break;
      case Allowance::master_down: allowed = master_down_interval(target, next->priority); break;
      case Allowance::detection:
        allowed = target.detection + (target.check_is_fault ? skew_time(target, next->priority)
                                                            : master_down_interval(target, next->priority));
        break;
    }
    longest = std::max(longest, allowed);
  }
  return longest;
}

// How long to look before giving up: what the protocol allows, and the master-down interval as the last resort.
Duration Director::bound(Allowance what, NodeId node) const {
  return std::max(allowance(what, node), allowance(Allowance::master_down, node)) + std::chrono::seconds(1);
}

Duration Director::healthy_bound() const {
  Duration longest{};
  for (const Target& target : lab_.topology().targets) {
    longest = std::max(longest, 2 * master_down_interval(target, target.contenders.back().priority) + target.detection +
                                    target.preempt_delay + target.startup_delay);
  }
  return longest + limits::afterplay;
}

// The last resort between two scenarios: everything off and on again.
SysResult<bool> Director::recover() {
  hooks_.on_scene("not healthy: all machines are switched off and on");
  for (NodeId node = 0; node < lab_.topology().nodes.size(); ++node) {
    if (lab_.is_on(node)) TRY_VOID(lab_.power_off(node));
  }
  for (NodeId node = 0; node < lab_.topology().nodes.size(); ++node) TRY_VOID(lab_.power_on(node));
  return lab_.wait_until([this] { return is_healthy(); }, healthy_bound());
}

}  // namespace baton::lab
