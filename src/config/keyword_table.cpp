#include "config/keyword_table.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace baton::config {
namespace {

constexpr auto keywords = std::to_array<Keyword>({
#include "config/keyword_table.inc"
});

constexpr auto key(const Keyword& keyword) {
  return std::tuple(keyword.block, keyword.name);
}
static_assert(std::ranges::is_sorted(keywords, {}, key));

}  // namespace

std::string_view name(Support support) {
  switch (support) {
    case Support::works: return "works";
    case Support::accepted: return "accepted";
    case Support::later: return "later";
  }
  return "";
}

namespace keyword_table {

std::span<const Keyword> all() {
  return keywords;
}

// Asked for each block of a configuration, of which there may be a hundred thousand.
std::span<const Keyword> in_block(std::string_view path) {
  static const auto blocks = [] {
    std::unordered_map<std::string_view, std::span<const Keyword>> map;
    for (const Keyword& each : keywords) {
      if (map.contains(each.block)) continue;
      map.emplace(each.block, std::ranges::equal_range(keywords, each.block, {}, &Keyword::block));
    }
    return map;
  }();
  const auto found = blocks.find(path);
  return found == blocks.end() ? std::span<const Keyword>() : found->second;
}

const Keyword* find(std::span<const Keyword> block, std::string_view name) {
  const auto found = std::ranges::lower_bound(block, name, {}, &Keyword::name);
  return found != block.end() && found->name == name ? &*found : nullptr;
}

const Keyword* find(std::string_view block, std::string_view name) {
  return find(in_block(block), name);
}

std::vector<const Keyword*> homes(std::string_view name) {
  std::vector<const Keyword*> homes;
  for (const Keyword& each : keywords) {
    if (each.name == name) homes.push_back(&each);
  }
  return homes;
}

std::optional<std::string_view> nearest(std::string_view block, std::string_view name) {
  constexpr std::size_t longest = 64;
  if (name.size() > longest) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  for (const Keyword& each : keywords) {
    if (each.block != block) continue;
    if (std::max(name.size(), each.name.size()) - std::min(name.size(), each.name.size()) >= best) continue;
    const std::size_t distance = edit_distance(name, each.name);
    if (distance < best) std::tie(nearest, best) = std::tuple(each.name, distance);
  }
  return nearest;
}

bool is_script(std::string_view name) {
  static const auto names = [] {
    std::unordered_set<std::string_view> set;
    for (const Keyword& each : keywords) {
      if (each.kind == Kind::script) set.insert(each.name);
    }
    return set;
  }();
  return names.contains(name);
}

std::string inner_path(std::string_view block, std::string_view name) {
  std::string path(block);
  if (!path.empty()) path += '/';
  return path.append(name);
}

}  // namespace keyword_table

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_previous;
  std::vector<std::size_t> previous(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t column = 0; column <= right.size(); ++column) row[column] = column;
  for (std::size_t line = 1; line <= left.size(); ++line) {
    before_previous = previous;
    previous = row;
    row[0] = line;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const std::size_t change = left[line - 1] == right[column - 1] ? 0 : 1;
      row[column] = std::min({previous[column] + 1, row[column - 1] + 1, previous[column - 1] + change});
      const bool swapped =
          line > 1 && column > 1 && left[line - 1] == right[column - 2] && left[line - 2] == right[column - 1];
      if (swapped) row[column] = std::min(row[column], before_previous[column - 2] + 1);
    }
  }
  return row[right.size()];
}

}  // namespace baton::config
