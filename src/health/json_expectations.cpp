#include "health/json_expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "health/limits.h"

namespace baton::health {

namespace {

using nlohmann::json;

// RFC 6901, 4: ~1 is a slash and ~0 a tilde, in this order.
std::vector<std::string> tokens_of(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    std::string text;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool is_escape = token[i] == '~' && i + 1 < token.size();
      if (is_escape) ++i;
      text += is_escape ? (token[i] == '1' ? '/' : '~') : token[i];
    }
    tokens.push_back(std::move(text));
  }
  return tokens;
}

// Of the words of a configuration, which are short.
JsonScalar scalar_of(const std::string& text) {
  const json value = json::parse(text, nullptr, false);
  switch (value.type()) {
    case json::value_t::null: return nullptr;
    case json::value_t::boolean: return value.get<bool>();
    case json::value_t::number_integer: return value.get<std::int64_t>();
    case json::value_t::number_unsigned: return value.get<std::uint64_t>();
    case json::value_t::number_float: return value.get<double>();
    case json::value_t::string: return value.get<std::string>();
    default: return std::monostate();
  }
}

// 1 and 1.0 are one number.
struct IsEqual {
  template <typename Left, typename Right>
  bool operator()(const Left& left, const Right& right) const {
    constexpr bool are_numbers = std::is_arithmetic_v<Left> && std::is_arithmetic_v<Right> &&
                                 !std::is_same_v<Left, bool> && !std::is_same_v<Right, bool>;
    if constexpr (std::is_integral_v<Left> && std::is_integral_v<Right> && are_numbers) {
      return std::cmp_equal(left, right);
    } else if constexpr (are_numbers) {
      return static_cast<double>(left) == static_cast<double>(right);
    } else if constexpr (std::is_same_v<Left, Right>) {
      return left == right;
    } else {
      return false;
    }
  }
};

bool is_as_wanted(const JsonScalar& found, const JsonExpectations::Wanted& wanted) {
  if (std::holds_alternative<std::monostate>(found)) return false;
  const auto* const text = std::get_if<std::string>(&found);
  return (text != nullptr && *text == wanted.text) || std::visit(IsEqual{}, found, wanted.value);
}

std::string shown(const JsonScalar& found) {
  struct Show {
    std::string operator()(std::monostate) const { return "an object or an array"; }
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(std::uint64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const {
      return fmt::format("\"{}\"", value.substr(0, limits::detail));
    }
  };
  return std::visit(Show{}, found);
}

// Walks through a document as the parser reads it, and looks up what is wanted on the way. Of the values of a key that
// comes twice the last one counts.
class Walk final : public json::json_sax_t {
 public:
  explicit Walk(const std::vector<JsonExpectations::Wanted>& wanted) : wanted_(wanted), finds_(wanted.size()) {}

  bool null() override { return on_value(nullptr); }
  bool boolean(bool value) override { return on_value(value); }
  bool number_integer(number_integer_t value) override { return on_value(value); }
  bool number_unsigned(number_unsigned_t value) override { return on_value(value); }
  bool number_float(number_float_t value, const string_t&) override { return on_value(value); }
  bool string(string_t& value) override { return on_value(value); }
  bool binary(binary_t&) override { return false; }  // JSON has none

  bool start_object(std::size_t) override { return enter(false); }
  bool start_array(std::size_t) override { return enter(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    step_to(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    malformed_at_ = position;
    return false;
  }

  Outcome outcome(bool is_whole) const {
    if (is_too_deep_) return failed(Failure::json_too_deep);
    if (!is_whole) return failed(Failure::json_malformed, fmt::format("at byte {}", malformed_at_));
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (!finds_[i].value) return failed(Failure::json_missing, wanted_[i].pointer);
      if (!is_as_wanted(*finds_[i].value, wanted_[i])) {
        return failed(Failure::json_value, fmt::format("{}: {}", wanted_[i].pointer, shown(*finds_[i].value)));
      }
    }
    return success();
  }

 private:
  // A container that is open; `index` is of its present element.
  struct Level {
    bool is_array = false;
    std::size_t index = 0;
  };
  struct Find {
    std::size_t tokens = 0;  // so many of the pointer lead to where we are
    std::optional<JsonScalar> value;
  };

  // We are at a member or an element of the innermost container.
  void step_to(std::string_view token) {
    const std::size_t depth = levels_.size();
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      Find& find = finds_[i];
      const auto& tokens = wanted_[i].tokens;
      if (find.tokens >= depth) find.tokens = depth - 1;
      if (find.tokens != depth - 1 || tokens.size() < depth || tokens[depth - 1] != token) continue;
      find.tokens = depth;
      find.value.reset();
    }
  }
  void begin_value() {
    if (levels_.empty() || !levels_.back().is_array) return;
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), levels_.back().index++).ptr;
    step_to({digits.data(), end});
  }
  template <typename Value>
  void note(const Value& value) {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const bool is_here = finds_[i].tokens == levels_.size() && wanted_[i].tokens.size() == levels_.size();
      if (is_here) finds_[i].value = JsonScalar(value);
    }
  }
  template <typename Value>
  bool on_value(const Value& value) {
    begin_value();
    note(value);
    return true;
  }
  bool enter(bool is_array) {
    begin_value();
    note(std::monostate());
    is_too_deep_ = levels_.size() == limits::json_depth;
    if (!is_too_deep_) levels_.push_back({.is_array = is_array});
    return !is_too_deep_;
  }
  bool leave() {
    levels_.pop_back();
    for (Find& find : finds_) find.tokens = std::min(find.tokens, levels_.size());
    return true;
  }

  const std::vector<JsonExpectations::Wanted>& wanted_;
  std::vector<Find> finds_;
  std::vector<Level> levels_;
  std::size_t malformed_at_ = 0;
  bool is_too_deep_ = false;
};

}  // namespace

JsonExpectations::JsonExpectations(const std::vector<config::JsonExpectation>& expectations) {
  for (const config::JsonExpectation& each : expectations) {
    wanted_.push_back({.pointer = each.pointer,
                       .tokens = tokens_of(each.pointer),
                       .text = each.value,
                       .value = scalar_of(each.value)});
  }
}

Outcome JsonExpectations::judge(std::string_view page) const {
  Walk walk(wanted_);
  const bool is_whole = json::sax_parse(page.begin(), page.end(), &walk);
  return walk.outcome(is_whole);
}

}  // namespace baton::health
