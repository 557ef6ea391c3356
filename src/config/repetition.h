// ~SEQ and ~LST: a line repeated with a counter or over a list (docs/configuration.md, "Repetition").
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace baton::config {

struct Sequence {
  std::string variable;
  std::int64_t start = 1;
  std::int64_t step = 1;  // towards end; never 0
  std::int64_t end = 1;
  bool hexadecimal = false;

  std::uint64_t rounds() const;
  std::string value(std::uint64_t round) const;
};

struct List {
  std::vector<std::string> variables;
  std::vector<std::vector<std::string>> tuples;  // each as long as `variables`
};

// Why a repetition cannot be read, as a sentence.
using RepetitionError = std::string;

// "(var, [start,] [step,] end)" without its parentheses, variables replaced.
std::expected<Sequence, RepetitionError> parse_sequence(std::string_view arguments, bool hexadecimal);
// "(var, a, b)" or "({x,y}, {1,2}, {3})".
std::expected<List, RepetitionError> parse_list(std::string_view arguments);

}  // namespace baton::config
