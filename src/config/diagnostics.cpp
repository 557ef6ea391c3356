#include "config/diagnostics.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "config/limits.h"
#include "config/secret_line.h"

namespace baton::config {
namespace {

bool is_printable(char character) {
  return character >= ' ' && character != '\x7f';
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& each : shown) {
    if (!is_printable(each) && static_cast<unsigned char>(each) < 0x80) each = each == '\t' ? ' ' : '?';
  }
  return shown;
}

// The part of a long line around the caret.
void show_line(const Position& position, bool is_secret, Diagnostic& diagnostic) {
  const std::string line = mask_secrets(printable(position.line->text), is_secret);
  std::size_t indentation = 0;
  while (indentation < line.size() && is_blank(line[indentation])) ++indentation;
  std::size_t start = indentation;
  const std::size_t column = position.column > 0 ? position.column - 1 : indentation;
  if (column > start + limits::shown_line - 20) start = column - 40;
  while (start < line.size() && (static_cast<unsigned char>(line[start]) & 0xc0) == 0x80) ++start;  // UTF-8
  std::size_t size = std::min(limits::shown_line, line.size() - std::min(start, line.size()));
  while (start + size < line.size() && (static_cast<unsigned char>(line[start + size]) & 0xc0) == 0x80) --size;
  diagnostic.line = start < line.size() ? line.substr(start, size) : std::string();
  while (!diagnostic.line.empty() && is_blank(diagnostic.line.back())) diagnostic.line.pop_back();
  if (position.column == 0 || column < start) return;
  diagnostic.caret = static_cast<unsigned>(column - start + 1);
  const std::size_t room = diagnostic.line.size() + 1 - std::min<std::size_t>(diagnostic.line.size(), column - start);
  diagnostic.width =
      static_cast<unsigned>(std::clamp<std::size_t>(position.width, 1, std::max<std::size_t>(room - 1, 1)));
}

// Warnings about what keepalived takes without a word (2.2.7 -t on tests/golden/config exits with 0), or cannot know.
constexpr auto ours = std::to_array<std::string_view>(
    {"bad-include", "bad-quote", "comment-in-password", "duplicate-address", "not-yet", "nul-byte", "old-spelling",
     "own-peer", "owner", "script-not-found", "several-files", "several-statements", "shell-syntax",
     "undefined-variable", "unused-script", "version"});

bool is_ours_alone(std::string_view id) {
  return std::ranges::find(ours, id) != ours.end();
}

}  // namespace

void Diagnostics::add(Severity severity, std::string_view id, const Position& position, std::string message,
                      std::string mend) {
  if (severity == Severity::error) ++errors_;
  if (severity == Severity::warning) ++warnings_;
  if (severity == Severity::warning && !is_ours_alone(id)) ++familiar_warnings_;
  std::size_t& kept = severity == Severity::error ? kept_errors_ : kept_others_;
  if (kept >= limits::diagnostics) {
    ++dropped_;
    return;
  }
  ++kept;
  Diagnostic diagnostic{.severity = severity,
                        .id = std::string(id),
                        .place = place_of(position),
                        .message = printable(message),
                        .mend = printable(mend)};
  diagnostic.place.file = printable(diagnostic.place.file);
  entries_.push_back({.order = entries_.size(), .position = position, .diagnostic = std::move(diagnostic)});
}

bool Diagnostics::may_guess() {
  return !is_full() && guesses_++ < limits::guesses;
}

std::vector<Diagnostic> Diagnostics::take() {
  const auto key = [](const Entry& entry) {
    const SourceLine* line = entry.position.line;
    return std::tuple(line == nullptr, line == nullptr ? 0 : line->file->order, line == nullptr ? 0 : line->number,
                      entry.position.column, entry.order);
  };
  std::ranges::sort(entries_, {}, key);
  std::vector<Diagnostic> taken;
  for (Entry& entry : entries_) {
    const SourceLine* line = entry.position.line;
    if (line != nullptr) show_line(entry.position, secret_lines_.contains(line), entry.diagnostic);
    taken.push_back(std::move(entry.diagnostic));
  }
  entries_.clear();
  return taken;
}

std::string quoted(std::string_view word) {
  constexpr std::size_t longest = 60;
  if (word.size() > longest) return fmt::format("'{}...'", printable(word.substr(0, longest)));
  return fmt::format("'{}'", printable(word));
}

}  // namespace baton::config
