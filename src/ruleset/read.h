// Texts that are rules of a packet filter: what `iptables-save`, `ip6tables-save` and `nft list ruleset` print, an
// nftables.conf, and scripts of iptables and nft commands. A rule that is not understood is kept as one that may do
// anything. PURE.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "ruleset/rule_set.h"

namespace baton::ruleset {

struct NoRuleSet {
  unsigned line = 0;
  std::string message;  // half a sentence: "ends in the middle of a block"
};

std::expected<RuleSet, NoRuleSet> read(std::string_view text);

// What read() is made of: nullopt when no line of it is one of theirs.
std::expected<std::optional<RuleSet>, NoRuleSet> read_iptables(std::string_view text);
std::expected<std::optional<RuleSet>, NoRuleSet> read_nft(std::string_view text);

}  // namespace baton::ruleset
