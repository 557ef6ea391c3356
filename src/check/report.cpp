#include "check/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "base/printable.h"
#include "check/limits.h"

namespace baton::check {
namespace {

// Names come from the file; a terminal would carry them out. One line, and valid UTF-8.
std::string shown(std::string_view text) {
  std::string line = printable(text);
  std::ranges::replace(line, '\n', '?');
  return line;
}

}  // namespace

void Report::add(std::string_view rule, const CheckedFile& file, const config::Place& place, std::string message,
                 std::string mend, std::optional<Severity> severity) {
  const Rule* found = find_rule(rule);
  ASSERT(found != nullptr);
  keep(*found, {.id = found->id,
                .severity = severity.value_or(found->severity),
                .place = file.place(place),
                .message = std::move(message),
                .mend = std::move(mend)});
}

void Report::add_elsewhere(std::string_view rule, config::SourcePlace place, std::string message, std::string mend,
                           std::optional<Severity> severity) {
  const Rule* found = find_rule(rule);
  ASSERT(found != nullptr);
  keep(*found, {.id = found->id,
                .severity = severity.value_or(found->severity),
                .place = std::move(place),
                .message = std::move(message),
                .mend = std::move(mend)});
}

void Report::add_reading(const CheckedFile& file, const config::Diagnostic& said) {
  const Rule* rule = find_rule(said.id);
  ASSERT(rule != nullptr);
  config::SourcePlace place = said.place;
  if (place.file.empty()) place.file = file.name;
  keep(*rule, {.id = rule->id,
               .severity = std::max(said.severity, rule->severity),
               .place = std::move(place),
               .message = said.message,
               .mend = said.mend});
}

void Report::keep(const Rule& rule, Finding finding) {
  for (std::string* text : {&finding.message, &finding.mend, &finding.place.file}) {
    *text = shown(*text);
  }
  const std::string place = fmt::format("{} {}", rule.id, to_string(finding.place));
  if (!said_.insert(place + finding.message).second) return;
  if (counts_[rule.id] >= limits::findings_of_a_rule || at_place_[place] >= limits::findings_at_a_place) {
    ++kept_.dropped;
  } else {
    ++counts_[rule.id];
    ++at_place_[place];
    kept_.findings.push_back(std::move(finding));
  }
}

Findings Report::take(std::span<const CheckedFile> files) {
  std::unordered_map<std::string_view, std::size_t> order;
  for (const CheckedFile& file : files) {
    order.emplace(file.name, order.size());
    for (const std::string& name : file.loaded.files) order.emplace(name, order.size());
  }
  const auto key = [&](const Finding& finding) {
    const auto found = order.find(finding.place.file);
    return std::tuple(found == order.end() ? order.size() : found->second, finding.place.line, finding.place.column,
                      finding.id, std::string_view(finding.message));
  };
  for (const CheckedFile& file : files) kept_.dropped += file.loaded.dropped;
  std::ranges::sort(kept_.findings, {}, key);
  return std::move(kept_);
}

}  // namespace baton::check
