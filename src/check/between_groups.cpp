// Whether what moves together on one node does so on the others, and whether all of them check the same.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_map>

#include "check/between_rules.h"

namespace baton::check {
namespace {

using config::Instance;
using config::SyncGroup;

class GroupRules {
 public:
  GroupRules(const Cluster& cluster, Report& report) : cluster_(cluster), report_(report) {
    for (std::size_t at = 0; at < cluster.routers.size(); ++at) {
      for (const Member& member : cluster.routers[at].members) router_of_.emplace(member.instance, at);
    }
    instances_.resize(cluster.files.size());
    for (std::size_t node = 0; node < cluster.files.size(); ++node) {
      for (const Instance& instance : cluster.files[node].configuration().instances) {
        instances_[node].emplace(instance.name, &instance);
      }
    }
  }

  void check() {
    for (std::size_t node = 0; node < cluster_.files.size(); ++node) {
      for (const SyncGroup& group : cluster_.files[node].configuration().groups) {
        list_shared(node, group);
        check_holders(node, group);
      }
    }
    for (const VirtualRouter& router : cluster_.routers) compare(router);
  }

 private:
  // Indices of the group's routers that other nodes have too.
  void list_shared(std::size_t node, const SyncGroup& group) {
    std::vector<std::size_t>& shared = shared_[&group];
    for (const std::string& name : group.members) {
      const auto instance = instances_[node].find(name);
      if (instance == instances_[node].end()) continue;
      const auto router = router_of_.find(instance->second);
      if (router != router_of_.end() && cluster_.routers[router->second].members.size() > 1) {
        shared.push_back(router->second);
      }
    }
    std::ranges::sort(shared);
    std::size_t& mark = marks_[&group];
    for (const std::size_t each : shared) mark = mark * 1'000'003 + each + 1;
  }

  const SyncGroup* group_of(const Member& member) const { return cluster_.groups[member.node].of(*member.instance); }

  // Two groups with the same routers have the same mark; a router without a group, or alone in it, has none.
  std::size_t mark_of(const Member& member) const {
    const SyncGroup* group = group_of(member);
    return group == nullptr || shared_.at(group).size() < 2 ? 0 : marks_.at(group);
  }

  void compare(const VirtualRouter& router) {
    find_odd_ones(
        router, [&](const Member& each) { return mark_of(each); },
        [&](const Member& member, const Member& other) {
          if (!said_.insert({group_of(member), group_of(other)}).second) return;
          const SyncGroup* own = group_of(member);
          const SyncGroup* others = group_of(other);
          const config::Place place = own == nullptr ? member.instance->place : own->place;
          const auto words = [](const SyncGroup* group) {
            return group == nullptr ? std::string("in no vrrp_sync_group") : "in group " + group->name;
          };
          report_.add("sync-groups-differ", *member.file, place,
                      fmt::format("{} is {} here and {} in {}, with other members: they move together on one node and "
                                  "apart on the other",
                                  member.instance->name, words(own), words(others),
                                  other.file->words_for(others == nullptr ? other.instance->place : others->place)),
                      "write the same vrrp_sync_group on all nodes");
        });
  }

  static const Member* holder_of(const VirtualRouter& router) {
    const auto priority = [](const Member& each) { return each.instance->priority; };
    const auto best = std::ranges::max_element(router.members, {}, priority);
    const auto equals = std::ranges::count(router.members, best->instance->priority, priority);
    return equals > 1 ? nullptr : &*best;
  }

  // A group whose members belong to different nodes is pulled to and fro.
  void check_holders(std::size_t node, const SyncGroup& group) {
    const Member* first = nullptr;
    for (const std::size_t at : shared_.at(&group)) {
      const Member* holder = holder_of(cluster_.routers[at]);
      if (holder == nullptr) continue;
      if (first == nullptr) first = holder;
      if (holder->node == first->node) continue;
      report_.add(
          "group-torn", cluster_.files[node], group.place,
          fmt::format("in group {} {} has its highest priority in {} and {} in {}: a group moves as a whole, and "
                      "each pulls it from the other when both start",
                      group.name, first->instance->name, first->file->words_for(first->keyword("priority")),
                      holder->instance->name, holder->file->words_for(holder->keyword("priority"))),
          "give one node the highest priority of all members, or take them out of the group");
      return;
    }
  }

  const Cluster& cluster_;
  Report& report_;
  std::unordered_map<const Instance*, std::size_t> router_of_;
  std::vector<std::unordered_map<std::string_view, const Instance*>> instances_;  // by node and name
  std::unordered_map<const SyncGroup*, std::vector<std::size_t>> shared_;
  std::unordered_map<const SyncGroup*, std::size_t> marks_;
  std::set<std::pair<const SyncGroup*, const SyncGroup*>> said_;
};

// How many scripts, processes and files decide over an instance; they may be called otherwise on every node.
std::size_t checks_of(const Member& member, const SyncGroup* group) {
  const auto count = [](const config::Trackers& trackers) {
    return trackers.scripts.size() + trackers.processes.size() + trackers.files.size() + trackers.checks.size();
  };
  return count(member.instance->trackers) + (group == nullptr ? 0 : count(group->trackers));
}

}  // namespace

void compare_groups(const Cluster& cluster, Report& report) {
  GroupRules(cluster, report).check();
  for (const VirtualRouter& router : cluster.routers) {
    const auto count = [&](const Member& each) {
      return checks_of(each, cluster.groups[each.node].of(*each.instance));
    };
    find_odd_ones(router, count, [&](const Member& member, const Member& other) {
      report.add("checks-differ", *member.file, member.keyword("track_script"),
                 fmt::format("{} tracks {} scripts, processes and files here and {} in {}: one node takes the address "
                             "without looking",
                             member.instance->name, count(member), count(other),
                             other.file->words_for(other.keyword("track_script"))),
                 "track the same on all nodes");
    });
  }
}

}  // namespace baton::check
