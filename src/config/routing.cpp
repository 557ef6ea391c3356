// The lists of routes and rules, the order of rules, and track_group.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "config/route_line.h"
#include "config/rule_line.h"

namespace baton::config {
namespace {

constexpr std::uint32_t first_own_preference = 16384;  // keepalived: from there downwards, each family for itself

using Key = std::pair<unsigned, unsigned>;  // file and line

}  // namespace

std::vector<ConfiguredRoute> read_routes(const Context& context, NameTables& names, const Statement& list) {
  std::vector<ConfiguredRoute> routes;
  for (const Statement& line : list.children) {
    if (auto route = RouteLine(context, names, line).read()) routes.push_back(std::move(*route));
  }
  return routes;
}

std::vector<ConfiguredRule> read_rules(const Context& context, NameTables& names, const Statement& list) {
  std::vector<ConfiguredRule> rules;
  for (const Statement& line : list.children) {
    if (auto rule = RuleLine(context, names, line).read()) rules.push_back(std::move(*rule));
  }
  return rules;
}

void settle_preferences(const Context& context, const Statement& root, Configuration& configuration) {
  // Rules were read instance by instance; they count in the order of the file.
  std::map<Key, std::size_t> order;
  const auto number_lines = [&](const Statement& list) {
    for (const Statement& line : list.children) {
      order.emplace(Key(line.line->file->order, line.line->number), order.size());
    }
  };
  for (const Statement& block : root.children) {
    if (block.keyword() == "static_rules") number_lines(block);
    if (block.keyword() != "vrrp_instance") continue;
    for (const Statement& list : block.children) {
      if (list.keyword() == "virtual_rules") number_lines(list);
    }
  }
  struct Unordered {
    std::pair<std::size_t, std::size_t> place;  // its line, and which of those read from it
    ConfiguredRule* rule = nullptr;
  };
  std::vector<Unordered> without;
  const auto collect = [&](std::vector<ConfiguredRule>& rules) {
    for (ConfiguredRule& rule : rules) {
      if (rule.rule.preference != 0) continue;
      without.push_back({{order[Key(rule.place.file, rule.place.line)], without.size()}, &rule});
    }
  };
  collect(configuration.static_rules);
  for (Instance& instance : configuration.instances) collect(instance.rules);
  std::ranges::sort(without, {}, &Unordered::place);
  std::uint32_t next_v4 = first_own_preference;
  std::uint32_t next_v6 = first_own_preference;
  for (const auto& [place, rule] : without) {
    rule->rule.preference = rule->rule.family == Family::ipv4 ? next_v4-- : next_v6--;
    context.diagnostics.warn("no-preference", context.position_of(*rule),
                             fmt::format("the rule has no preference; {} is used, and one less for the next such rule",
                                         rule->rule.preference),
                             "add preference NUMBER, so that the order of the rules is the one you mean");
  }
}

std::optional<TrackGroup> read_track_group(const Context& context, const Statement& block,
                                           const Definitions& definitions) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  TrackGroup group{.name = *name, .members = {}, .place = make_place(block.position())};
  std::set<std::string_view> members;
  for (const Statement& list : block.children) {
    for (const Statement& line : list.children) {
      for (std::size_t index = 0; index < line.words.size(); ++index) {
        const std::string_view member = line.words[index].text;
        if (!definitions.instances.contains(member)) {
          context.diagnostics.warn(
              "not-defined", line.at(index),
              fmt::format("no vrrp_instance is named {}; it is left out of the group", quoted(member)),
              "correct the name, or define the instance");
        } else if (members.insert(member).second) {
          group.members.emplace_back(member);
        }
      }
    }
  }
  if (group.members.empty()) {
    context.diagnostics.warn("incomplete-block", block.position(),
                             fmt::format("track_group {} has no member and is of no use", quoted(*name)),
                             "name its instances: group { NAME NAME }");
  }
  return group;
}

}  // namespace baton::config
