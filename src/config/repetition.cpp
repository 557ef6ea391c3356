#include "config/repetition.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/result.h"
#include "config/source.h"

namespace baton::config {
namespace {

constexpr std::int64_t largest = 1LL << 40;

// At commas outside braces; every part trimmed.
std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t index = 0; index <= text.size(); ++index) {
    if (index < text.size() && text[index] == '{') ++depth;
    if (index < text.size() && text[index] == '}') --depth;
    if (index < text.size() && (text[index] != ',' || depth > 0)) continue;
    parts.push_back(trim(text.substr(begin, index - begin)));
    begin = index + 1;
  }
  return parts;
}

// As C reads it: 10, 0x0a, 012.
std::optional<std::int64_t> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > largest) return std::nullopt;
  return negative ? -value : value;
}

bool is_name(std::string_view text) {
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') && std::ranges::all_of(text, [](char each) {
    return each == '_' || std::isalnum(static_cast<unsigned char>(each)) != 0;
  });
}

// The members of "{a,b}"; of anything else, the text itself.
std::vector<std::string> tuple_members(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return {std::string(text)};
  std::vector<std::string> members;
  for (const std::string_view each : split_arguments(text.substr(1, text.size() - 2))) members.emplace_back(each);
  return members;
}

}  // namespace

std::uint64_t Sequence::rounds() const {
  return static_cast<std::uint64_t>((end - start) / step) + 1;
}

std::string Sequence::value(std::uint64_t round) const {
  const std::int64_t value = start + static_cast<std::int64_t>(round) * step;
  return hexadecimal ? fmt::format("{:x}", value) : std::to_string(value);
}

std::expected<Sequence, RepetitionError> parse_sequence(std::string_view arguments, bool hexadecimal) {
  const std::vector<std::string_view> parts = split_arguments(arguments);
  if (parts.size() < 2 || parts.size() > 4) {
    return std::unexpected("~SEQ takes a variable and one to three numbers: (var, start, step, end)");
  }
  if (!is_name(parts[0])) return std::unexpected(fmt::format("'{}' is no variable name", parts[0]));
  std::vector<std::int64_t> numbers;
  for (std::size_t index = 1; index < parts.size(); ++index) {
    const std::optional<std::int64_t> number = parse_number(parts[index]);
    if (!number) return std::unexpected(fmt::format("'{}' is no number", parts[index]));
    numbers.push_back(*number);
  }
  Sequence sequence{.variable = std::string(parts[0]), .end = numbers.back(), .hexadecimal = hexadecimal};
  sequence.start = numbers.size() > 1 ? numbers.front() : (sequence.end < 0 ? -1 : 1);
  sequence.step = numbers.size() > 2 ? numbers[1] : (sequence.end < sequence.start ? -1 : 1);
  if (sequence.step == 0) return std::unexpected("the step is 0");
  if ((sequence.step < 0) != (sequence.end < sequence.start) && sequence.end != sequence.start) {
    return std::unexpected("the step leads away from the end");
  }
  if (hexadecimal && (sequence.start < 0 || sequence.end < 0)) {
    return std::unexpected("~SEQx counts with positive numbers only");
  }
  return sequence;
}

std::expected<List, RepetitionError> parse_list(std::string_view arguments) {
  const std::vector<std::string_view> parts = split_arguments(arguments);
  if (parts.size() < 2) return std::unexpected("~LST takes a variable and its values: (var, a, b)");
  List list{.variables = tuple_members(parts[0]), .tuples = {}};
  for (const std::string& name : list.variables) {
    if (!is_name(name)) return std::unexpected(fmt::format("'{}' is no variable name", name));
  }
  for (std::size_t index = 1; index < parts.size(); ++index) {
    std::vector<std::string> tuple = tuple_members(parts[index]);
    if (tuple.size() > list.variables.size()) {
      return std::unexpected(fmt::format("{} values for {} variables", tuple.size(), list.variables.size()));
    }
    for (const std::string& value : tuple) {
      if (std::ranges::any_of(value, is_blank)) return std::unexpected(fmt::format("a blank in '{}'", value));
    }
    tuple.resize(list.variables.size());
    list.tuples.push_back(std::move(tuple));
  }
  return list;
}

}  // namespace baton::config
