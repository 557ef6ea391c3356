#include "config/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/limits.h"

namespace baton::config {
namespace {

// From `begin` to `end` with its quotes, if it has any.
Word word_at(const Text& text, std::size_t begin, std::size_t end, bool is_quoted) {
  const Position position = text.at(begin, end - begin);
  const std::size_t quote = is_quoted ? 1 : 0;
  return {.text = text.characters().substr(begin + quote, end - begin - 2 * quote),
          .column = position.column,
          .width = position.width,
          .is_quoted = is_quoted};
}

void report_open_quote(const Text& text, std::size_t quote, Diagnostics& diagnostics) {
  diagnostics.warn("open-quote", text.at(quote), "this quote is never closed; the rest of the line is ignored",
                   "add the closing quote");
}

bool too_many(std::size_t words, const Text& text, std::size_t index, Diagnostics& diagnostics) {
  if (words < limits::words) return false;
  diagnostics.error("too-large", text.at(index), "more words than a line may have", "spread them over several lines");
  return true;
}

// `index` is at the backslash and is left on the last character of the escape.
char escaped_character(std::string_view text, std::size_t& index) {
  ++index;
  const auto number = [&](std::size_t begin, std::size_t longest, int base) -> std::optional<char> {
    const std::string_view digits = text.substr(std::min(begin, text.size()), longest);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{}) return std::nullopt;
    index = begin + static_cast<std::size_t>(end - digits.data()) - 1;
    return static_cast<char>(value);
  };
  switch (text[index]) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'E': return '\x1b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case 'x': return number(index + 1, 2, 16).value_or('x');
    case 'c': return index + 1 < text.size() ? static_cast<char>(text[++index] & 0x1f) : 'c';
    default: break;
  }
  if (text[index] >= '0' && text[index] <= '7') return number(index, 3, 8).value_or('0');
  return text[index];
}

// What an escape stands for; `index` is at the backslash and is left on the last character of the escape. A zero byte
// ends a program's argument, so it is no part of one.
void decode_escape(std::string_view text, std::size_t& index, std::string& out) {
  if (const char character = escaped_character(text, index); character != 0) out += character;
}
}  // namespace

std::vector<Word> split_words(const Text& text, Diagnostics& diagnostics) {
  const std::string_view characters = text.characters();
  std::vector<Word> words;
  words.reserve(8);
  std::size_t index = 0;
  while (index < characters.size()) {
    if (is_blank(characters[index])) {
      ++index;
      continue;
    }
    if (too_many(words.size(), text, index, diagnostics)) return words;
    const std::size_t begin = index;
    if (characters[begin] == '"') {
      const std::size_t end = characters.find('"', begin + 1);
      if (end == std::string_view::npos) {
        report_open_quote(text, begin, diagnostics);
        return words;
      }
      words.push_back(word_at(text, begin, end + 1, true));
      index = end + 1;
      continue;
    }
    while (index < characters.size() && !is_blank(characters[index]) && characters[index] != '"') ++index;
    words.push_back(word_at(text, begin, index, false));
  }
  return words;
}

std::vector<ScriptWord> split_script_line(const Text& text, bool& open_quote, Diagnostics& diagnostics) {
  open_quote = false;
  const std::string_view characters = text.characters();
  std::vector<ScriptWord> words;
  std::size_t index = 0;
  while (true) {
    while (index < characters.size() && is_blank(characters[index])) ++index;
    if (index == characters.size()) return words;
    if (too_many(words.size(), text, index, diagnostics)) return words;
    const std::size_t begin = index;
    std::string word;
    char quote = 0;
    for (; index < characters.size() && (quote != 0 || !is_blank(characters[index])); ++index) {
      const char each = characters[index];
      if (each == '\\' && index + 1 < characters.size()) {
        decode_escape(characters, index, word);
      } else if (quote == 0 && (each == '"' || each == '\'')) {
        quote = each;
      } else if (each == quote) {
        quote = 0;
      } else {
        word += each;
      }
    }
    open_quote = open_quote || quote != 0;
    const Position position = text.at(begin, index - begin);
    words.push_back({.text = std::move(word), .column = position.column, .width = position.width});
  }
}

std::vector<std::string> split_command(std::string_view command, bool& is_open) {
  const auto separates = [](char each) { return is_blank(each) || each == '\n'; };  // an escape of the line may be one
  std::vector<std::string> arguments;
  std::size_t index = 0;
  std::size_t quote_at = 0;
  char quote = 0;
  is_open = false;
  while (true) {
    while (index < command.size() && separates(command[index])) ++index;
    if (index == command.size()) break;
    std::string argument;
    for (; index < command.size() && (quote != 0 || !separates(command[index])); ++index) {
      const char each = command[index];
      if (each == '\\') {
        is_open = is_open || index + 1 == command.size();
        if (!is_open) decode_escape(command, index, argument);
      } else if (quote == 0 && (each == '"' || each == '\'')) {
        quote = each;
        quote_at = index;
      } else if (each == quote) {
        quote = 0;
      } else {
        argument += each;
      }
    }
    arguments.push_back(std::move(argument));
  }
  is_open = is_open || (quote != 0 && quote_at + 1 < command.size());
  return arguments;
}

}  // namespace baton::config
