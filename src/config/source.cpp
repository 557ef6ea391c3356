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

Place make_place(const Position& position) {
  if (position.line == nullptr) return {};
  return {.file = position.line->file->order, .line = position.line->number, .column = position.column};
}

unsigned Text::column_of(std::size_t index) const {
  const char* const start = made_ == nullptr ? line_->text.data() : made_->characters.data();
  const std::size_t at = static_cast<std::size_t>(characters_.data() - start) + index;
  return made_ == nullptr ? static_cast<unsigned>(at + 1) : made_->columns[at];
}

Position Text::at(std::size_t index, std::size_t width) const {
  if (characters_.empty()) return {.line = line_, .column = 1};
  if (index >= size()) return {.line = line_, .column = column_of(size() - 1) + 1};
  const std::size_t last = std::min(index + std::max<std::size_t>(width, 1), size()) - 1;
  const unsigned first_column = column_of(index);
  return {.line = line_, .column = first_column, .width = std::max(column_of(last), first_column) - first_column + 1};
}

Text Text::from(std::size_t begin, std::size_t end) const {
  begin = std::min(begin, size());
  Text part = *this;
  part.characters_ = characters_.substr(begin, std::max(end, begin) - begin);
  return part;
}

Text Text::trimmed() const {
  Text part = *this;
  part.characters_ = trim(characters_);
  return part;
}

void TextMaker::append(std::string_view characters, unsigned column) {
  made_.characters.append(characters);
  made_.columns.resize(made_.characters.size(), column);
}

void TextMaker::append(const Text& text) {
  made_.characters.append(text.characters());
  for (std::size_t index = 0; index < text.size(); ++index) made_.columns.push_back(text.at(index).column);
}

Text TextMaker::finish() && {
  return {line_, std::make_shared<const MadeText>(std::move(made_))};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

SourceFile& Sources::add_file(std::string name, std::string text) {
  const auto order = static_cast<unsigned>(files_.size());
  return files_.emplace_back(SourceFile{.name = std::move(name), .order = order, .text = std::move(text), .lines = {}});
}

std::vector<std::string> Sources::names() const {
  std::vector<std::string> names;
  for (const SourceFile& file : files_) names.push_back(file.name);
  return names;
}

Position Sources::find(const Place& place) const {
  if (place.line == 0) return {};
  const SourceLine& line = files_[place.file].lines[place.line - 1];
  if (place.column == 0 || place.column > line.text.size()) return {.line = &line, .column = place.column};
  const std::string_view rest = line.text.substr(place.column - 1);
  const auto size = static_cast<unsigned>(std::ranges::find_if(rest, is_blank) - rest.begin());
  return {.line = &line, .column = place.column, .width = std::max(1U, size)};
}

const SourceLine* add_line(SourceFile& file, std::string_view text) {
  file.lines.push_back({.file = &file, .number = static_cast<unsigned>(file.lines.size() + 1), .text = text});
  return &file.lines.back();
}

}  // namespace baton::config
