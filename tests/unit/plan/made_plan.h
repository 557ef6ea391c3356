// Plans of small configurations: the first text is web1's, the second web2's ...
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/load.h"
#include "plan/plan.h"
#include "unit/config/memory_file_reader.h"

namespace baton::plan {

inline Network network_of(const std::vector<std::string>& texts) {
  std::vector<NodeInput> inputs;
  for (const std::string& text : texts) {
    config::MemoryFileReader reader(config::MemoryFileReader::Files{{"/baton.conf", text}});
    config::LoadResult result = config::load("/baton.conf", reader);
    EXPECT_TRUE(result.ok) << config::report(result);
    inputs.push_back(
        {.name = fmt::format("web{}", inputs.size() + 1), .configuration = std::move(result.configuration)});
  }
  return make_network(std::move(inputs));
}

inline Plan plan_of(const std::vector<std::string>& texts, const Options& options = {}) {
  return make_plan(network_of(texts), options);
}

// A vrrp_instance that lacks nothing but a priority, with further lines.
inline std::string instance(int priority, const std::string& lines = "", const std::string& name = "VI_1",
                            int vrid = 50) {
  return fmt::format(
      "vrrp_instance {} {{\ninterface eth0\nvirtual_router_id {}\npriority {}\nvirtual_ipaddress {{\n10.0.20.{}\n}}\n"
      "{}\n}}\n",
      name, vrid, priority, vrid + 50, lines);
}

inline const std::string track_nginx = "track_script {\nchk_nginx\n}\n";

inline std::string script(const std::string& lines, const std::string& command = "/usr/bin/check") {
  return fmt::format("vrrp_script chk_nginx {{\nscript \"{}\"\n{}\n}}\n", command, lines);
}

// What a scenario means for a ring.
inline Outcome outcome(const Plan& plan, const std::string& title, const std::string& ring = "VI_1") {
  const auto scenario = std::ranges::find(plan.scenarios, title, &Scenario::title);
  if (scenario == plan.scenarios.end()) {
    std::string titles;
    for (const Scenario& each : plan.scenarios) titles += each.title + "\n";
    ADD_FAILURE() << "no scenario is called " << title << "; there are\n" << titles;
    return {};
  }
  const auto named = std::ranges::find(plan.rings, ring);
  if (named == plan.rings.end() || scenario->outcomes.empty()) {
    ADD_FAILURE() << "no outcome for " << ring;
    return {};
  }
  return scenario->outcomes[static_cast<std::size_t>(named - plan.rings.begin())];
}

// "web1 -> web2", and how many milliseconds after.
inline std::string move(const Plan& plan, const Outcome& it) {
  const auto names = [&](const std::vector<NodeId>& nodes) {
    std::string text;
    for (const NodeId node : nodes) text += (text.empty() ? "" : "+") + plan.nodes[node];
    return text.empty() ? "nobody" : text;
  };
  return names(it.before) + " -> " + names(it.after);
}
inline std::string move(const Plan& plan, const std::string& title, const std::string& ring = "VI_1") {
  return move(plan, outcome(plan, title, ring));
}
inline double seconds(const Outcome& it) {
  return it.settled_after ? std::chrono::duration<double>(*it.settled_after).count() : -1;
}

// "warning moves-nothing", of those that are no notes.
inline std::vector<std::string> complaints(const Plan& plan) {
  std::vector<std::string> result;
  for (const Finding& each : plan.findings) {
    if (each.severity != Severity::note) result.push_back(std::string(name(each.severity)) + " " + each.id);
  }
  return result;
}
inline std::string message(const Plan& plan, const std::string& id) {
  const auto found = std::ranges::find(plan.findings, id, &Finding::id);
  return found == plan.findings.end() ? "" : found->message;
}

}  // namespace baton::plan
