// The rules that hold several files against each other: what every node says must fit what the others say.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "check/contest.h"
#include "check/report.h"
#include "check/routers.h"

namespace baton::check {

// All nodes, the virtual routers they share, and who is in which sync group.
struct Cluster {
  std::span<const CheckedFile> files;
  std::vector<VirtualRouter> routers;
  std::vector<GroupIndex> groups;  // of each file
};

// Of all files, and of one alone as well: a node's own address that is a virtual one.
void compare_node_addresses(const Cluster& cluster, Report& report);
// Which router is nobody's but one node's, which VRID is two routers', which address has two VRIDs.
void compare_identities(const Cluster& cluster, Report& report);
void compare_addresses(const Cluster& cluster, Report& report);
void compare_adverts(const Cluster& cluster, Report& report);
void compare_authentication(const Cluster& cluster, Report& report);
void compare_groups(const Cluster& cluster, Report& report);
void compare_priorities(const Cluster& cluster, Report& report);
void compare_unicast(const Cluster& cluster, Report& report);
void compare_weights(const Cluster& cluster, Report& report);

// Places of a nopreempt beside which weights are of use all the same, because another node has none: what reading that
// file alone has said (nopreempt-weight) is not so.
std::set<std::string> useful_weights(const Cluster& cluster);

// What rules about one virtual router on several nodes have in common.
class RouterRules {
 public:
  RouterRules(const VirtualRouter& router, Report& report) : router_(router), report_(report) {}

 protected:
  void add(std::string_view rule, const Member& member, std::string_view keyword, std::string message, std::string mend,
           std::optional<Severity> severity = std::nullopt) {
    report_.add(rule, *member.file, member.keyword(keyword), std::move(message), std::move(mend), severity);
  }
  static std::string where(const Member& member, std::string_view keyword) {
    return member.file->words_for(member.keyword(keyword));
  }

  const VirtualRouter& router_;
  Report& report_;
};

// Holds every member's value against what most of them have (the first of equals), and calls
// `differs(member, reference)` for the odd ones.
template <typename ValueOf, typename Differs>
void find_odd_ones(const VirtualRouter& router, ValueOf value_of, Differs differs) {
  using Value = std::invoke_result_t<ValueOf, const Member&>;
  struct Kind {
    Value value;
    const Member* first = nullptr;
    std::size_t count = 0;
  };
  std::vector<Kind> kinds;
  std::vector<std::size_t> kind_of;
  for (const Member& member : router.members) {
    Value own = value_of(member);
    std::size_t at = 0;
    while (at < kinds.size() && !(kinds[at].value == own)) ++at;
    if (at == kinds.size()) kinds.push_back({.value = std::move(own), .first = &member});
    ++kinds[at].count;
    kind_of.push_back(at);
  }
  if (kinds.size() < 2) return;
  std::size_t usual = 0;
  for (std::size_t at = 1; at < kinds.size(); ++at) {
    if (kinds[at].count > kinds[usual].count) usual = at;
  }
  for (std::size_t at = 0; at < router.members.size(); ++at) {
    if (kind_of[at] != usual) differs(router.members[at], *kinds[usual].first);
  }
}

}  // namespace baton::check
