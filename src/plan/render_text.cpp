#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "plan/explanation.h"
#include "plan/render.h"
#include "plan/rows.h"

namespace baton::plan {

namespace {

constexpr std::size_t width = 100;
constexpr std::size_t instances_in_a_row = 3;
constexpr std::size_t events_in_a_finding = 6;
constexpr std::size_t services_shown = 20;  // the others with --all

// The words of `text` in lines that begin with `indent` blanks; the first one stands behind `head`.
std::string wrapped(const std::string& head, std::size_t indent, const std::string& text) {
  std::string lines;
  std::string line = fmt::format("{:<{}}", head, indent);
  std::istringstream words(text);
  bool is_first = true;
  for (std::string word; words >> word;) {
    if (!is_first && line.size() + 1 + word.size() > width) {
      lines += line + "\n";
      line = std::string(indent, ' ') + word;
      continue;
    }
    line += (is_first ? "" : " ") + word;
    is_first = false;
  }
  return lines + line + "\n";
}

std::string row_text(const Plan& plan, const Row& row) {
  const Outcome& it = *row.outcome;
  const std::string owners = it.has_moved()
                                 ? fmt::format("{} -> {}", owners_text(plan, it.before), owners_text(plan, it.after))
                                 : owners_text(plan, it.after);
  std::string text = fmt::format("{:<30} {:<22}", rings_text(plan, row.rings, instances_in_a_row), owners);
  if (it.settled_after) text += fmt::format(" {:>9}", to_text(*it.settled_after));
  if (const std::string nobody = nobody_text(it); !nobody.empty()) text += fmt::format("   nobody {}", nobody);
  if (const std::string two = two_text(it); !two.empty()) text += fmt::format("   two {}", two);
  while (text.ends_with(' ')) text.pop_back();
  std::string lines = text.size() + 2 <= width ? fmt::format("  {}\n", text) : wrapped("", 2, text);
  return lines + wrapped("", 6, it.why);
}

std::string finding_text(const Finding& finding) {
  std::string text;
  if (!finding.instances.empty()) text = names_text(finding.instances, instances_in_a_row) + ": ";
  text += finding.message;
  // A message that is true of one event names it; each return that moves it back has a row of its own.
  const bool is_told = finding.id == "preempts" || (finding.events.size() < 2 && !finding.instances.empty());
  if (!is_told && !finding.events.empty()) {
    text += fmt::format(" [{}]", names_text(finding.events, events_in_a_finding));
  }
  return wrapped(fmt::format("  {}", name(finding.severity)), 11, text);
}

// "10.0.0.1 80 TCP on web1 and web2: any 2 of 3 may die".
std::string service_text(const Plan& plan, const ServicePlan& service) {
  std::vector<std::string> nodes;
  for (const NodeId node : service.nodes) nodes.push_back(plan.nodes[node]);
  std::string text = wrapped("", 2,
                             fmt::format("virtual_server {} on {}: {}", service.name,
                                         names_text(nodes, instances_in_a_row), survived_text(service)))
                         .substr(2);
  for (const ServiceFate& fate : service.fates) {
    const std::string noticed =
        fate.noticed ? fmt::format(", within {}", to_text(*fate.noticed)) : ", but nobody notices";
    text += wrapped(fmt::format("  {}", deaths_text(service, fate)), 32,
                    fmt::format("{}{}{}", serving_text(service, fate), fate.has_quorum ? "" : ", no quorum", noticed));
  }
  return text;
}

// What there is to know first: how much was played, and what is to be done about it.
std::string summary(const Plan& plan) {
  const auto counted = [](std::size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  const auto of = [&](Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(plan.findings, severity, &Finding::severity));
  };
  std::string text = fmt::format("{}, {}, {}: {}, {}, {}\n", counted(plan.nodes.size(), "node"),
                                 counted(plan.rings.size(), "instance"), counted(plan.scenarios.size(), "event"),
                                 counted(of(Severity::error), "error"), counted(of(Severity::warning), "warning"),
                                 counted(of(Severity::note), "note"));
  for (const Finding& each : plan.findings) text += finding_text(each);
  return text + "\n";
}

}  // namespace

std::string render_text(const Plan& plan, Detail detail) {
  std::string text = summary(plan);
  std::vector<std::string> idle;
  for (const Scenario& scenario : plan.scenarios) {
    std::string rows;
    for (const Row& row : rows_of(scenario)) {
      if (detail == Detail::all || is_worth_a_row(plan, scenario, *row.outcome)) rows += row_text(plan, row);
    }
    if (scenario.rest == Rest::restless) rows += "  does not come to rest\n";
    if (scenario.rest == Rest::out_of_budget) rows += "  not played to its end\n";
    if (rows.empty()) {
      idle.push_back(scenario.title);
    } else {
      text += wrapped("", 0, scenario.title) + rows;
    }
  }
  std::size_t shown = 0;
  for (const ServicePlan& service : plan.services) {
    if (detail != Detail::all && shown++ == services_shown) {
      text += fmt::format("and {} more virtual servers: --all shows them\n", plan.services.size() - services_shown);
      break;
    }
    text += service_text(plan, service);
  }
  if (!idle.empty()) text += wrapped("", 2, fmt::format("nothing moves when: {}", fmt::join(idle, "; "))).substr(2);
  return text;
}

}  // namespace baton::plan
