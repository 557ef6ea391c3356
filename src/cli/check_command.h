// `baton check`: what is wrong with configurations, and between them (src/check), for people and for machines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "check/check.h"
#include "check/rule.h"

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_check_command(command_line::Command& app, int& exit_code);

enum class Colours { no, yes };

// "web1.conf:12:5: warning: ... [B017]", the mend on the next line; at the end how many of each.
std::string render_findings(const check::Findings& findings, Colours colours = Colours::no);
// {"findings": [{"id", "severity", "file", "line", "column", "message", "fix"}]}
nlohmann::ordered_json findings_as_json(const check::Findings& findings);
// SARIF 2.1.0.
nlohmann::ordered_json findings_as_sarif(const check::Findings& findings);

std::string explain(const check::Rule& rule);
std::string list_rules();
// {"id", "name", "severity", "title", "explanation"}, and {"rules": [...]} of them.
nlohmann::ordered_json rule_as_json(const check::Rule& rule);
nlohmann::ordered_json rules_as_json();

}  // namespace baton::cli
