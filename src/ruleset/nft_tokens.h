// The words of an nftables text, each with its line: comments are gone, variables are what they were defined as. PURE.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace baton::ruleset {

struct Token {
  std::string text;  // "{", "}", ",", ";" (also the end of a line), "!=", or a word; of a quoted one what is inside
  unsigned line = 0;
  bool is_quoted = false;

  bool is(std::string_view word) const { return !is_quoted && text == word; }
};

// Or the line from which on they would be too many.
std::expected<std::vector<Token>, unsigned> nft_tokens(std::string_view text);

}  // namespace baton::ruleset
