// What a regex of a check costs on a page, and what the worst pages cost until its budget is used up: processor time of
// one search. Judges nothing.
#include <fmt/format.h>
#include <time.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "health/limits.h"
#include "health/page_search.h"

namespace baton::bench {
namespace {

using config::RegexOption;
using health::PageSearch;

struct Row {
  std::string_view title;
  std::string pattern;
  std::string page;
  std::vector<RegexOption> options{};
};

std::string repeated(std::string_view text, std::size_t kib, std::string_view end) {
  std::string page;
  while (page.size() < (kib << 10) - end.size() - text.size()) page += text;
  return page.append(end);
}

std::vector<Row> rows() {
  constexpr std::string_view line = "<tr><td class=\"name\">server-17</td><td>status: ready</td></tr>\n";
  constexpr std::string_view ok = R"(<p>"status": "ok"</p>)";
  constexpr std::string_view found = R"("status": *"ok")";
  return {
      {.title = "a word, 2 KiB", .pattern = std::string(found), .page = repeated(line, 2, ok)},
      {.title = "a word at the end of 1 MiB", .pattern = std::string(found), .page = repeated(line, 1024, ok)},
      {.title = "server-\\d+.*down, 1 MiB", .pattern = "server-\\d+.*down", .page = repeated(line, 1024, ok)},
      {.title = "status.*(up|ready), 16 KiB", .pattern = "status.*(up|ready)", .page = repeated("status ", 16, "")},
      {.title = "status.*(up|ready), 1 MiB", .pattern = "status.*(up|ready)", .page = repeated("status ", 1024, "")},
      {.title = "x.*(a|b), 64 KiB", .pattern = "x.*(a|b)", .page = repeated("x", 64, "")},
      {.title = "\\d+ ok, 128 KiB", .pattern = "\\d+ ok", .page = repeated("1", 128, " k")},
      {.title = "\\d+ ok, 1 MiB", .pattern = "\\d+ ok", .page = repeated("1", 1024, " k")},
      {.title = "(a+)+$, 1 KiB", .pattern = "(a+)+$", .page = repeated("a", 1, "b")},
      {.title = "\\d{60000} ok, 1 MiB", .pattern = "\\d{60000} ok", .page = repeated("1", 1024, "x ok")},
      {.title = "\\p{L}+ ok, utf, 1 MiB",
       .pattern = "\\p{L}+ ok",
       .page = repeated("\u00e9", 1024, " k"),
       .options = {RegexOption::utf}},
  };
}

double milliseconds() {
  timespec now{};
  (void)::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::string_view word(PageSearch::Found found) {
  switch (found) {
    case PageSearch::Found::yes: return "matches";
    case PageSearch::Found::no: return "does not match";
    case PageSearch::Found::too_costly: return "is given up";
  }
  return {};
}

int run() {
  for (const Row& row : rows()) {
    const auto search = PageSearch::compile({.pattern = row.pattern, .options = row.options});
    if (!search) return 1;
    const double began = milliseconds();
    const auto found = search->search(row.page);
    if (!found) return 1;
    fmt::print("{:<30}{:>9.2f} ms  {}\n", row.title, milliseconds() - began, word(*found));
  }
  return 0;
}

}  // namespace
}  // namespace baton::bench

int main() {
  return baton::bench::run();
}
