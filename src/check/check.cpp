#include "check/check.h"

#include <fmt/format.h>

#include <set>

#include "check/between_rules.h"
#include "check/file_rules.h"

namespace baton::check {

config::SourcePlace CheckedFile::place(const config::Place& place) const {
  const bool is_known = place.file < loaded.files.size();
  return {.file = is_known ? loaded.files[place.file] : name, .line = place.line, .column = place.column};
}

std::string CheckedFile::words_for(const config::Place& place) const {
  const config::SourcePlace where = this->place(place);
  const std::string whose = node.empty() ? "" : fmt::format(" as {}", node);
  return where.line == 0 ? where.file + whose : fmt::format("{} line {}{}", where.file, where.line, whose);
}

Findings check(std::span<const CheckedFile> files, std::span<const FirewallText> firewalls) {
  Report report;
  Cluster cluster{.files = files, .routers = virtual_routers(files), .groups = {}};
  for (const CheckedFile& file : files) cluster.groups.emplace_back(file.configuration());
  const std::set<std::string> refuted = useful_weights(cluster);
  for (const CheckedFile& file : files) {
    for (const config::Diagnostic& said : file.loaded.diagnostics) {
      const bool is_refuted = said.id == "nopreempt-weight" && refuted.contains(to_string(said.place));
      if (!is_refuted) report.add_reading(file, said);
    }
    for (const auto rule : {check_addresses, check_announcements, check_mail, check_notifications, check_priorities,
                            check_repeats, check_scripts, check_sync_groups, check_timers, check_transport}) {
      rule(file, report);
    }
  }
  for (const auto rule :
       {compare_addresses, compare_adverts, compare_authentication, compare_groups, compare_identities,
        compare_node_addresses, compare_priorities, compare_unicast, compare_weights}) {
    rule(cluster, report);
  }
  check_firewalls(firewalls, files, report);
  return report.take(files);
}

}  // namespace baton::check
