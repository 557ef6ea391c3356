#include "base/printable.h"

#include <cstddef>
#include <cstdint>

namespace baton {

namespace {

struct Character {
  char32_t code = 0;
  std::size_t size = 0;  // in bytes; 0: what stands there is no UTF-8
};

std::size_t size_by_first_byte(std::uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  if (first >= 0xf0 && first < 0xf5) return 4;
  return 0;
}

// The first character of `text`, which is not empty (RFC 3629 §4).
Character first_character(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  const std::size_t size = size_by_first_byte(first);
  if (size <= 1) return {first, size};
  if (text.size() < size) return {};
  char32_t code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    code = code << 6 | (next & 0x3fU);
  }
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (is_overlong || is_surrogate || code > 0x10ffff) return {};
  return {code, size};
}

bool moves_the_cursor(char32_t code) {
  if (code < 0x20) return code != '\n';
  return (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200e || code == 0x200f;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.size == 0) {
      shown += "\uFFFD";
      text.remove_prefix(1);
      continue;
    }
    if (moves_the_cursor(character.code)) {
      shown += '?';
    } else {
      shown += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return shown;
}

}  // namespace baton
