// Statements and blocks, before anybody asks what they mean. The builder knows of the keywords only which of them
// open a block, so that a forgotten brace is noticed where it is missing.
#pragma once

#include <deque>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/keyword_table.h"
#include "config/lexer.h"
#include "config/source.h"

namespace baton::config {

// A large file has half a million of them: what is long, or what few have, is kept by the tree.
struct Statement {
  const SourceLine* line = nullptr;
  std::span<const Word> words;       // at least one, but for the root
  const Keyword* meaning = nullptr;  // of the first word in this block; none: not known here
  const Text* command = nullptr;     // the whole text, of the lines that hold a command
  bool has_block = false;
  bool is_closed = true;  // its block ended with a brace
  std::vector<Statement> children;

  std::string_view keyword() const { return words.front().text; }
  Position position() const { return at(0); }
  // Of a word; of the place behind the last one when there are fewer.
  Position at(std::size_t word) const;
};

struct Tree {
  Statement root;                         // without a keyword; its children are the top level
  std::optional<Position> surplus_brace;  // the first '}' that closes nothing

  // What the statements point to.
  std::unique_ptr<std::pmr::monotonic_buffer_resource> words = std::make_unique<std::pmr::monotonic_buffer_resource>();
  std::deque<Text> commands;
  std::vector<std::shared_ptr<const MadeText>> made_texts;  // of the words that stand in no line as they are
};

// Takes statements and braces in their order.
class TreeBuilder {
 public:
  explicit TreeBuilder(Diagnostics& diagnostics);

  void statement(const Text& text);
  void open(const Position& brace);
  void close(const Position& brace);
  Tree finish();

 private:
  struct Level {
    Statement* block = nullptr;
    std::span<const Keyword> keywords;  // that may stand here
    std::string path;                   // as in the keyword table; "?" inside what it does not know
    std::optional<Position> brace;      // of a block without a keyword: its statements count for the level outside
  };
  void push(Statement& block, std::string path);
  std::string path_of(const Statement& statement) const;
  void settle_pending(bool at_close);

  Diagnostics& diagnostics_;
  Tree tree_;
  std::vector<Level> levels_;
  bool is_pending_ = false;  // the last statement may still get a block
  bool is_too_deep_ = false;
  std::size_t skipped_depth_ = 0;
};

}  // namespace baton::config
