#include "config/source.h"

#include <algorithm>

#include <fmt/format.h>

namespace baton::config {

std::string to_string(const SourcePlace& place) {
  std::string text = place.file;
  if (place.line > 0) text += fmt::format(":{}", place.line);
  if (place.line > 0 && place.column > 0) text += fmt::format(":{}", place.column);
  return text;
}

SourcePlace place_of(const Position& position) {
  if (position.line == nullptr) return {};
  return {.file = position.line->file->name, .line = position.line->number, .column = position.column};
}

Text::Text(const SourceLine* line) : line_(line), characters_(line->text), columns_(line->text.size()) {
  unsigned column = 1;
  for (unsigned& each : columns_) each = column++;
}

Position Text::at(std::size_t index, std::size_t width) const {
  if (columns_.empty()) return {.line = line_, .column = 1};
  if (index >= columns_.size()) return {.line = line_, .column = columns_.back() + 1};
  const std::size_t last = std::min(index + std::max<std::size_t>(width, 1), columns_.size()) - 1;
  const unsigned first_column = columns_[index];
  return {.line = line_, .column = first_column, .width = std::max(columns_[last], first_column) - first_column + 1};
}

Text Text::from(std::size_t begin, std::size_t end) const {
  Text part;
  part.line_ = line_;
  part.append(*this, begin, end);
  return part;
}

Text Text::trimmed() const {
  const std::string_view inner = trim(characters_);
  if (inner.size() == characters_.size()) return *this;
  if (inner.empty()) return from(0, 0);
  const auto begin = static_cast<std::size_t>(inner.data() - characters_.data());
  return from(begin, begin + inner.size());
}

void Text::drop_front(std::size_t size) {
  while (size < characters_.size() && is_blank(characters_[size])) ++size;
  characters_.erase(0, size);
  columns_.erase(columns_.begin(), columns_.begin() + static_cast<std::ptrdiff_t>(size));
  while (!characters_.empty() && is_blank(characters_.back())) characters_.pop_back();
  columns_.resize(characters_.size());
}

void Text::append(std::string_view characters, unsigned column) {
  characters_.append(characters);
  columns_.resize(characters_.size(), column);
}

void Text::append(const Text& text, std::size_t begin, std::size_t end) {
  begin = std::min(begin, text.size());
  end = std::clamp(end, begin, text.size());
  characters_.append(text.characters_, begin, end - begin);
  columns_.insert(columns_.end(), text.columns_.begin() + static_cast<std::ptrdiff_t>(begin),
                  text.columns_.begin() + static_cast<std::ptrdiff_t>(end));
}

bool is_blank(char character) {
  return character == ' ' || character == '\t' || character == '\r' || character == '\f' || character == '\v';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

SourceFile* Sources::add_file(std::string name) {
  files_.push_back({.name = std::move(name), .order = files_.size(), .lines = {}});
  return &files_.back();
}

std::vector<std::string> Sources::names() const {
  std::vector<std::string> names;
  for (const SourceFile& file : files_) names.push_back(file.name);
  return names;
}

Position Sources::find(const SourcePlace& place) const {
  const auto file = std::ranges::find(files_, place.file, &SourceFile::name);
  if (file == files_.end() || place.line == 0 || place.line > file->lines.size()) return {};
  const SourceLine& line = file->lines[place.line - 1];
  if (place.column == 0 || place.column > line.text.size()) return {.line = &line, .column = place.column};
  const auto begin = line.text.begin() + static_cast<std::ptrdiff_t>(place.column - 1);
  const auto end = std::find_if(begin, line.text.end(), is_blank);
  return {.line = &line, .column = place.column, .width = std::max(1U, static_cast<unsigned>(end - begin))};
}

const SourceLine* add_line(SourceFile& file, std::string text) {
  file.lines.push_back(
      {.file = &file, .number = static_cast<unsigned>(file.lines.size() + 1), .text = std::move(text)});
  return &file.lines.back();
}

}  // namespace baton::config
