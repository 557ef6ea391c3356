#include "plan/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "plan/explanation.h"

namespace baton::plan {

namespace {

constexpr const char* for_good = "for good";

std::string time_text(const std::optional<Duration>& duration) {
  return duration ? to_text(*duration) : "";
}

}  // namespace

std::vector<Row> rows_of(const Scenario& scenario) {
  using Fate = std::tuple<std::vector<NodeId>, std::vector<NodeId>, std::string, std::string, std::string, std::string>;
  std::vector<Row> rows;
  std::map<Fate, std::size_t> known;
  for (const Outcome& each : scenario.outcomes) {
    Fate fate{each.before, each.after, time_text(each.settled_after), nobody_text(each), two_text(each), each.why};
    const auto [place, is_new] = known.try_emplace(std::move(fate), rows.size());
    if (is_new) rows.push_back({.rings = {}, .outcome = &each});
    rows[place->second].rings.push_back(each.ring);
  }
  return rows;
}

bool is_worth_a_row(const Plan& plan, const Scenario& scenario, const Outcome& outcome) {
  if (!outcome.is_untouched() || outcome.after.size() != 1) return true;
  return std::ranges::any_of(plan.findings, [&](const Finding& finding) {
    return finding.severity != Severity::note &&
           std::ranges::find(finding.events, scenario.title) != finding.events.end() &&
           std::ranges::find(finding.instances, plan.rings[outcome.ring]) != finding.instances.end();
  });
}

std::string owners_text(const Plan& plan, const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : "+") + plan.nodes[node];
  return text.empty() ? "nobody" : text;
}

std::string names_text(const std::vector<std::string>& names, std::size_t most) {
  if (names.size() <= most + 1) return fmt::format("{}", fmt::join(names, ", "));
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most));
  return fmt::format("{} and {} more", fmt::join(first, ", "), names.size() - most);
}

std::string rings_text(const Plan& plan, const std::vector<RingId>& rings, std::size_t most) {
  std::vector<std::string> names;
  for (const RingId ring : rings) names.push_back(plan.rings[ring]);
  return names_text(names, most);
}

std::string nobody_text(const Outcome& outcome) {
  if (outcome.after.empty()) return for_good;
  return outcome.no_owner > Duration::zero() ? to_text(outcome.no_owner) : "";
}

std::string two_text(const Outcome& outcome) {
  if (outcome.after.size() > 1) return for_good;
  return outcome.two_owners > Duration::zero() ? to_text(outcome.two_owners) : "";
}

}  // namespace baton::plan
