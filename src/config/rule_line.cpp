#include "config/rule_line.h"

#include <algorithm>

#include <fmt/format.h>

namespace baton::config {
namespace {

using Table = NameTables::Table;

constexpr std::uint32_t any_number = 0xffffffff;

constexpr std::pair<std::string_view, RuleAction> actions[] = {{"nop", RuleAction::nop},
                                                               {"blackhole", RuleAction::blackhole},
                                                               {"unreachable", RuleAction::unreachable},
                                                               {"prohibit", RuleAction::prohibit}};

}  // namespace

std::optional<ConfiguredRule> RuleLine::read() {
  result_.place = make_place(line_.position());
  for (; !is_at_end() && is_usable_; advance()) {
    if (read_option() || read_action()) continue;
    refuse(fmt::format("unknown word {}", quoted(word())),
           word() == "ip_proto" ? "write ipproto" : "see docs/configuration.md for what a rule may have");
  }
  if (is_usable_) settle();
  if (!is_usable_) return std::nullopt;
  return std::move(result_);
}

bool RuleLine::read_option() {
  static constexpr std::pair<std::string_view, Option> options[] = {
      {"from", &RuleLine::from},
      {"to", &RuleLine::to},
      {"inet", &RuleLine::family4},
      {"inet6", &RuleLine::family6},
      {"not", &RuleLine::invert},
      {"table", &RuleLine::table},
      {"lookup", &RuleLine::table},
      {"preference", &RuleLine::preference},
      {"priority", &RuleLine::preference},
      {"order", &RuleLine::preference},
      {"tos", &RuleLine::tos},
      {"dsfield", &RuleLine::tos},
      {"fwmark", &RuleLine::mark},
      {"realms", &RuleLine::realms},
      {"suppress_prefixlength", &RuleLine::suppress_prefix_length},
      {"sup_pl", &RuleLine::suppress_prefix_length},
      {"suppress_ifgroup", &RuleLine::suppress_group},
      {"sup_group", &RuleLine::suppress_group},
      {"iif", &RuleLine::input},
      {"dev", &RuleLine::input},
      {"oif", &RuleLine::output},
      {"tunnel-id", &RuleLine::tunnel},
      {"uidrange", &RuleLine::users},
      {"l3mdev", &RuleLine::l3mdev},
      {"protocol", &RuleLine::protocol},
      {"ipproto", &RuleLine::ip_protocol},
      {"sport", &RuleLine::source_ports},
      {"dport", &RuleLine::destination_ports},
      {"goto", &RuleLine::go_to},
      {"type", &RuleLine::type},
      {"no_track", &RuleLine::no_track},
      {"track_group", &RuleLine::track_group},
  };
  const auto* const option = std::ranges::find(options, word(), &std::pair<std::string_view, Option>::first);
  if (option == std::end(options)) return false;
  (this->*option->second)();
  return true;
}

bool RuleLine::read_action() {
  const auto* const action = std::ranges::find(actions, word(), &std::pair<std::string_view, RuleAction>::first);
  if (action == std::end(actions)) return false;
  act(action->second);
  return true;
}

void RuleLine::act(RuleAction action) {
  if (has_action_) refuse("a rule does one thing", "write a line for each action, with its own preference");
  has_action_ = true;
  rule_.action = action;
}

void RuleLine::join(Family family) {
  if (family_.value_or(family) != family) {
    refuse("IPv4 and IPv6 are mixed in one rule", "write a rule for each family");
  }
  family_ = family;
}

void RuleLine::selector(std::optional<IpPrefix>& member) {
  if (!step_to_value()) return;
  member.reset();
  if (word() == "default" || word() == "all" || word() == "any") return;
  member = prefix(word());
  if (!member) return refuse(fmt::format("{} is no address", quoted(word())), "write ADDRESS/LENGTH, or all");
  join(member->address.family());
  if (member->length == 0) member.reset();  // 0.0.0.0/0 is all
}

void RuleLine::table() {
  act(RuleAction::lookup);
  const auto given = named(Table::tables, "routing table");
  if (given == 0U) refuse("there is no table 0", "name the table: main is 254");
  rule_.table = given.value_or(0);
}

void RuleLine::preference() {
  const auto given = c_number(any_number);
  has_preference_ = true;
  rule_.preference = static_cast<std::uint32_t>(given.value_or(0));
}

void RuleLine::tos() {
  rule_.tos = static_cast<std::uint8_t>(named(Table::dsfields, "dsfield", 255).value_or(0));
}

// MARK[/MASK].
void RuleLine::mark() {
  if (!step_to_value()) return;
  const std::string_view text = word();
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto value = parse_c_number(text.substr(0, slash), any_number);
  std::optional<std::uint64_t> mask;
  if (slash < text.size()) mask = parse_c_number(text.substr(slash + 1), any_number);
  if (!value || (slash < text.size() && !mask)) {
    return refuse(fmt::format("{} is no firewall mark", quoted(text)), "write MARK or MARK/MASK");
  }
  rule_.mark = static_cast<std::uint32_t>(*value);
  if (mask) rule_.mark_mask = static_cast<std::uint32_t>(*mask);
}

void RuleLine::realms() {
  rule_.realms = EntryLine::realms().value_or(0);
}

void RuleLine::l3mdev() {
  act(RuleAction::lookup);
  rule_.is_l3mdev = true;
}

void RuleLine::protocol() {
  rule_.protocol = static_cast<std::uint8_t>(named(Table::protocols, "routing protocol", 255).value_or(0));
}

void RuleLine::ip_protocol() {
  if (const auto given = named(Table::ip_protocols, "IP protocol", 255)) {
    rule_.ip_protocol = static_cast<std::uint8_t>(*given);
  }
}

// FIRST-LAST; one number is a range of one.
template <typename Number>
std::optional<Range<Number>> RuleLine::range(std::uint32_t most) {
  const std::string_view keyword = word();
  if (!step_to_value()) return std::nullopt;
  const std::string_view text = word();
  const std::size_t dash = text.find('-');
  const auto first = parse_integer(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_integer(text.substr(dash + 1));
  if (first && last && *first >= 0 && *first <= *last && *last <= most) {
    return Range<Number>{.first = static_cast<Number>(*first), .last = static_cast<Number>(*last)};
  }
  refuse(fmt::format("{} is no range for '{}'", quoted(text), keyword),
         fmt::format("write FIRST-LAST, from 0 to {}", most));
  return std::nullopt;
}

void RuleLine::go_to() {
  act(RuleAction::go_to);
  rule_.go_to_rule = static_cast<std::uint32_t>(c_number(any_number).value_or(0));
}

void RuleLine::type() {
  if (!step_to_value() || (word() != "nop" && read_action())) return;
  refuse(fmt::format("{} is no type of a rule", quoted(word())), "there are blackhole, unreachable and prohibit");
}

void RuleLine::track_group() {
  if (step_to_value()) result_.track_group = word();
}

void RuleLine::settle() {
  const Position at = line_.position();
  rule_.family = family_.value_or(Family::ipv4);
  if (!has_action_) {
    return refuse_at(at, "the rule does nothing", "add table NAME, or another action");
  }
  if (rule_.action == RuleAction::go_to && (!has_preference_ || rule_.preference >= rule_.go_to_rule)) {
    return refuse_at(at, "goto leads to a rule that stands behind this one",
                     has_preference_ ? "give it a preference below the one it leads to"
                                     : "add preference NUMBER, below the one it leads to");
  }
  if (has_preference_ && rule_.preference == 0) {
    refuse_at(at, "preference 0 is the kernel's own first rule", "give it a preference from 1 on");
  }
  if (rule_.family == Family::ipv6 && rule_.realms != 0) {
    warn_at(at, "realms are for IPv4 rules and are ignored", "remove them");
    rule_.realms = 0;
  }
  if (result_.track && rule_.protocol != routing::protocol_keepalived) {
    warn_at(at, "a rule of another protocol than keepalived's cannot be followed; keepalived is used",
            "add no_track to keep the protocol, or remove it");
    rule_.protocol = routing::protocol_keepalived;
  }
}

}  // namespace baton::config
