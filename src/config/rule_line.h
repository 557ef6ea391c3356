// A line of virtual_rules or static_rules on its way to a policy rule: selectors and one action, in any order. The
// grammar is in docs/configuration.md.
#pragma once

#include <optional>
#include <string_view>

#include "config/entry_line.h"

namespace baton::config {

class RuleLine : private EntryLine {
 public:
  RuleLine(const Context& context, NameTables& names, const Statement& line)
      : EntryLine(context, names, line, "rule", "bad-rule") {}

  // Nothing, reported, when the line cannot be used. A rule without a preference has 0, which no line can ask for.
  std::optional<ConfiguredRule> read();

 private:
  using Option = void (RuleLine::*)();

  bool read_option();
  bool read_action();

  void from() { selector(rule_.source); }
  void to() { selector(rule_.destination); }
  void selector(std::optional<IpPrefix>& member);
  void family4() { join(Family::ipv4); }
  void family6() { join(Family::ipv6); }
  void join(Family family);
  void invert() { rule_.is_inverted = true; }
  void table();
  void preference();
  void tos();
  void mark();
  void realms();
  void suppress_prefix_length() { rule_.suppressed_prefix_length = number(0, 128); }
  void suppress_group() { rule_.suppressed_group = named(NameTables::Table::groups, "interface group"); }
  void input() { rule_.input_device = device().value_or(""); }
  void output() { rule_.output_device = device().value_or(""); }
  void tunnel() { rule_.tunnel_id = c_number(~0ULL); }
  void users() { rule_.users = range<std::uint32_t>(0xfffffffe); }
  void l3mdev();
  void protocol();
  void ip_protocol();
  void source_ports() { rule_.source_ports = range<std::uint16_t>(0xffff); }
  void destination_ports() { rule_.destination_ports = range<std::uint16_t>(0xffff); }
  void go_to();
  void type();
  void no_track() { result_.track = false; }
  void track_group();

  template <typename Number>
  std::optional<Range<Number>> range(std::uint32_t most);
  void act(RuleAction action);
  void settle();

  ConfiguredRule result_;
  Rule& rule_ = result_.rule;
  std::optional<Family> family_;
  bool has_action_ = false;
  bool has_preference_ = false;
};

}  // namespace baton::config
