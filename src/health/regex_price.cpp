#include "health/regex_price.h"

#include <algorithm>
#include <charconv>

#include "health/limits.h"

namespace baton::health {

namespace {

// Measured: a call; what a group adds to what is kept for going back; a letter of UTF-8 looked up by its kind.
constexpr std::uint64_t call = 16;
constexpr std::uint64_t group = 4;
constexpr std::uint64_t wide_byte = 4;
constexpr std::uint64_t short_item = 64;  // bytes of a class in the pattern that cost no more than a letter

std::uint32_t number(const pcre2_code* code, std::uint32_t what) {
  std::uint32_t value = 0;
  (void)pcre2_pattern_info(code, what, &value);
  return value;
}

// The least that {...} behind an item asks for; 1: none. Behind a group it is one for each of its items, and they call.
std::uint64_t least_repeats(std::string_view item) {
  const std::size_t brace = item.rfind('{');
  if (brace == item.npos || brace == 0 || item.front() == ')') return 1;
  constexpr std::string_view names = "xoNpPgk";  // \x{100} is a letter
  if (brace == 2 && item[0] == '\\' && names.contains(item[1])) return 1;
  std::string_view count = item.substr(brace + 1);
  count.remove_prefix(std::min(count.find_first_not_of(' '), count.size()));
  std::uint64_t least = 1;
  (void)std::from_chars(count.data(), count.data() + count.size(), least);
  return std::max<std::uint64_t>(least, 1);
}

struct Items {
  std::string_view pattern;
  std::uint64_t repeats = 1;
  std::size_t longest = 0;
};

int look_at(pcre2_callout_enumerate_block* block, void* data) {
  Items& items = *static_cast<Items*>(data);
  if (block->pattern_position > items.pattern.size()) return 0;
  const std::string_view item = items.pattern.substr(block->pattern_position, block->next_item_length);
  items.repeats = std::max(items.repeats, least_repeats(item));
  items.longest = std::max(items.longest, item.size());
  return 0;
}

std::uint64_t distance(std::size_t one, std::size_t other) {
  return one > other ? one - other : other - one;
}

}  // namespace

RegexPrice price_of(const pcre2_code* code, std::string_view pattern) {
  Items items{.pattern = pattern};
  (void)pcre2_callout_enumerate(code, &look_at, &items);
  RegexPrice price;
  price.repeats = items.repeats;
  price.has_references = number(code, PCRE2_INFO_BACKREFMAX) > 0;
  price.step = call + group * number(code, PCRE2_INFO_CAPTURECOUNT);
  if (items.repeats > 1) price.step += items.repeats;
  if ((number(code, PCRE2_INFO_ALLOPTIONS) & (PCRE2_UTF | PCRE2_UCP)) != 0) {
    price.byte = wide_byte * (1 + items.longest / short_item);
    // Back letter by letter, once for each alternative.
    const auto bars = static_cast<std::uint64_t>(std::ranges::count(pattern, '|'));
    price.step += number(code, PCRE2_INFO_MAXLOOKBEHIND) * (1 + bars);
  }
  return price;
}

RegexBudget::RegexBudget(const RegexPrice& price) : price_(price), left_(limits::regex_work) {}

int RegexBudget::pay(pcre2_callout_block* step, void* budget) {
  return static_cast<RegexBudget*>(budget)->pay(*step) ? 0 : PCRE2_ERROR_CALLOUT;
}

bool RegexBudget::pay(const pcre2_callout_block& step) {
  std::uint64_t cost = price_.step + price_.byte * distance(step.current_position, place_);
  if (price_.has_references) {
    std::uint64_t longest = 0;
    for (std::size_t i = 1; i < step.capture_top; ++i) {
      longest = std::max(longest, distance(step.offset_vector[2 * i], step.offset_vector[2 * i + 1]));
    }
    cost += price_.byte * price_.repeats * longest;
  }
  place_ = step.current_position;
  if (cost > left_) return false;
  left_ -= cost;
  return true;
}

}  // namespace baton::health
