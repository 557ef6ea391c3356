#include "check/rule.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace baton::check {
namespace {

const std::unordered_map<std::string_view, const Rule*>& index() {
  static const auto by_word = [] {
    std::unordered_map<std::string_view, const Rule*> made;
    for (const Rule& rule : rules()) {
      made.emplace(rule.id, &rule);
      made.emplace(rule.name, &rule);
    }
    return made;
  }();
  return by_word;
}

}  // namespace

std::span<const Rule> rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> made;
    for (const auto part : {file_rules(), between_rules(), reading_rules()}) {
      made.insert(made.end(), part.begin(), part.end());
    }
    return made;
  }();
  return all;
}

const Rule* find_rule(std::string_view id_or_name) {
  const auto found = index().find(id_or_name);
  return found == index().end() ? nullptr : found->second;
}

}  // namespace baton::check
