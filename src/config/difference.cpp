#include "config/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <string_view>
#include <unordered_map>

#include "config/settings.h"

namespace baton::config {

namespace {

// The lines of one keyword on both sides, less what is on both.
struct Lines {
  std::vector<const Setting*> before;
  std::vector<const Setting*> after;
};

Lines lines_of(std::string_view keyword, const Settings& before, const Settings& after) {
  std::unordered_map<std::string_view, std::size_t> common;  // by value: how often it is on the one side ...
  for (const Setting& setting : before) {
    if (setting.keyword == keyword) ++common[setting.value];
  }
  std::unordered_map<std::string_view, std::size_t> shared;  // ... and on the other as well
  Lines lines;
  for (const Setting& setting : after) {
    if (setting.keyword != keyword) continue;
    std::size_t& left = common[setting.value];
    if (left == 0) {
      lines.after.push_back(&setting);
    } else {
      --left;
      ++shared[setting.value];
    }
  }
  for (const Setting& setting : before) {
    if (setting.keyword != keyword) continue;
    std::size_t& left = shared[setting.value];
    if (left == 0) {
      lines.before.push_back(&setting);
    } else {
      --left;
    }
  }
  return lines;
}

// The same lines on both sides.
bool is_in_another_order(std::string_view keyword, const Settings& before, const Settings& after) {
  const auto of_keyword = [&](const Setting& setting) { return setting.keyword == keyword; };
  return !std::ranges::equal(before | std::views::filter(of_keyword), after | std::views::filter(of_keyword));
}

std::optional<std::string> shown(const Setting& setting) {
  if (setting.value.empty()) return std::nullopt;
  return setting.is_secret ? "(secret)" : setting.value;
}

void compare(const std::string& object, const Settings& before, const Settings& after, std::vector<Change>& changes) {
  std::vector<std::string_view> keywords;
  for (const Settings* settings : {&before, &after}) {
    for (const Setting& setting : *settings) {
      if (std::ranges::find(keywords, setting.keyword) == keywords.end()) keywords.push_back(setting.keyword);
    }
  }
  for (const std::string_view keyword : keywords) {
    const Lines lines = lines_of(keyword, before, after);
    if (lines.before.size() == 1 && lines.after.size() == 1) {
      changes.push_back({object, std::string(keyword), shown(*lines.before[0]), shown(*lines.after[0])});
      continue;
    }
    if (lines.before.empty() && lines.after.empty() && is_in_another_order(keyword, before, after)) {
      changes.push_back({object, std::string(keyword), "an order", "another order"});
    }
    for (const Setting* gone : lines.before) changes.push_back({object, std::string(keyword), shown(*gone), {}});
    for (const Setting* come : lines.after) changes.push_back({object, std::string(keyword), {}, shown(*come)});
  }
}

// Objects that are known by their names.
template <typename Object>
void compare_named(std::string_view kind, const std::vector<Object>& before, const std::vector<Object>& after,
                   std::vector<Change>& changes) {
  std::unordered_map<std::string_view, const Object*> left;
  for (const Object& object : after) left.emplace(object.name, &object);
  for (const Object& object : before) {
    const std::string title = fmt::format("{} {}", kind, object.name);
    const auto now = left.extract(object.name);
    if (now.empty()) {
      changes.push_back({title, "", object.name, {}});
    } else if (!(*now.mapped() == object)) {
      compare(title, settings_of(object), settings_of(*now.mapped()), changes);
    }
  }
  for (const Object& object : after) {
    if (left.contains(object.name)) changes.push_back({fmt::format("{} {}", kind, object.name), "", {}, object.name});
  }
}

void compare_instances(const Configuration& before, const Configuration& after,
                       std::span<const std::optional<std::size_t>> places, std::vector<Change>& changes) {
  std::vector<bool> is_successor(after.instances.size());
  for (std::size_t i = 0; i < before.instances.size(); ++i) {
    const Instance& old = before.instances[i];
    const auto place = i < places.size() ? places[i] : std::nullopt;
    if (!place) {
      changes.push_back({"vrrp_instance " + old.name, "", old.name, {}});
      continue;
    }
    is_successor[*place] = true;
    const Instance& next = after.instances[*place];
    if (!(old == next)) compare("vrrp_instance " + next.name, settings_of(old), settings_of(next), changes);
  }
  for (std::size_t i = 0; i < after.instances.size(); ++i) {
    const std::string& name = after.instances[i].name;
    if (!is_successor[i]) changes.push_back({"vrrp_instance " + name, "", {}, name});
  }
}

}  // namespace

std::vector<Change> difference(const Configuration& before, const Configuration& after,
                               std::span<const std::optional<std::size_t>> places) {
  std::vector<Change> changes;
  if (!(before.globals == after.globals)) {
    compare("global_defs", settings_of(before.globals), settings_of(after.globals), changes);
  }
  compare("static", static_settings_of(before), static_settings_of(after), changes);
  compare("links", link_settings_of(before), link_settings_of(after), changes);
  const auto tls_settings = [](const std::optional<CheckTls>& tls) { return tls ? settings_of(*tls) : Settings(); };
  compare("SSL", tls_settings(before.check_tls), tls_settings(after.check_tls), changes);
  compare_named("vrrp_script", before.scripts, after.scripts, changes);
  compare_named("track_file", before.files, after.files, changes);
  compare_named("vrrp_track_process", before.processes, after.processes, changes);
  compare_named("vrrp_check", before.checks, after.checks, changes);
  compare_named("bfd_instance", before.bfd_sessions, after.bfd_sessions, changes);
  compare_named("webhook", before.webhooks, after.webhooks, changes);
  compare_named("vrrp_sync_group", before.groups, after.groups, changes);
  compare_named("virtual_server_group", before.virtual_server_groups, after.virtual_server_groups, changes);
  compare_named("virtual_server", before.virtual_servers, after.virtual_servers, changes);
  compare_instances(before, after, places, changes);
  return changes;
}

}  // namespace baton::config
