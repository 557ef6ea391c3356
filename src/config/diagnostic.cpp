#include "config/diagnostic.h"

#include <algorithm>

#include <fmt/format.h>

namespace baton::config {
namespace {

// UTF-8 bytes that start a character: what a terminal counts.
std::size_t terminal_columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char each) { return (static_cast<unsigned char>(each) & 0xc0) != 0x80; }));
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return {};
}

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = to_string(diagnostic.place);
  if (!text.empty()) text += ": ";
  text += fmt::format("{}: {} [{}]\n", name(diagnostic.severity), diagnostic.message, diagnostic.id);
  if (!diagnostic.line.empty()) text += fmt::format("    {}\n", diagnostic.line);
  if (!diagnostic.line.empty() && diagnostic.caret > 0) {
    const std::string_view line = diagnostic.line;
    const std::size_t before = std::min<std::size_t>(diagnostic.caret - 1, line.size());
    const std::size_t marked = terminal_columns(line.substr(before, diagnostic.width));
    text += fmt::format("    {}^{}\n", std::string(terminal_columns(line.substr(0, before)), ' '),
                        std::string(marked > 1 ? marked - 1 : 0, '~'));
  }
  if (!diagnostic.mend.empty()) text += fmt::format("  mend: {}\n", diagnostic.mend);
  return text;
}

Severity worst(std::span<const Diagnostic> diagnostics) {
  Severity worst = Severity::note;
  for (const Diagnostic& each : diagnostics) worst = std::max(worst, each.severity);
  return worst;
}

}  // namespace baton::config
