// The text that was read, kept while it is worked on so that every later stage can point into it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/source_place.h"

namespace baton::config {

struct SourceFile;

struct SourceLine {
  const SourceFile* file = nullptr;
  unsigned number = 0;  // from 1
  std::string text;     // without its line end
};

struct SourceFile {
  std::string name;
  std::size_t order = 0;         // in which the files were opened
  std::deque<SourceLine> lines;  // every line, in order
};

// A spot in a line. Without a line: the configuration as a whole.
struct Position {
  const SourceLine* line = nullptr;
  unsigned column = 0;  // from 1; 0: the whole line
  unsigned width = 1;
};

SourcePlace place_of(const Position& position);

// Characters on their way through the stages, each with the column of the source line it came from. Text that replaced
// a variable has the variable's column.
class Text {
 public:
  Text() = default;
  explicit Text(const SourceLine* line);  // the whole line

  const std::string& characters() const { return characters_; }
  bool empty() const { return characters_.empty(); }
  std::size_t size() const { return characters_.size(); }
  char operator[](std::size_t index) const { return characters_[index]; }
  const SourceLine* line() const { return line_; }
  // `width` source columns from the character at `index`; at the end, the column behind the last one.
  Position at(std::size_t index, std::size_t width = 1) const;

  Text from(std::size_t begin, std::size_t end = std::string::npos) const;
  Text trimmed() const;
  // In place: without its first `size` characters, and without the blanks around the rest.
  void drop_front(std::size_t size);
  // Further characters that all stand for what is written at `column`.
  void append(std::string_view characters, unsigned column);
  void append(const Text& text, std::size_t begin = 0, std::size_t end = std::string::npos);

 private:
  const SourceLine* line_ = nullptr;
  std::string characters_;
  std::vector<unsigned> columns_;
};

// keepalived's blanks: space, tab, CR, form feed, vertical tab.
bool is_blank(char character);
std::string_view trim(std::string_view text);

// All files. Addresses of files and lines stay valid while it lives.
class Sources {
 public:
  SourceFile* add_file(std::string name);
  std::vector<std::string> names() const;
  // The spot a place of the model came from, to the end of the word there.
  Position find(const SourcePlace& place) const;

 private:
  std::deque<SourceFile> files_;
};

const SourceLine* add_line(SourceFile& file, std::string text);

}  // namespace baton::config
