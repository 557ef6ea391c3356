#include "config/variables.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/keyword_table.h"
#include "config/limits.h"
#include "config/secret_line.h"

namespace baton::config {
namespace {

bool is_name_start(char each) {
  return each == '_' || (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
}
bool is_name_character(char each) {
  return is_name_start(each) || (each >= '0' && each <= '9');
}

// The length of the name at the front of `text`.
std::size_t name_size(std::string_view text) {
  if (text.empty() || !is_name_start(text.front())) return 0;
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_name_character) - text.begin());
}

// A reference at a dollar sign: what stands between the braces, or the bare name, and the length of it all.
struct Reference {
  std::string_view inner;
  std::size_t size = 0;
};

std::optional<Reference> parse_reference(std::string_view text) {
  if (text.starts_with("${")) {
    constexpr std::size_t longest = 300;
    const std::size_t end = text.substr(0, longest).find('}');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inner = text.substr(2, end - 2);
    if (name_size(inner) == 0) return std::nullopt;
    return Reference{.inner = inner, .size = end + 1};
  }
  const std::size_t size = name_size(text.substr(1));
  if (size == 0) return std::nullopt;
  const std::string_view after = text.substr(1 + size);
  const bool ends = after.empty() || is_blank(after.front()) || after.front() == ',' || after.front() == ')';
  if (!ends) return std::nullopt;
  return Reference{.inner = text.substr(1, size), .size = 1 + size};
}

}  // namespace

std::optional<Definition> parse_definition(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  const std::size_t size = name_size(text.substr(1));
  if (size == 0 || size + 1 >= text.size() || text[size + 1] != '=') return std::nullopt;
  return Definition{.name = std::string(text.substr(1, size)), .value_at = size + 2};
}

std::size_t reference_size(std::string_view text) {
  if (!text.starts_with("${")) return 0;
  const std::optional<Reference> reference = parse_reference(text);
  return reference ? reference->size : 0;
}

Variables::Variable* Variables::slot(const std::string& name, const Position& position) {
  if (const auto found = variables_.find(name); found != variables_.end()) return &found->second;
  if (variables_.size() >= limits::variables) {
    diagnostics_.error("too-large", position, fmt::format("more than {} variables", limits::variables));
    return nullptr;
  }
  return &variables_[name];
}

void Variables::set(const std::string& name, std::string value, const Position& position) {
  if (Variable* variable = slot(name, position))
    *variable = {.value = std::move(value), .lines = {}, .defined_at = position.line};
}

void Variables::set_lines(const std::string& name, std::vector<Text> lines, const Position& position) {
  if (Variable* variable = slot(name, position))
    *variable = {.value = {}, .lines = std::move(lines), .defined_at = position.line};
}

Text Variables::expand(const Text& text) {
  if (!text.characters().contains('$')) return text;
  TextMaker out(text.line());
  switch (replace(text.characters(), &text, text.at(0, text.size()), 0, secret_begin(text.characters()), out)) {
    case Outcome::done: return std::move(out).finish();
    case Outcome::too_long:
      diagnostics_.error(
          "too-large", text.at(0, text.size()),
          fmt::format("the line is longer than {} bytes once its variables are replaced", limits::line_bytes),
          "use a multi-line variable, or several lines");
      break;
    case Outcome::endless:
      diagnostics_.error("endless-variable", text.at(0, text.size()), "a variable here contains itself",
                         "follow the definitions and break the circle");
      break;
  }
  return text;
}

Variables::Outcome Variables::replace(std::string_view text, const Text* origin, const Position& position,
                                      unsigned depth, std::size_t secret_begin, TextMaker& out) {
  if (depth > limits::nesting) return Outcome::endless;
  std::size_t index = 0;
  while (index < text.size()) {
    std::size_t dollar = std::min(text.find('$', index), text.size());
    if (origin != nullptr) {
      out.append(origin->from(index, dollar));
    } else {
      out.append(text.substr(index, dollar - index), position.column);
    }
    if (out.size() > limits::line_bytes) return Outcome::too_long;
    if (dollar == text.size()) break;
    const std::optional<Reference> reference = parse_reference(text.substr(dollar));
    const std::size_t size = reference ? reference->size : 1;
    const Position here = origin != nullptr ? origin->at(dollar, size) : position;
    const std::optional<std::string> value =
        reference ? value_of(reference->inner, here, dollar >= secret_begin) : std::nullopt;
    if (value) {
      if (!budget_.spend()) return Outcome::too_long;
      const std::size_t inner_begin = dollar >= secret_begin ? 0 : config::secret_begin(*value);
      const Outcome outcome = replace(*value, nullptr, here, depth + 1, inner_begin, out);
      if (outcome != Outcome::done) return outcome;
    } else {
      out.append(text.substr(dollar, size), here.column);
    }
    index = dollar + size;
  }
  return Outcome::done;
}

