#include "config/include_pattern.h"

#include "config/limits.h"

namespace baton::config {
namespace {

// The first balanced {...} that holds a comma on its own level.
struct Group {
  std::size_t begin = 0;
  std::size_t end = 0;  // of the closing brace
  std::vector<std::string_view> alternatives;
};

std::optional<Group> first_group(std::string_view pattern) {
  const std::size_t begin = pattern.find('{');
  if (begin == std::string_view::npos) return std::nullopt;
  Group group{.begin = begin, .alternatives = {}};
  int depth = 0;
  std::size_t start = begin + 1;
  for (std::size_t index = begin; index < pattern.size(); ++index) {
    const char each = pattern[index];
    if (each == '{') ++depth;
    if (each == '}') --depth;
    if ((each == ',' && depth == 1) || depth == 0) {
      group.alternatives.push_back(pattern.substr(start, index - start));
      start = index + 1;
    }
    if (depth == 0) {
      group.end = index;
      return group;
    }
  }
  return std::nullopt;
}

}  // namespace

IncludeChecks IncludeChecks::operator|(const IncludeChecks& other) const {
  return {.unreadable = unreadable || other.unreadable,
          .missing = missing || other.missing,
          .wildcard = wildcard || other.wildcard,
          .alternative = alternative || other.alternative};
}

std::optional<IncludeChecks> include_checks(std::string_view keyword) {
  if (keyword == "include") return IncludeChecks{};
  if (keyword == "includer") return IncludeChecks{.unreadable = true};
  if (keyword == "includem") return IncludeChecks{.unreadable = true, .missing = true};
  if (keyword == "includew") return IncludeChecks{.unreadable = true, .missing = true, .wildcard = true};
  if (keyword == "includeb") return IncludeChecks{.unreadable = true, .alternative = true};
  if (keyword == "includea") return IncludeChecks::all();
  return std::nullopt;
}

std::optional<std::vector<std::string>> expand_braces(std::string_view pattern) {
  std::vector<std::string> finished;
  std::vector<std::string> open{std::string(pattern)};  // a stack, the next one last
  while (!open.empty()) {
    const std::string current = std::move(open.back());
    open.pop_back();
    const std::optional<Group> group = first_group(current);
    if (!group) {
      finished.push_back(current);
    } else {
      for (auto each = group->alternatives.rbegin(); each != group->alternatives.rend(); ++each) {
        open.push_back(current.substr(0, group->begin) + std::string(*each) + current.substr(group->end + 1));
      }
    }
    if (open.size() + finished.size() > limits::alternatives) return std::nullopt;
  }
  return finished;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace baton::config
