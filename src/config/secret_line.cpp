#include "config/secret_line.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "config/keyword_table.h"
#include "config/source.h"
#include "config/variables.h"

namespace baton::config {
namespace {

// Keywords whose values are nobody's business but the file's; `key` is too short to guess at.
constexpr auto secret_keywords = std::to_array<std::string_view>({"auth_pass", "smtp_password", "password", "header"});
constexpr std::size_t misspelling = 2;  // letters added, left out, changed or swapped

bool is_word_character(char each) {
  return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '_' || each == '-';
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  for (char& each : lower) each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
  return lower;
}

bool is_near(std::string_view word, std::string_view keyword) {
  const std::size_t difference = std::max(word.size(), keyword.size()) - std::min(word.size(), keyword.size());
  return difference <= misspelling && edit_distance(word, keyword) <= misspelling;
}

// "key 1 SECRET": the number tells it from the other words that are as short.
bool is_key_line(std::string_view word, std::string_view rest) {
  if (word == "key") return true;
  if (!is_near(word, "key") || !keyword_table::homes(word).empty()) return false;
  rest = rest.substr(std::min(rest.find_first_not_of(" \t\""), rest.size()));
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return digits > 0 && digits < rest.size() && (is_blank(rest[digits]) || rest[digits] == '"');
}

bool is_secret_word(std::string_view spelt, std::string_view rest) {
  constexpr std::size_t longest = 32;
  if (spelt.size() > longest || spelt == "PASS" || spelt == "auth_type") return false;
  if (spelt == "url" || spelt == "proxy") return true;  // of a webhook; the others have more than a host
  const std::string word = lower_case(spelt);
  if (word.find("pass") != std::string::npos || word.find("secret") != std::string::npos) return true;
  return is_key_line(word, rest) ||
         std::ranges::any_of(secret_keywords, [&](std::string_view keyword) { return is_near(word, keyword); });
}

bool is_secret_name(std::string_view variable) {
  const std::string name = lower_case(variable);
  return std::ranges::any_of(std::to_array<std::string_view>({"pass", "secret", "key", "pwd", "auth"}),
                             [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

void hide(std::string& line, std::size_t begin) {
  bool in_quotes = false;
  for (std::size_t index = begin; index < line.size(); ++index) {
    if (line[index] == '"') in_quotes = !in_quotes;
    const bool is_brace = line[index] == '{' || line[index] == '}';
    if (!is_blank(line[index]) && (in_quotes || !is_brace)) line[index] = '*';
  }
}

// Where the values of a definition or a repetition begin; 0 for any other line.
std::size_t values_begin(std::string_view line) {
  if (const std::size_t open = line.find('('); open != std::string_view::npos && line.find('~') < open) return open + 1;
  for (std::size_t at = line.find('$'); at != std::string_view::npos; at = line.find('$', at + 1)) {
    if (const auto definition = parse_definition(line.substr(at))) return at + definition->value_at;
  }
  return 0;
}

// A webhook's path is its password, and it is so whatever the word before it.
std::size_t url_begin(std::string_view line) {
  std::size_t begin = line.find("://");
  if (begin == std::string_view::npos) return begin;
  while (begin > 0 && is_word_character(line[begin - 1])) --begin;
  return begin > 0 && line[begin - 1] == '"' ? begin - 1 : begin;
}

}  // namespace

std::size_t secret_begin(std::string_view line) {
  const std::size_t url = url_begin(line);
  std::size_t index = 0;
  while (index < std::min(url, line.size())) {
    if (!is_word_character(line[index])) {
      ++index;
      continue;
    }
    const auto rest = line.substr(index);
    const auto size = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_word_character) - rest.begin());
    const std::size_t end = index + size;
    const bool is_name = index > 0 && (line[index - 1] == '$' || line.substr(0, index).ends_with("${"));
    const bool is_in_path = index > 0 && line[index - 1] == '/';  // /etc/passwd
    if (is_name && end < line.size() && line[end] == '=') {
      if (is_secret_name(rest.substr(0, size))) return end + 1;
    } else if (!is_name && !is_in_path && end < line.size() && (is_blank(line[end]) || line[end] == '"') &&
               is_secret_word(rest.substr(0, size), line.substr(end))) {
      return end;
    }
    index = end;
  }
  return url;
}

std::string mask_secrets(std::string line, bool whole) {
  const std::size_t begin = whole ? values_begin(line) : secret_begin(line);
  if (begin != std::string_view::npos) hide(line, begin);
  return line;
}

}  // namespace baton::config
