// What a regex costs on a page, counted so that one budget holds for all of it. PCRE2's own limit counts backtracking
// alone, and from each place anew where a match may begin: neither a long repetition nor a long page moves it. It is
// asked to call us before each item of the pattern, and what can happen until the next call is paid for there:
// the step, the bytes it went past, and what an item may read in vain.
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::health {

// In units of about a nanosecond.
struct RegexPrice {
  std::uint64_t step = 0;
  std::uint64_t byte = 1;
  std::uint64_t repeats = 1;    // of one item, before any of them counts
  bool has_references = false;  // to groups, which are compared byte by byte
};

// Of a pattern that was compiled with PCRE2_AUTO_CALLOUT.
RegexPrice price_of(const pcre2_code* code, std::string_view pattern);

// One search, and what is left of its budget.
class RegexBudget {
 public:
  explicit RegexBudget(const RegexPrice& price);
  // PCRE2's callout; its data is a budget. Not 0: it is used up, and the match ends.
  static int pay(pcre2_callout_block* step, void* budget);

 private:
  bool pay(const pcre2_callout_block& step);

  const RegexPrice& price_;
  std::uint64_t left_;
  std::size_t place_ = 0;
};

}  // namespace baton::health
