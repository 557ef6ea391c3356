#include "config/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/limits.h"

namespace baton::config {
namespace {

Word word_at(const Text& text, std::size_t begin, std::size_t end, std::string characters, bool is_quoted) {
  const Position position = text.at(begin, end - begin);
  return {.text = std::move(characters), .column = position.column, .width = position.width, .is_quoted = is_quoted};
}

void report_open_quote(const Text& text, std::size_t quote, Diagnostics& diagnostics) {
  diagnostics.warn("open-quote", text.at(quote), "this quote is never closed; the rest of the line is ignored",
                   "add the closing quote");
}

bool too_many(const std::vector<Word>& words, const Text& text, std::size_t index, Diagnostics& diagnostics) {
  if (words.size() < limits::words) return false;
  diagnostics.error("too-large", text.at(index), "more words than a line may have", "spread them over several lines");
  return true;
}

// The character an escape stands for; `index` is at the backslash and is left on the last character of the escape.
char decode_escape(std::string_view text, std::size_t& index) {
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

}  // namespace

std::vector<Word> split_words(const Text& text, Diagnostics& diagnostics) {
  const std::string& characters = text.characters();
  std::vector<Word> words;
  std::size_t index = 0;
  while (index < characters.size()) {
    if (is_blank(characters[index])) {
      ++index;
      continue;
    }
    if (too_many(words, text, index, diagnostics)) return words;
    const std::size_t begin = index;
    if (characters[begin] == '"') {
      const std::size_t end = characters.find('"', begin + 1);
      if (end == std::string::npos) {
        report_open_quote(text, begin, diagnostics);
        return words;
      }
      words.push_back(word_at(text, begin, end + 1, characters.substr(begin + 1, end - begin - 1), true));
      index = end + 1;
      continue;
    }
    while (index < characters.size() && !is_blank(characters[index]) && characters[index] != '"') ++index;
    words.push_back(word_at(text, begin, index, characters.substr(begin, index - begin), false));
  }
  return words;
}

std::vector<Word> split_script_line(const Text& text, bool& open_quote, Diagnostics& diagnostics) {
  open_quote = false;
  const std::string& characters = text.characters();
  std::vector<Word> words;
  std::size_t index = 0;
  while (true) {
    while (index < characters.size() && is_blank(characters[index])) ++index;
    if (index == characters.size()) return words;
    if (too_many(words, text, index, diagnostics)) return words;
    const std::size_t begin = index;
    std::string word;
    char quote = 0;
    for (; index < characters.size() && (quote != 0 || !is_blank(characters[index])); ++index) {
      const char each = characters[index];
      if (each == '\\' && index + 1 < characters.size()) {
        word += each;
        word += characters[++index];
      } else if (quote == 0 && (each == '"' || each == '\'')) {
        quote = each;
      } else if (each == quote) {
        quote = 0;
      } else {
        word += each;
      }
    }
    open_quote = open_quote || quote != 0;
    words.push_back(
        word_at(text, begin, index, std::move(word), characters[begin] == '"' || characters[begin] == '\''));
  }
}

std::vector<std::string> split_command(std::string_view command, bool& open_quote) {
  std::vector<std::string> arguments;
  std::size_t index = 0;
  char quote = 0;
  while (true) {
    while (index < command.size() && is_blank(command[index])) ++index;
    if (index == command.size()) break;
    std::string argument;
    for (; index < command.size() && (quote != 0 || !is_blank(command[index])); ++index) {
      const char each = command[index];
      if (each == '\\' && index + 1 < command.size()) {
        argument += decode_escape(command, index);
      } else if (quote == 0 && (each == '"' || each == '\'')) {
        quote = each;
      } else if (each == quote) {
        quote = 0;
      } else {
        argument += each;
      }
    }
    arguments.push_back(std::move(argument));
  }
  open_quote = quote != 0;
  return arguments;
}

}  // namespace baton::config
