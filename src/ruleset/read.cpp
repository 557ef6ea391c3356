#include "ruleset/read.h"

namespace baton::ruleset {

std::expected<RuleSet, NoRuleSet> read(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  if (text.find_first_not_of(blank) == std::string_view::npos) return RuleSet{};  // what a host without rules prints
  for (const auto reader : {read_iptables, read_nft}) {
    auto rules = reader(text);
    if (!rules) return std::unexpected(std::move(rules.error()));
    if (*rules) return std::move(**rules);
  }
  return std::unexpected(NoRuleSet{.line = 1, .message = "has no rule of iptables or nft"});
}

}  // namespace baton::ruleset
