#include "config/diagnostics.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "config/limits.h"

namespace baton::config {
namespace {

// Keywords whose values are nobody's business but the file's.
constexpr auto secret_keywords = std::to_array<std::string_view>({"auth_pass", "smtp_password", "password", "key"});

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

// Replaces what follows a secret keyword, wherever on the line it stands.
std::string mask_secrets(std::string line) {
  for (const std::string_view keyword : secret_keywords) {
    for (std::size_t at = line.find(keyword); at != std::string::npos; at = line.find(keyword, at + 1)) {
      const std::size_t end = at + keyword.size();
      const bool is_word = (at == 0 || !std::isalnum(static_cast<unsigned char>(line[at - 1]))) &&
                           (at == 0 || line[at - 1] != '_') && end < line.size() &&
                           (is_blank(line[end]) || line[end] == '"');
      if (!is_word) continue;
      for (std::size_t index = end; index < line.size(); ++index) {
        if (!is_blank(line[index]) && line[index] != '}' && line[index] != '{') line[index] = '*';
      }
      break;
    }
  }
  return line;
}

// The part of a long line around the caret.
void show_line(const Position& position, Diagnostic& diagnostic) {
  std::string line = mask_secrets(printable(position.line->text));
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

}  // namespace

void Diagnostics::add(Severity severity, std::string_view id, const Position& position, std::string message,
                      std::string mend) {
  if (severity == Severity::error) ++errors_;
  if (severity == Severity::warning) ++warnings_;
  if (entries_.size() >= limits::diagnostics) {
    ++dropped_;
    return;
  }
  Diagnostic diagnostic{.severity = severity,
                        .id = std::string(id),
                        .place = place_of(position),
                        .message = printable(message),
                        .mend = printable(mend)};
  diagnostic.place.file = printable(diagnostic.place.file);
  if (position.line != nullptr) show_line(position, diagnostic);
  entries_.push_back({.order = entries_.size(), .position = position, .diagnostic = std::move(diagnostic)});
}

std::vector<Diagnostic> Diagnostics::take() {
  const auto key = [](const Entry& entry) {
    const SourceLine* line = entry.position.line;
    return std::tuple(line == nullptr, line == nullptr ? 0 : line->file->order, line == nullptr ? 0 : line->number,
                      entry.position.column, entry.order);
  };
  std::ranges::sort(entries_, {}, key);
  std::vector<Diagnostic> taken;
  for (Entry& entry : entries_) taken.push_back(std::move(entry.diagnostic));
  entries_.clear();
  return taken;
}

std::string quoted(std::string_view word) {
  constexpr std::size_t longest = 60;
  if (word.size() > longest) return fmt::format("'{}...'", printable(word.substr(0, longest)));
  return fmt::format("'{}'", printable(word));
}

}  // namespace baton::config
