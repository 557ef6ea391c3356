#include "cli/findings_text.h"

#include <fmt/format.h>

namespace baton::cli {

std::string_view colour_of(config::Severity severity) {
  switch (severity) {
    case config::Severity::note: return "\x1b[36m";
    case config::Severity::warning: return "\x1b[1;33m";
    case config::Severity::error: return "\x1b[1;31m";
  }
  return "";
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string wrapped(std::string_view text) {
  constexpr std::size_t width = 78;
  std::string lines;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (column > 0 && column + 1 + word.size() > width) {
      lines += '\n';
      column = 0;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines + "\n";
}

}  // namespace baton::cli
