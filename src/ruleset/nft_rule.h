// One rule of nftables, from its words. PURE.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ruleset/nft_tokens.h"
#include "ruleset/rule_set.h"

namespace baton::ruleset {

// Named sets of a table.
struct NamedSet {
  std::vector<std::string> values;
  bool is_whole = true;  // false: packets add to it
};
using NamedSets = std::map<std::string, NamedSet>;

// A verdict map is several: one for each of its elements.
std::vector<Rule> nft_rules(std::span<const Token> tokens, const NamedSets& sets);

// The elements between braces, from behind the opening one; `at` then stands behind the closing one.
std::vector<std::string> nft_elements(std::span<const Token> tokens, std::size_t& at);

}  // namespace baton::ruleset
