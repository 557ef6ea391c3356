// Whether the files speak of the same virtual routers at all.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "check/between_rules.h"
#include "check/limits.h"

namespace baton::check {
namespace {

using config::VirtualAddress;

class IdentityRules {
 public:
  IdentityRules(const Cluster& cluster, Report& report)
      : cluster_(cluster), report_(report), is_explained_(cluster.routers.size()), shares_(cluster.files.size()) {
    for (const VirtualRouter& router : cluster.routers) {
      if (router.members.size() < 2) continue;
      for (const Member& member : router.members) shares_[member.node] = true;
    }
  }

  void check() {
    find_one_address_with_two_ids();
    find_one_id_of_two_routers();
    find_lonely_routers();
    find_strangers();
    find_same_names();
  }

 private:
  static std::uint8_t vrid_of(const VirtualRouter& router) { return router.members.front().instance->vrid; }

  // Not two parts of one file: those are judged when it is read.
  static bool are_of_different_nodes(const VirtualRouter& left, const VirtualRouter& right) {
    return right.of_node(left.members.front().node) == nullptr && left.of_node(right.members.front().node) == nullptr;
  }

  void find_one_address_with_two_ids() {
    std::unordered_map<IpAddress, std::size_t> first;
    for (std::size_t at = 0; at < cluster_.routers.size(); ++at) {
      for (const Member& member : cluster_.routers[at].members) {
        for (const VirtualAddress& address : member.instance->addresses) {
          if (address.address.address.is_link_local()) continue;
          const auto [found, is_new] = first.try_emplace(address.address.address, at);
          if (!is_new && found->second != at) judge_two_ids(found->second, at, member, address);
        }
      }
    }
  }

  void judge_two_ids(std::size_t left, std::size_t right, const Member& member, const VirtualAddress& address) {
    const VirtualRouter& other = cluster_.routers[left];
    if (vrid_of(other) == member.instance->vrid || is_explained_[right]) return;
    if (!are_of_different_nodes(other, cluster_.routers[right])) return;
    is_explained_[left] = is_explained_[right] = true;
    const Member& there = other.members.front();
    report_.add(
        "vrids-differ", *member.file, member.keyword("virtual_router_id"),
        fmt::format("{} belongs to virtual_router_id {} here and to {} in {}: neither node minds the other, and "
                    "both become master of it",
                    to_string(address.address.address), member.instance->vrid, vrid_of(other),
                    there.file->words_for(there.keyword("virtual_router_id"))),
        fmt::format("write virtual_router_id {} on all nodes", vrid_of(other)));
  }

  void find_one_id_of_two_routers() {
    std::unordered_map<unsigned, std::vector<std::size_t>> known;
    for (std::size_t at = 0; at < cluster_.routers.size(); ++at) {
      const Member& member = cluster_.routers[at].members.front();
      std::vector<std::size_t>& others =
          known[member.instance->vrid * 2U + (member.instance->family == Family::ipv6 ? 1U : 0U)];
      for (const std::size_t other : others) {
        if (!may_meet(cluster_.routers[other], cluster_.routers[at])) continue;
        const Member& there = cluster_.routers[other].members.front();
        is_explained_[other] = is_explained_[at] = true;
        report_.add("vrid-twice", *member.file, member.keyword("virtual_router_id"),
                    fmt::format("virtual_router_id {} is that of {} here and of {} in {}, which have no address in "
                                "common: on one LAN each takes the other for its partner, and one has no master",
                                member.instance->vrid, member.instance->name, there.instance->name,
                                there.file->words_for(there.keyword("virtual_router_id"))),
                    "give one of them another virtual_router_id, or correct the addresses if they are one router");
        break;
      }
      if (others.size() < limits::candidates) others.push_back(at);
    }
  }

  bool may_meet(const VirtualRouter& left, const VirtualRouter& right) const {
    if (!are_of_different_nodes(left, right)) return false;
    const config::Instance& one = *left.members.front().instance;
    const config::Instance& other = *right.members.front().instance;
    if (!one.peers.empty() || !other.peers.empty()) return false;  // they speak to whom they name
    if (share_subnet(one, other)) return true;
    return cluster_.files.size() == 2 && one.interface == other.interface && one.interface != "";
  }

  void find_lonely_routers() {
    if (cluster_.files.size() < 2) return;
    for (std::size_t at = 0; at < cluster_.routers.size(); ++at) {
      const VirtualRouter& router = cluster_.routers[at];
      const Member& member = router.members.front();
      if (router.members.size() > 1 || is_explained_[at]) continue;
      if (cluster_.files.size() > 2 && !shares_[member.node]) continue;
      report_.add(
          "nobody-takes-over", *member.file, member.instance->place,
          fmt::format("{} (virtual_router_id {}) is in no other file: when this node fails, its addresses are gone",
                      member.instance->name, member.instance->vrid),
          "add it to another node, or give the file of its partner as well");
    }
  }

  // Of more than two files, one that has nothing to do with the others.
  void find_strangers() {
    if (cluster_.files.size() < 3) return;
    for (std::size_t node = 0; node < cluster_.files.size(); ++node) {
      const CheckedFile& file = cluster_.files[node];
      if (shares_[node] || file.configuration().instances.empty()) continue;
      report_.add("nothing-in-common", file, file.configuration().instances.front().place,
                  fmt::format("{} has no virtual router in common with any other file", file.name),
                  "give the files of one cluster's nodes together");
    }
  }

  void find_same_names() {
    std::unordered_map<std::string_view, const CheckedFile*> first;
    for (const CheckedFile& file : cluster_.files) {
      if (!file.loaded.keyword_places.has_global("router_id")) continue;
      const auto [found, is_new] = first.try_emplace(file.configuration().globals.router_id, &file);
      if (is_new) continue;
      const config::Place there = found->second->loaded.keyword_places.of_global("router_id");
      report_.add("router-ids-same", file, file.loaded.keyword_places.of_global("router_id"),
                  fmt::format("router_id {} is that of {} as well: mails do not say whose they are",
                              file.configuration().globals.router_id, found->second->words_for(there)),
                  "write each node's own name, or nothing: then it is the host name");
    }
  }

  const Cluster& cluster_;
  Report& report_;
  std::vector<bool> is_explained_;  // routers whose loneliness has been explained
  std::vector<bool> shares_;        // nodes with a router that another node has too
};

}  // namespace

void compare_identities(const Cluster& cluster, Report& report) {
  IdentityRules(cluster, report).check();
}

}  // namespace baton::check
