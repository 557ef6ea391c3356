#include "cli/keywords_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/printable.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "command_line/command_line.h"

namespace baton::cli {

namespace {

using config::Keyword;
using config::Support;
using nlohmann::json;

struct Options {
  std::string word;
  std::string support;
  bool as_json = false;
};

// Words the user would look for: the keyword itself, or the block it stands in.
bool is_asked_for(const Keyword& keyword, const Options& options) {
  if (!options.support.empty() && name(keyword.support) != options.support) return false;
  return options.word.empty() || keyword.name == options.word || keyword.block == options.word;
}

std::string_view meaning(Support support) {
  switch (support) {
    case Support::works: return "carried out";
    case Support::accepted: return "accepted, nothing to do for it";
    case Support::later: return "known, not carried out yet";
  }
  return "";
}

int run(const Options& options) {
  std::vector<Keyword> keywords;
  std::ranges::copy_if(config::keyword_table::all(), std::back_inserter(keywords),
                       [&](const Keyword& keyword) { return is_asked_for(keyword, options); });
  if (keywords.empty()) {
    std::fputs(printable(fmt::format("baton: there is no keyword and no block '{}'; baton keywords lists them\n",
                                     options.word))
                   .c_str(),
               stderr);
    return 1;
  }
  if (options.as_json) {
    fmt::print("{}", json_document(keywords_as_json(keywords)));
  } else {
    fmt::print("{}", render_keywords(keywords));
  }
  return 0;
}

}  // namespace

void add_keywords_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  command_line::Command command = app.add_command("keywords", "What Baton does with every keyword of keepalived.conf");
  command.add_option("WORD", options->word, "only this keyword, or those of this block");
  command.add_option("--support", options->support, "only these")
      .named_value("KIND")
      .one_of({"works", "accepted", "later"});
  command.add_flag("--json", options->as_json, "one JSON document");
  command.set_footer(footer("baton keywords vrrp_script; baton keywords --support later",
                            "0 success, 1 no such keyword, 2 called wrongly"));
  command.on_call([options, &exit_code] { exit_code = run(*options); });
}

std::string render_keywords(std::span<const Keyword> keywords) {
  std::string text;
  std::array<std::size_t, 3> counts{};
  const Keyword* previous = nullptr;
  for (const Keyword& keyword : keywords) {
    if (previous == nullptr || previous->block != keyword.block) {
      text +=
          fmt::format("{}{}\n", previous == nullptr ? "" : "\n", keyword.block.empty() ? "(top level)" : keyword.block);
    }
    previous = &keyword;
    ++counts.at(static_cast<std::size_t>(keyword.support));
    std::string remark(keyword.reason);
    if (!keyword.instead.empty()) remark += fmt::format("{}now {}", remark.empty() ? "" : "; ", keyword.instead);
    text += fmt::format("  {:<34} {:<8}", keyword.name, name(keyword.support));
    text += remark.empty() ? "\n" : fmt::format("  {}\n", remark);
    while (text.ends_with(" \n")) text.erase(text.size() - 2, 1);
  }
  text += "\n";
  for (const Support support : {Support::works, Support::accepted, Support::later}) {
    text +=
        fmt::format("{:>4} {:<8} {}\n", counts.at(static_cast<std::size_t>(support)), name(support), meaning(support));
  }
  return text;
}

json keywords_as_json(std::span<const Keyword> keywords) {
  const auto or_null = [](std::string_view text) { return text.empty() ? json(nullptr) : json(text); };
  json list = json::array();
  for (const Keyword& keyword : keywords) {
    list.push_back({{"block", keyword.block},
                    {"keyword", keyword.name},
                    {"support", name(keyword.support)},
                    {"reason", or_null(keyword.reason)},
                    {"instead", or_null(keyword.instead)}});
  }
  return {{"keywords", list}};
}

}  // namespace baton::cli
