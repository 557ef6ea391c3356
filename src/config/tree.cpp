#include "config/tree.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/keyword_table.h"
#include "config/limits.h"

namespace baton::config {
namespace {

constexpr std::string_view unknown_path = "?";

bool is_command(const Text& text) {
  const std::string_view characters = text.characters();
  const auto* const end = std::ranges::find_if(characters, [](char each) { return is_blank(each) || each == '"'; });
  return keyword_table::is_script(characters.substr(0, static_cast<std::size_t>(end - characters.begin())));
}

std::span<const Word> keep(std::span<const Word> words, std::pmr::memory_resource& memory) {
  auto* const place = static_cast<Word*>(memory.allocate(words.size_bytes(), alignof(Word)));
  std::ranges::uninitialized_copy(words, std::span(place, words.size()));
  return {place, words.size()};
}

}  // namespace

Position Statement::at(std::size_t word) const {
  if (words.empty()) return {.line = line};
  if (word < words.size()) return {.line = line, .column = words[word].column, .width = words[word].width};
  return {.line = line, .column = words.back().column + words.back().width};
}

TreeBuilder::TreeBuilder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {
  tree_.root.has_block = true;
  levels_.push_back({.block = &tree_.root, .keywords = keyword_table::in_block(""), .path = {}, .brace = {}});
}

void TreeBuilder::statement(const Text& text) {
  if (skipped_depth_ > 0) return;
  const bool has_command = is_command(text);
  Diagnostics unheard;  // of the quotes of a command, which the two-pass lexer judges
  const std::vector<Word> words = split_words(text, has_command ? unheard : diagnostics_);
  if (words.empty()) return;
  settle_pending(false);
  const Level& level = levels_.back();
  level.block->children.push_back({.line = text.line(),
                                   .words = keep(words, *tree_.words),
                                   .meaning = keyword_table::find(level.keywords, words.front().text),
                                   .command = has_command ? &tree_.commands.emplace_back(text) : nullptr,
                                   .children = {}});
  if (text.made() != nullptr) tree_.made_texts.push_back(text.made());
  is_pending_ = true;
}

void TreeBuilder::open(const Position& brace) {
  if (skipped_depth_ > 0 || levels_.size() > limits::block_depth) {
    if (skipped_depth_++ == 0 && !is_too_deep_) {
      is_too_deep_ = true;
      diagnostics_.error("too-large", brace, fmt::format("blocks within blocks, deeper than {}", limits::block_depth),
                         "close the blocks before this line");
    }
    return;
  }
  if (is_pending_) {
    Statement& statement = levels_.back().block->children.back();
    push(statement, path_of(statement));
    return;
  }
  diagnostics_.warn("unexpected-brace", brace, "this '{' belongs to no keyword and is ignored, with its '}'",
                    "remove it, or put the keyword of the block before it");
  Level level = levels_.back();
  level.brace = brace;
  levels_.push_back(std::move(level));
}

void TreeBuilder::close(const Position& brace) {
  if (skipped_depth_ > 0) {
    --skipped_depth_;
    return;
  }
  settle_pending(true);
  if (levels_.size() == 1) {
    if (!tree_.surplus_brace) tree_.surplus_brace = brace;
    diagnostics_.warn("surplus-brace", brace, "this '}' closes nothing and is ignored",
                      "remove it, or find the block above that was closed too early");
    return;
  }
  if (!levels_.back().brace) levels_.back().block->is_closed = true;
  levels_.pop_back();
}

Tree TreeBuilder::finish() {
  settle_pending(true);
  return std::move(tree_);
}

void TreeBuilder::push(Statement& block, std::string path) {
  block.has_block = true;
  block.is_closed = false;
  const std::span<const Keyword> keywords = keyword_table::in_block(path);
  levels_.push_back({.block = &block, .keywords = keywords, .path = std::move(path), .brace = {}});
  is_pending_ = false;
}

std::string TreeBuilder::path_of(const Statement& statement) const {
  if (statement.meaning == nullptr || statement.meaning->kind != Kind::block) return std::string(unknown_path);
  return keyword_table::inner_path(levels_.back().path, statement.keyword());
}

// A keyword that must have a block and got none: keepalived reads what follows as its body, and so do we, unless
// nothing follows.
void TreeBuilder::settle_pending(bool at_close) {
  if (!std::exchange(is_pending_, false)) return;
  Statement& statement = levels_.back().block->children.back();
  const Keyword* const keyword = statement.meaning;
  if (keyword == nullptr || (keyword->kind != Kind::block && keyword->kind != Kind::list)) return;
  diagnostics_.warn("missing-brace", statement.at(statement.words.size()),
                    fmt::format("'{{' is missing after {}", quoted(statement.keyword())), "add the '{'");
  if (!at_close && levels_.size() <= limits::block_depth) push(statement, path_of(statement));
}

}  // namespace baton::config
