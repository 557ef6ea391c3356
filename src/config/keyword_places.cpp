#include "config/keyword_places.h"

#include <algorithm>
#include <tuple>

#include "config/tree.h"

namespace baton::config {
namespace {

auto key_of(const Place& block, std::string_view keyword) {
  return std::tuple(block.file, block.line, block.column, keyword);
}
auto key_of(const KeywordPlaces::Entry& entry) {
  return key_of(entry.block, entry.keyword->name);
}

}  // namespace

KeywordPlaces::KeywordPlaces(const Statement& root) {
  std::size_t number = 0;
  for (const Statement& block : root.children) {
    ++number;
    if (!block.has_block || block.meaning == nullptr) continue;
    add_block(block.keyword() == "global_defs" ? Place{} : make_place(block.position()), number, block);
  }
  std::ranges::sort(entries_, {},
                    [](const Entry& entry) { return std::tuple_cat(key_of(entry), std::tuple(entry.order)); });
}

void KeywordPlaces::add_block(const Place& block, std::size_t number, const Statement& statement) {
  for (const Statement& child : statement.children) {
    if (child.meaning == nullptr) continue;  // unknown, or an entry of a list
    const auto add = [&](const Statement& one) {
      entries_.push_back({.block = block,
                          .keyword = one.meaning,
                          .place = make_place(one.position()),
                          .number = number,
                          .order = entries_.size()});
    };
    add(child);
    if (statement.keyword() != "vrrp_instance") continue;
    for (const Statement& inner : child.children) {
      if (inner.meaning == nullptr) continue;
      add(inner);
    }
  }
}

const KeywordPlaces::Entry* KeywordPlaces::find(const Place& block, std::string_view keyword) const {
  const auto end =
      std::ranges::upper_bound(entries_, key_of(block, keyword), {}, [](const Entry& entry) { return key_of(entry); });
  if (end == entries_.begin()) return nullptr;
  const Entry& last = *std::prev(end);
  return key_of(last) == key_of(block, keyword) ? &last : nullptr;
}

Place KeywordPlaces::of(const Place& block, std::string_view keyword) const {
  const Entry* found = find(block, keyword);
  return found == nullptr ? block : found->place;
}

}  // namespace baton::config
