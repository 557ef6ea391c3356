#include "config/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace baton::config {
namespace {

constexpr std::string_view true_words[] = {"on", "true", "yes"};
constexpr std::string_view false_words[] = {"off", "false", "no"};

// What the user most likely did, when the value is nearly right.
std::string number_mend(std::string_view keyword, std::string_view word) {
  if (word == "=") return fmt::format("write {} VALUE, without '='", keyword);
  if (word.ends_with(';') || word.ends_with(',')) return fmt::format("remove the '{}'", word.back());
  if (word.starts_with('$')) return "define the variable before this line";
  if (!word.empty() && static_cast<unsigned char>(word.back()) >= 0x80) {
    return "a character here only looks like a blank; type the line anew";
  }
  if (word == "\\") return "put the value on the same line";
  return {};
}

std::string range_text(const Keyword& keyword) {
  const std::string_view unit = keyword.kind == Kind::seconds ? " seconds" : "";
  return fmt::format("{} to {}{}", keyword.minimum, keyword.maximum, unit);
}

std::string plain(double value) {
  return fmt::format("{}", value);
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Duration> parse_seconds(std::string_view text) {
  text = trim(text);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
  const bool is_number = (!whole.empty() || !fraction.empty()) && std::ranges::all_of(whole, is_digit) &&
                         std::ranges::all_of(fraction, is_digit) && whole.size() <= 10;
  if (!is_number) return std::nullopt;
  std::int64_t seconds = 0;
  std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  std::int64_t microseconds = 0;
  std::int64_t unit = 100'000;
  for (const char digit : fraction.substr(0, 6)) {
    microseconds += (digit - '0') * unit;
    unit /= 10;
  }
  if (fraction.size() > 6 && fraction[6] >= '5') ++microseconds;
  if (seconds > 9'000'000'000) return std::nullopt;  // what a Duration holds
  return std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds);
}

std::string_view Arguments::word(std::size_t index) const {
  return index < count() ? statement_.words[index + 1].text : std::string_view();
}

void Arguments::missing(std::string_view what) const {
  diagnostics().error("missing-value", statement_.at(1), fmt::format("'{}' needs {}", name(), what),
                      "add it, or remove the line");
}

void Arguments::invalid(std::size_t index, std::string_view expected, std::string_view consequence) const {
  diagnostics().warn("bad-value", at(index),
                     fmt::format("{} is no value for '{}'; {}", quoted(word(index)), name(), consequence),
                     fmt::format("give {}", expected));
}

bool Arguments::read(bool& value) const {
  if (keyword_.kind == Kind::flag || count() == 0) {
    value = true;
    return true;
  }
  const bool is_true = std::ranges::find(true_words, word()) != std::end(true_words);
  const bool is_false = std::ranges::find(false_words, word()) != std::end(false_words);
  if (!is_true && !is_false) {
    invalid(0, "on, true or yes, or off, false or no");
    return false;
  }
  value = is_true;
  return true;
}

std::optional<std::int64_t> Arguments::read_number() const {
  if (count() == 0) {
    missing("a number");
    return std::nullopt;
  }
  const std::optional<std::int64_t> number = parse_integer(word());
  if (number && static_cast<double>(*number) >= keyword_.minimum && static_cast<double>(*number) <= keyword_.maximum) {
    return number;
  }
  std::string mend = number ? std::string() : number_mend(name(), word());
  if (mend.empty()) mend = fmt::format("give a whole number from {}", range_text(keyword_));
  diagnostics().warn("bad-value", at(),
                     number ? fmt::format("{} is out of range for '{}' and is ignored", word(), name())
                            : fmt::format("{} is no number; '{}' is ignored", quoted(word()), name()),
                     mend);
  return std::nullopt;
}

bool Arguments::read(Duration& value) const {
  if (count() == 0) {
    missing("a number of seconds");
    return false;
  }
  const std::optional<Duration> seconds = parse_seconds(word());
  const double amount = seconds ? std::chrono::duration<double>(*seconds).count() : 0;
  if (seconds && amount >= keyword_.minimum && amount <= keyword_.maximum) {
    value = *seconds;
    return true;
  }
  std::string mend = seconds ? std::string() : number_mend(name(), word());
  if (mend.empty()) mend = fmt::format("give {} to {} seconds", plain(keyword_.minimum), plain(keyword_.maximum));
  diagnostics().warn("bad-value", at(),
                     seconds ? fmt::format("{} is out of range for '{}' and is ignored", word(), name())
                             : fmt::format("{} is no number of seconds; '{}' is ignored", quoted(word()), name()),
                     mend);
  return false;
}

bool Arguments::read(std::string& value) const {
  if (count() == 0) {
    missing("a value");
    return false;
  }
  value = word();
  return true;
}

bool Arguments::read(Secret& value) const {
  std::string text;
  if (!read(text)) return false;
  value = Secret(std::move(text));
  return true;
}

std::optional<IpAddress> Arguments::address(std::size_t index) const {
  const std::optional<IpAddress> address = IpAddress::parse(word(index));
  if (!address) invalid(index, "a numeric address");
  return address;
}

bool Arguments::read(IpAddress& value) const {
  if (count() == 0) {
    missing("an address");
    return false;
  }
  const std::optional<IpAddress> parsed = address(0);
  if (parsed) value = *parsed;
  return parsed.has_value();
}

Account Arguments::account(std::size_t index) const {
  std::string_view group = word(index + 1);
  if (group.starts_with(':')) group.remove_prefix(1);
  return {.user = std::string(word(index)), .group = std::string(group)};
}

std::optional<std::size_t> Arguments::choice(std::span<const std::string_view> words,
                                             std::string_view otherwise) const {
  const std::string expected = fmt::format("{}", fmt::join(words, " or "));
  if (count() == 0) {
    missing(expected);
    return std::nullopt;
  }
  const auto found = std::ranges::find(words, word());
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  invalid(0, expected, otherwise);
  return std::nullopt;
}

}  // namespace baton::config
