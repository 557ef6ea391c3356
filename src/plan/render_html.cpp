// One page, nothing loaded from anywhere: findings first, then a timeline for every scenario in which something moves.
// Light or dark as the reader has it; on a narrow screen names stand above their bars.
#include <fmt/format.h>

#include <algorithm>

#include "plan/explanation.h"
#include "plan/render.h"
#include "plan/rows.h"

namespace baton::plan {

namespace {

constexpr std::size_t colours = 8;             // then they come again
constexpr std::size_t instances_in_a_row = 8;  // named, of those with one fate
constexpr double lead = 0.15;  // of a scenario's time: what is drawn before the event and behind the end

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>baton plan</title><style>
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2330;--soft:#5c6675;--line:#d9dee6;--lane:#f0f2f6;
--error:#b3261e;--warning:#8a5a00;--note:#3c5a86}
@media(prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#e6eaf0;--soft:#98a3b3;--line:#2b3340;--lane:#1d2430;
--error:#ff8a80;--warning:#f0b95a;--note:#93b7e8}}
body{margin:0 auto;padding:1.2rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2rem 0 1rem}h2{font-size:1.15rem;margin:2rem 0 .6rem}
h3{font-size:1rem;margin:0 0 .3rem}p{margin:.2rem 0}
section{border-top:1px solid var(--line);padding:.8rem 0}
.soft{color:var(--soft)}.row{margin:.5rem 0 1rem}
.findings{list-style:none;padding:0}.findings li{margin:.4rem 0;padding-left:.7rem;border-left:4px solid var(--note)}
.findings .error{border-color:var(--error)}.findings .warning{border-color:var(--warning)}
.findings b{margin-right:.4rem}.error b{color:var(--error)}.warning b{color:var(--warning)}.note b{color:var(--note)}
.lane{display:grid;grid-template-columns:9rem 1fr;gap:.6rem;align-items:center;margin:.15rem 0}
.lane>span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bar{position:relative;height:1.1rem;background:var(--lane);border-radius:3px;overflow:hidden}
.bar i{position:absolute;top:0;bottom:0;min-width:2px}
.bar u{position:absolute;top:0;bottom:0;width:2px;margin-left:-1px;background:var(--ink)}
.axis{position:relative;height:1.2rem;font-size:.8rem;color:var(--soft)}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.n0{background:#3d7bd9}.n1{background:#2f9e6e}.n2{background:#c9772c}.n3{background:#9b5bc4}
.n4{background:#c2485c}.n5{background:#1f97a8}.n6{background:#8a8f2a}.n7{background:#7a6a5a}
@media(max-width:34rem){body{padding:.8rem}.lane{grid-template-columns:1fr;gap:.1rem}.axis-lane>span{display:none}}
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += letter;
    }
  }
  return result;
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Where in a row's bars a time is, in percent.
class Scale {
 public:
  Scale(const Scenario& scenario, const Outcome& outcome) {
    constexpr double least = 0.01;
    const double settled = outcome.settled_after ? seconds(*outcome.settled_after) : 0;
    span_ = std::max(settled > 0 ? settled : seconds(scenario.lasted), least);
  }
  double at(Duration time) const { return std::min((lead + seconds(time) / span_) / (1 + 2 * lead), 1.0) * 100; }

 private:
  double span_ = 0;
};

std::string bar(const Scale& scale, const Scenario& scenario, const Outcome& outcome, const Holding& holding) {
  const bool had_it =
      holding.from == Duration::zero() && std::ranges::find(outcome.before, holding.node) != outcome.before.end();
  const double from = had_it ? 0 : scale.at(holding.from);
  return fmt::format("<i class=\"n{}\" style=\"left:{:.2f}%;width:{:.2f}%\"></i>", holding.node % colours, from,
                     (holding.until == scenario.lasted ? 100 : scale.at(holding.until)) - from);
}

std::string lanes(const Plan& plan, const Scenario& scenario, const Outcome& outcome) {
  const Scale scale(scenario, outcome);
  const std::string event = fmt::format("<u style=\"left:{:.2f}%\"></u>", scale.at(Duration::zero()));
  std::string html;
  for (NodeId node = 0; node < plan.nodes.size(); ++node) {
    std::string bars;
    for (const Holding& each : outcome.holdings) {
      if (each.node == node) bars += bar(scale, scenario, outcome, each);
    }
    if (bars.empty()) continue;
    html += fmt::format("<div class=\"lane\"><span>{}</span><div class=\"bar\">{}{}</div></div>\n",
                        escaped(plan.nodes[node]), bars, event);
  }
  const Duration settled = outcome.settled_after.value_or(Duration::zero());
  html += fmt::format(
      "<div class=\"lane axis-lane\"><span></span><div class=\"axis\"><span style=\"left:{:.2f}%\">0</span>",
      scale.at(Duration::zero()));
  if (settled > Duration::zero()) {
    html += fmt::format("<span style=\"left:{:.2f}%\">{}</span>", scale.at(settled), to_text(settled));
  }
  return html + "</div></div>\n";
}

std::string row_html(const Plan& plan, const Scenario& scenario, const Row& row) {
  const Outcome& it = *row.outcome;
  std::string facts = it.has_moved() ? fmt::format("{} → {}", owners_text(plan, it.before), owners_text(plan, it.after))
                                     : fmt::format("stays on {}", owners_text(plan, it.after));
  if (it.settled_after) facts += fmt::format(" after {}", to_text(*it.settled_after));
  if (const std::string nobody = nobody_text(it); !nobody.empty())
    facts += fmt::format("; without an owner {}", nobody);
  if (const std::string two = two_text(it); !two.empty()) facts += fmt::format("; two owners {}", two);
  return fmt::format("<div class=\"row\"><p><b>{}</b> {}</p>\n{}<p class=\"soft\">{}</p></div>\n",
                     escaped(rings_text(plan, row.rings, instances_in_a_row)), escaped(facts),
                     lanes(plan, scenario, it), escaped(it.why));
}

std::string findings_html(const Plan& plan) {
  if (plan.findings.empty()) return "<p>No findings.</p>\n";
  std::string html = "<ul class=\"findings\">\n";
  for (const Finding& each : plan.findings) {
    html += fmt::format("<li class=\"{0}\"><b>{0}</b>{1}{2}", name(each.severity),
                        escaped(each.instances.empty() ? "" : names_text(each.instances, instances_in_a_row) + ": "),
                        escaped(each.message));
    if (!each.events.empty()) {
      html += fmt::format(" <span class=\"soft\">({})</span>", escaped(names_text(each.events, instances_in_a_row)));
    }
    html += "</li>\n";
  }
  return html + "</ul>\n";
}

std::string services_html(const Plan& plan) {
  if (plan.services.empty()) return {};
  std::string html = "<h2>When real servers die</h2>\n";
  for (const ServicePlan& service : plan.services) {
    std::vector<std::string> nodes;
    for (const NodeId node : service.nodes) nodes.push_back(plan.nodes[node]);
    html += fmt::format("<section><h3>{} on {}: {}</h3>\n", escaped(service.name),
                        escaped(names_text(nodes, instances_in_a_row)), escaped(survived_text(service)));
    for (const ServiceFate& fate : service.fates) {
      html += fmt::format("<p><b>{}</b> {}{} <span class=\"soft\">{}</span></p>\n", escaped(deaths_text(service, fate)),
                          escaped(serving_text(service, fate)), fate.has_quorum ? "" : ", no quorum",
                          fate.noticed ? "within " + to_text(*fate.noticed) : "nobody notices");
    }
    html += "</section>\n";
  }
  return html;
}

}  // namespace

std::string render_html(const Plan& plan) {
  std::string html = head;
  html += fmt::format("<h1>baton plan: {}</h1>\n<h2>Findings</h2>\n{}<h2>What happens</h2>\n",
                      escaped(names_text(plan.nodes, instances_in_a_row)), findings_html(plan));
  std::string idle;
  for (const Scenario& scenario : plan.scenarios) {
    std::string rows;
    for (const Row& row : rows_of(scenario)) {
      if (is_worth_a_row(plan, scenario, *row.outcome)) rows += row_html(plan, scenario, row);
    }
    if (scenario.rest == Rest::restless) rows += "<p>It does not come to rest.</p>\n";
    if (scenario.rest == Rest::out_of_budget) rows += "<p>It was not played to its end.</p>\n";
    if (rows.empty()) {
      idle += fmt::format("<li>{}</li>\n", escaped(scenario.title));
    } else {
      html += fmt::format("<section><h3>{}</h3>\n{}</section>\n", escaped(scenario.title), rows);
    }
  }
  html += services_html(plan);
  if (!idle.empty()) html += fmt::format("<h2>Nothing moves when</h2>\n<ul>\n{}</ul>\n", idle);
  return html +
         "<p class=\"soft\">Times run from the event, which comes at the worst moment: every master has just sent "
         "an advert, every check has just run.</p>\n</body></html>\n";
}

}  // namespace baton::plan
