#include "config/keyword_check.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/keyword_table.h"

namespace baton::config {
namespace {

std::string block_name(std::string_view path) {
  if (path.empty()) return "the top level";
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

// "vrrp_instance", "vrrp_instance or global_defs", of the blocks a keyword may stand in.
std::string homes_of(std::string_view keyword) {
  std::vector<std::string> names;
  for (const Keyword* home : keyword_table::homes(keyword)) {
    std::string name = block_name(home->block);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    if (names.size() == 3) break;
  }
  return fmt::format("{}", fmt::join(names, " or "));
}

bool has_foreign_blank(std::string_view word) {
  // U+00A0, U+3000, U+200B and U+FEFF in UTF-8.
  for (const std::string_view blank : {"\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xef\xbb\xbf"}) {
    if (word.find(blank) != std::string_view::npos) return true;
  }
  return false;
}

class KeywordCheck {
 public:
  KeywordCheck(Tree& tree, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics) {}

  void run() {
    has_open_block_ = find_open(tree_.root);
    check_block(tree_.root, {}, Support::works);
    report_open(tree_.root);
  }

 private:
  void check_block(Statement& block, const std::string& path, Support support) {
    blocks_.push_back({&block, path});
    std::erase_if(block.children, [&](Statement& child) { return !is_kept(child, path, support); });
    blocks_.pop_back();
  }

  bool is_kept(Statement& statement, const std::string& path, Support support) {
    const Keyword* const keyword = statement.meaning;
    if (keyword == nullptr) {
      report_unknown(statement, path);
      return false;
    }
    report_support(statement, *keyword, support);
    if (keyword->kind != Kind::block && keyword->kind != Kind::list) {
      check_line(statement, *keyword);
      return true;
    }
    if (!statement.has_block) return false;  // the tree has said so
    if (keyword->kind == Kind::list) {
      check_entries(statement, path);
    } else {
      check_block(statement, keyword_table::inner_path(path, statement.keyword()), std::max(support, keyword->support));
    }
    return true;
  }

  void report_support(const Statement& statement, const Keyword& keyword, Support outer) {
    if (!keyword.instead.empty()) {
      diagnostics_.warn("old-spelling", statement.position(),
                        fmt::format("{} is an old spelling", quoted(keyword.name)),
                        fmt::format("write {}", keyword.instead));
    }
    if (keyword.support == Support::works || outer != Support::works) return;
    if (!said_.insert(&keyword).second) return;  // once is enough
    if (keyword.support == Support::later) {
      diagnostics_.warn("not-yet", statement.position(),
                        fmt::format("{} is known but not carried out yet", quoted(keyword.name)),
                        "do without it for now, or leave this node to keepalived");
    } else {
      diagnostics_.note("without-effect", statement.position(),
                        fmt::format("{} has no effect: {}", quoted(keyword.name), keyword.reason));
    }
  }

  // A statement without a block of its own.
  void check_line(Statement& statement, const Keyword& keyword) {
    if (statement.has_block) {
      diagnostics_.warn("unexpected-brace", statement.position(),
                        fmt::format("{} takes no block; what stands in the braces is ignored", quoted(keyword.name)),
                        "one statement a line, and braces only after the keyword of a block");
      statement.children.clear();
    }
    const bool one_argument = keyword.kind == Kind::flag || keyword.kind == Kind::boolean ||
                              keyword.kind == Kind::number || keyword.kind == Kind::seconds ||
                              keyword.kind == Kind::text;
    if (!one_argument) return;
    const std::size_t expected = keyword.kind == Kind::flag ? 1 : 2;
    for (std::size_t index = expected; index < statement.words.size(); ++index) {
      const Word& word = statement.words[index];
      if (word.is_quoted || keyword_table::find(keyword.block, word.text) == nullptr) continue;
      diagnostics_.warn("several-statements", statement.at(index),
                        fmt::format("{} and what follows is ignored: a line holds one statement", quoted(word.text)),
                        "put it on a line of its own");
      return;
    }
  }

  void check_entries(Statement& list, const std::string& path) {
    for (Statement& entry : list.children) {
      if (has_open_block_ && keyword_table::find(path, entry.keyword()) != nullptr) {
        report_overrun(list, entry, path);
      } else if (entry.has_block) {
        diagnostics_.warn(
            "unexpected-brace", entry.position(),
            fmt::format("an entry of {} has no block; what stands in the braces is ignored", quoted(list.keyword())),
            "remove the braces");
      }
      entry.children.clear();
    }
  }

  void report_unknown(const Statement& statement, const std::string& path) {
    const std::string_view word = statement.keyword();
    const auto owner = std::ranges::find_if(
        blocks_, [&](const Block& block) { return keyword_table::find(block.path, word) != nullptr; });
    if (owner != blocks_.end() && has_open_block_)
      return report_overrun(*blocks_.back().statement, statement, owner->path);
    if (path.empty() && tree_.surplus_brace && !is_overrun_reported_ && is_carried_out(word)) {
      is_overrun_reported_ = true;
      diagnostics_.warn("outside-block", statement.position(),
                        fmt::format("{} belongs in {}, which was closed before it", quoted(word), homes_of(word)),
                        fmt::format("remove the '}}' that closes it too early; there is one too many, see line {}",
                                    tree_.surplus_brace->line->number));
      return;
    }
    if (diagnostics_.is_full()) return diagnostics_.warn("unknown-keyword", {}, {});
    const std::string what = statement.has_block ? "block" : "keyword";
    const std::string where = path.empty() ? "" : fmt::format(" in {}", block_name(path));
    const std::string consequence = statement.has_block ? "; all of it is ignored" : "";
    diagnostics_.warn(statement.has_block ? "unknown-block" : "unknown-keyword", statement.position(),
                      fmt::format("unknown {} {}{}{}", what, quoted(word), where, consequence), advice(word, path));
  }

  static std::string advice(std::string_view word, const std::string& path) {
    if (has_foreign_blank(word)) return "a character here only looks like a blank; type the line anew";
    if (const std::string homes = homes_of(word); !homes.empty()) return fmt::format("it belongs in {}", homes);
    if (include_like(word)) return "write include PATH";
    const std::optional<std::string_view> near = keyword_table::nearest(path, word);
    if (near) return fmt::format("did you mean '{}'?", *near);
    if (word == "\\") return "a statement stands on one line; only variables may be continued";
    return "remove the line, or correct the word";
  }

  // Something is lost when this word is not read.
  static bool is_carried_out(std::string_view word) {
    return std::ranges::any_of(keyword_table::homes(word), [](const Keyword* home) {
      const Keyword* outer = keyword_table::find("", home->block.substr(0, home->block.find('/')));
      return home->support == Support::works && (outer == nullptr || outer->support == Support::works);
    });
  }

  static bool include_like(std::string_view word) { return edit_distance(word, "include") == 1; }

  // A block that runs on into statements of the block around it: its brace is missing, and what follows would be lost.
  void report_overrun(const Statement& block, const Statement& statement, const std::string& owner) {
    if (std::exchange(is_overrun_reported_, true)) return;
    diagnostics_.warn(
        "run-on-block", block.position(),
        fmt::format("the block of {} is not closed before {} on line {}, which belongs in {}", quoted(block.keyword()),
                    quoted(statement.keyword()), statement.line->number, block_name(owner)),
        "add the '}' before that line");
  }

  static bool find_open(const Statement& block) {
    return !block.is_closed || std::ranges::any_of(block.children, find_open);
  }

  // What is open at the end of the file and did no harm.
  void report_open(const Statement& block) {
    if (is_overrun_reported_) return;
    if (!block.is_closed) {
      diagnostics_.warn("open-block", block.position(),
                        fmt::format("the block of {} is not closed at the end of the file", quoted(block.keyword())),
                        "add the '}'");
    }
    for (const Statement& child : block.children) report_open(child);
  }

  struct Block {
    Statement* statement;
    std::string path;
  };

  Tree& tree_;
  Diagnostics& diagnostics_;
  std::vector<Block> blocks_;  // around the statement looked at, outermost first
  std::set<const Keyword*> said_;
  bool has_open_block_ = false;
  bool is_overrun_reported_ = false;
};

}  // namespace

void check_keywords(Tree& tree, Diagnostics& diagnostics) {
  KeywordCheck(tree, diagnostics).run();
}

}  // namespace baton::config
