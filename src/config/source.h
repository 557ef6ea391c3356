// The text that was read, kept while it is worked on so that every later stage can point into it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/source_place.h"

namespace baton::config {

struct SourceFile;

struct SourceLine {
  const SourceFile* file = nullptr;
  unsigned number = 0;    // from 1
  std::string_view text;  // without its line end
};

struct SourceFile {
  std::string name;
  unsigned order = 0;            // in which the files were opened
  std::string text;              // all of it
  std::deque<SourceLine> lines;  // every line, in order
};

// A spot in a line. Without a line: the configuration as a whole.
struct Position {
  const SourceLine* line = nullptr;
  unsigned column = 0;  // from 1; 0: the whole line
  unsigned width = 1;
};

SourcePlace place_of(const Position& position);
Place make_place(const Position& position);

// Characters that stand in no line as they are: something in them was replaced, or taken out.
struct MadeText {
  std::string characters;
  std::vector<unsigned> columns;  // of each, where it came from
};

// Characters on their way through the stages, each with the column of the source line it came from. Text that replaced
// a variable has the variable's column. A view: of the line, or of a made text, which it keeps alive.
class Text {
 public:
  Text() = default;
  explicit Text(const SourceLine* line) : line_(line), characters_(line->text) {}  // the whole line
  Text(const SourceLine* line, std::shared_ptr<const MadeText> made)
      : line_(line), made_(std::move(made)), characters_(made_->characters) {}

  std::string_view characters() const { return characters_; }
  bool empty() const { return characters_.empty(); }
  std::size_t size() const { return characters_.size(); }
  char operator[](std::size_t index) const { return characters_[index]; }
  const SourceLine* line() const { return line_; }
  const std::shared_ptr<const MadeText>& made() const { return made_; }
  // `width` source columns from the character at `index`; at the end, the column behind the last one.
  Position at(std::size_t index, std::size_t width = 1) const;

  Text from(std::size_t begin, std::size_t end = std::string_view::npos) const;
  Text trimmed() const;

 private:
  unsigned column_of(std::size_t index) const;

  const SourceLine* line_ = nullptr;
  std::shared_ptr<const MadeText> made_;
  std::string_view characters_;
};

// Puts a text together.
class TextMaker {
 public:
  explicit TextMaker(const SourceLine* line) : line_(line) {}

  std::size_t size() const { return made_.characters.size(); }
  // Further characters that all stand for what is written at `column`.
  void append(std::string_view characters, unsigned column);
  void append(const Text& text);
  Text finish() &&;

 private:
  const SourceLine* line_;
  MadeText made_;
};

// keepalived's blanks: space, tab, CR, form feed, vertical tab.
inline bool is_blank(char character) {
  return character == ' ' || character == '\t' || character == '\r' || character == '\f' || character == '\v';
}
std::string_view trim(std::string_view text);

// All files. Addresses of files and lines stay valid while it lives.
class Sources {
 public:
  SourceFile& add_file(std::string name, std::string text);
  std::vector<std::string> names() const;
  const std::string& name_of(const Place& place) const { return files_[place.file].name; }
  // The spot a place of the model came from, to the end of the word there.
  Position find(const Place& place) const;

 private:
  std::deque<SourceFile> files_;
};

// `text` is a part of the file's.
const SourceLine* add_line(SourceFile& file, std::string_view text);

}  // namespace baton::config
