// Findings as text, JSON and SARIF.
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/version.h"
#include "cli/check_command.h"
#include "cli/findings_text.h"

namespace baton::cli {
namespace {

using check::Finding;
using check::Findings;
using check::Rule;
using check::Severity;
using nlohmann::ordered_json;

// RFC 3986: a path as SARIF wants it.
std::string uri_of(std::string_view path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char each : path) {
    const auto byte = static_cast<unsigned char>(each);
    const bool is_plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("-._~/").find(each) != std::string_view::npos);
    uri += is_plain ? std::string(1, each) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

ordered_json rule_as_sarif(const Rule& rule) {
  return {{"id", rule.id},
          {"name", rule.name},
          {"shortDescription", {{"text", rule.title}}},
          {"fullDescription", {{"text", rule.explanation}}},
          {"defaultConfiguration", {{"level", config::name(rule.severity)}}}};
}

ordered_json result_as_sarif(const Finding& finding, std::size_t rule_index) {
  ordered_json physical{{"artifactLocation", {{"uri", uri_of(finding.place.file)}}}};
  if (finding.place.line > 0) {
    physical["region"]["startLine"] = finding.place.line;
    if (finding.place.column > 0) physical["region"]["startColumn"] = finding.place.column;
  }
  const std::string mend = finding.mend.empty() ? "" : fmt::format(" Mend: {}.", finding.mend);
  return {{"ruleId", finding.id},
          {"ruleIndex", rule_index},
          {"level", config::name(finding.severity)},
          {"message", {{"text", fmt::format("{}.{}", finding.message, mend)}}},
          {"locations", ordered_json::array({{{"physicalLocation", physical}}})}};
}

}  // namespace

std::string render_findings(const Findings& findings, Colours colours) {
  std::string text;
  std::array<std::size_t, 3> counts{};
  const bool is_coloured = colours == Colours::yes;
  for (const Finding& finding : findings.findings) {
    ++counts.at(static_cast<std::size_t>(finding.severity));
    text +=
        fmt::format("{}: {}{}:{} {} [{}]\n", to_string(finding.place), is_coloured ? colour_of(finding.severity) : "",
                    config::name(finding.severity), is_coloured ? "\x1b[0m" : "", finding.message, finding.id);
    if (!finding.mend.empty()) text += fmt::format("    mend: {}\n", finding.mend);
  }
  if (text.empty()) return "nothing found\n";
  text +=
      fmt::format("{}, {}, {}", counted(counts[2], "error"), counted(counts[1], "warning"), counted(counts[0], "note"));
  if (findings.dropped > 0) text += fmt::format(", and {} more that are not shown", findings.dropped);
  return text + "\n";
}

ordered_json findings_as_json(const Findings& findings) {
  ordered_json list = ordered_json::array();
  for (const Finding& finding : findings.findings) {
    list.push_back({{"id", finding.id},
                    {"severity", config::name(finding.severity)},
                    {"file", finding.place.file},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"message", finding.message},
                    {"fix", finding.mend}});
  }
  ordered_json report{{"findings", std::move(list)}};
  if (findings.dropped > 0) report["findings_not_shown"] = findings.dropped;
  return report;
}

ordered_json findings_as_sarif(const Findings& findings) {
  std::unordered_map<std::string_view, std::size_t> index;
  ordered_json rules = ordered_json::array();
  for (const Rule& rule : check::rules()) {
    index.emplace(rule.id, rules.size());
    rules.push_back(rule_as_sarif(rule));
  }
  ordered_json results = ordered_json::array();
  for (const Finding& finding : findings.findings) {
    results.push_back(result_as_sarif(finding, index.at(finding.id)));
  }
  ordered_json run{{"tool", {{"driver", {{"name", "baton check"}, {"version", version}, {"rules", std::move(rules)}}}}},
                   {"results", std::move(results)}};
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", ordered_json::array({std::move(run)})}};
}

std::string explain(const Rule& rule) {
  return fmt::format("{} {} ({})\n{}\n\n{}", rule.id, rule.name, config::name(rule.severity), rule.title,
                     wrapped(rule.explanation));
}

std::string list_rules() {
  std::string text;
  for (const Rule& rule : check::rules()) {
    text += fmt::format("{}  {:<7}  {:<26}  {}\n", rule.id, config::name(rule.severity), rule.name, rule.title);
  }
  return text;
}

ordered_json rule_as_json(const Rule& rule) {
  return {{"id", rule.id},
          {"name", rule.name},
          {"severity", config::name(rule.severity)},
          {"title", rule.title},
          {"explanation", rule.explanation}};
}

ordered_json rules_as_json() {
  ordered_json list = ordered_json::array();
  for (const Rule& rule : check::rules()) list.push_back(rule_as_json(rule));
  return {{"rules", std::move(list)}};
}

}  // namespace baton::cli
