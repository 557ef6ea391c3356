// Instances that must move together and cannot, or that ought to and are not told so.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "check/contest.h"
#include "check/file_rules.h"

namespace baton::check {
namespace {

using config::Instance;
using config::SyncGroup;

void check_group(const CheckedFile& file, const SyncGroup& group,
                 const std::unordered_map<std::string_view, const Instance*>& instances, Report& report) {
  const Instance* first = nullptr;
  for (const std::string& name : group.members) {
    const auto found = instances.find(name);
    if (found == instances.end()) continue;
    const Instance& member = *found->second;
    if (first == nullptr) {
      first = &member;
      continue;
    }
    if (member.preempt != first->preempt) {
      const Instance& holder = member.preempt ? *first : member;
      report.add("mixed-group", file, file.keyword(holder.place, "nopreempt"),
                 fmt::format("in group {} {} has nopreempt and {} has not: one takes the address back and pulls the "
                             "other along",
                             group.name, holder.name, (member.preempt ? member : *first).name),
                 "write nopreempt in all members of the group, or in none");
      return;
    }
    if (member.priority != first->priority) {
      report.add(
          "mixed-group", file, file.keyword(member.place, "priority"),
          fmt::format("in group {} {} has priority {} and {} has {}: a group moves as a whole, by the member that "
                      "is beaten first",
                      group.name, first->name, first->priority, member.name, member.priority),
          "give all members of the group the same priority", Severity::note);
      return;
    }
  }
}

// A router with a foot on both sides, and nothing that keeps the feet together.
void check_for_group(const CheckedFile& file, const GroupIndex& groups, Report& report) {
  const Instance* first = nullptr;
  for (const Instance& instance : file.configuration().instances) {
    if (groups.of(instance) != nullptr || instance.addresses.empty()) continue;
    if (first == nullptr) {
      first = &instance;
      continue;
    }
    const bool is_other_side = instance.interface != first->interface && instance.priority == first->priority &&
                               instance.state == first->state && instance.family == first->family;
    if (!is_other_side) continue;
    report.add(
        "no-group", file, instance.place,
        fmt::format("{} on {} and {} on {} are in no vrrp_sync_group: when one link fails, one address moves and "
                    "the other stays",
                    first->name, first->interface, instance.name, instance.interface),
        "if this node forwards between the two, put both into a vrrp_sync_group");
    return;
  }
}

}  // namespace

void check_sync_groups(const CheckedFile& file, Report& report) {
  std::unordered_map<std::string_view, const Instance*> instances;
  for (const Instance& instance : file.configuration().instances) instances.emplace(instance.name, &instance);
  for (const SyncGroup& group : file.configuration().groups) check_group(file, group, instances, report);
  check_for_group(file, GroupIndex(file.configuration()), report);
}

// A setting given twice: the last one counts, and nobody says so.
void check_repeats(const CheckedFile& file, Report& report) {
  using config::Kind;
  using Entry = config::KeywordPlaces::Entry;
  const auto counts_once = [](const config::Keyword& keyword) {
    return keyword.kind == Kind::number || keyword.kind == Kind::seconds || keyword.kind == Kind::text ||
           keyword.name == "state" || keyword.name == "interface" || keyword.name == "auth_type";
  };
  const std::vector<Entry>& entries = file.loaded.keyword_places.entries();
  for (std::size_t at = 1; at < entries.size(); ++at) {
    const Entry& before = entries[at - 1];
    const Entry& entry = entries[at];
    if (before.number != entry.number || before.keyword != entry.keyword || !counts_once(*entry.keyword)) continue;
    // A multi-line variable above gives what the block then says otherwise.
    if (before.place.file != entry.place.file || before.place.line < entry.block.line) continue;
    const bool is_state = entry.keyword->name == "state";
    report.add("said-twice", file, entry.place,
               fmt::format("'{}' was said before ({}): {}", entry.keyword->name, file.words_for(before.place),
                           is_state ? "MASTER counts, whichever was last" : "only this last one counts"),
               "remove one of them");
  }
}

}  // namespace baton::check