void Variables::hide(const Variable& variable) {
  if (variable.defined_at != nullptr) diagnostics_.hide(variable.defined_at);
  for (const Text& line : variable.lines) diagnostics_.hide(line.line());
}

std::optional<std::string> Variables::value_of(std::string_view reference, const Position& position, bool is_secret) {
  const std::string_view name = reference.substr(0, name_size(reference));
  const std::string_view parameters = reference.substr(name.size());
  if (!parameters.empty() && !is_blank(parameters.front())) return std::nullopt;
  if (const auto found = variables_.find(name); found != variables_.end() && parameters.empty()) {
    const Variable& variable = found->second;
    if (is_secret) hide(variable);
    if (variable.lines.empty()) return variable.value;
    if (variable.lines.size() == 1) return std::string(variable.lines.front().characters());
    diagnostics_.warn("multi-line-variable", position,
                      fmt::format("${} has several lines and is not replaced in the middle of one", name),
                      "let the line end with it");
    return std::nullopt;
  }
  if (!name.starts_with('_')) return std::nullopt;
  return built_in(name, trim(parameters), position);
}

std::optional<std::string> Variables::built_in(std::string_view name, std::string_view parameters,
                                               const Position& position) {
  if (name == "_RANDOM") return random(parameters, position);
  if (name == "_ENV") {
    if (!parameters.empty()) return reader_.environment(std::string(parameters)).value_or(std::string());
    diagnostics_.warn("bad-variable", position, "${_ENV} without a name is left as it is", "write ${_ENV NAME}");
    return std::nullopt;
  }
  if (!parameters.empty()) return std::nullopt;
  if (name == "_PWD") return directory_;
  if (name == "_INSTANCE") return config_id_;
  if (name == "_HASH") return "#";
  if (name == "_BANG") return "!";
  return std::nullopt;
}

std::optional<std::string> Variables::random(std::string_view parameters, const Position& position) {
  unsigned bounds[] = {0, 32'767};
  std::string_view rest = parameters;
  for (unsigned& bound : bounds) {
    rest = trim(rest);
    if (rest.empty()) break;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), bound);
    if (error != std::errc{}) break;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty() && !is_blank(rest.front())) break;
  }
  if (!trim(rest).empty()) {
    diagnostics_.warn("bad-variable", position, "${_RANDOM} takes a lowest and a highest number; left as it is",
                      "write ${_RANDOM 1 100}");
    return std::nullopt;
  }
  const auto [lowest, highest] = bounds;
  if (highest <= lowest) return std::to_string(lowest);
  return std::to_string(lowest + random_() % (static_cast<std::uint64_t>(highest) - lowest + 1));
}

void Variables::report_undefined(const Text& text) {
  const std::string_view characters = text.characters();
  if (!characters.contains('$')) return;
  const auto word_end = static_cast<std::size_t>(std::ranges::find_if(characters, is_blank) - characters.begin());
  if (keyword_table::is_script(characters.substr(0, word_end))) return;
  for (std::size_t at = characters.find('$'); at != std::string_view::npos; at = characters.find('$', at + 1)) {
    const std::optional<Reference> reference = parse_reference(characters.substr(at));
    if (!reference) continue;
    const std::string_view name = reference->inner.substr(0, name_size(reference->inner));
    const bool is_said = variables_.contains(name) || name == "_RANDOM" || name == "_ENV";  // said when it was replaced
    if (is_said) continue;
    diagnostics_.warn(
        "undefined-variable", text.at(at, reference->size),
        fmt::format("{} is not defined and stays as it is", quoted(characters.substr(at, reference->size))),
        "define it above this line: $NAME=VALUE");
  }
}

std::optional<Variables::Tail> Variables::multi_line_tail(const Text& text) {
  const std::string_view characters = text.characters();
  const std::size_t dollar = characters.rfind('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  const std::optional<Reference> reference = parse_reference(characters.substr(dollar));
  if (!reference || dollar + reference->size != characters.size()) return std::nullopt;
  const auto found = variables_.find(reference->inner);
  if (found == variables_.end() || found->second.lines.empty()) return std::nullopt;
  if (dollar >= secret_begin(characters)) hide(found->second);
  return Tail{.lines = &found->second.lines, .begin = dollar};
}

}  // namespace baton::config
