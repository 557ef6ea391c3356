// Who shall be master, and whether what is tracked can change that.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "check/between_rules.h"

namespace baton::check {
namespace {

constexpr unsigned owner = 255;

class PriorityRules : public RouterRules {
 public:
  PriorityRules(const Cluster& cluster, const VirtualRouter& router, Report& report)
      : RouterRules(router, report), cluster_(cluster) {
    by_priority_ = {router.members.begin(), router.members.end()};
    std::ranges::sort(by_priority_, [](const Member& left, const Member& right) {
      const unsigned one = left.instance->priority;
      const unsigned other = right.instance->priority;
      return one == other ? left.node < right.node : one > other;
    });
  }

  void check() {
    check_equals();
    check_states();
    check_preemption();
    check_skews();
  }

 private:
  void check_equals() {
    std::map<unsigned, const Member*> first;
    for (const Member& member : router_.members) {
      const auto [found, is_new] = first.try_emplace(member.instance->priority, &member);
      if (is_new) continue;
      if (member.instance->priority == owner) {
        add("two-owners", member, "priority",
            fmt::format("{} has priority 255 here and in {}: two nodes own its addresses{}", member.instance->name,
                        where(*found->second, "priority"),
                        starts_as_master(member) || starts_as_master(*found->second)
                            ? ", and take them without listening first"
                            : ""),
            "write 255 on the node whose own addresses they are, or on none");
        continue;
      }
      add("same-priority", member, "priority",
          fmt::format(
              "{} has priority {} here and in {}: they take over at the same moment, and their addresses decide",
              member.instance->name, member.instance->priority, where(*found->second, "priority")),
          "give every node a priority of its own");
    }
  }

  static bool starts_as_master(const Member& each) { return each.instance->state == config::WantedState::master; }

  void check_states() {
    const auto is_master = starts_as_master;
    const Member& best = by_priority_.front();
    const Member* first = nullptr;
    for (const Member& member : router_.members) {
      if (!is_master(member)) continue;
      if (first != nullptr) {
        add("several-masters", member, "state",
            fmt::format("{} is state MASTER here and in {}: the word makes nobody master, the priority does",
                        member.instance->name, where(*first, "state")),
            "write state MASTER on the node with the highest priority alone, or BACKUP on all");
      } else {
        first = &member;
      }
    }
    if (first == nullptr || is_master(best) || first->instance->priority == best.instance->priority) return;
    add("state-against-priority", *first, "state",
        fmt::format("{} is state MASTER here with priority {}, and {} has {}: that one will be master",
                    first->instance->name, first->instance->priority, where(best, "priority"), best.instance->priority),
        "give the highest priority to the node that shall be master");
  }

  // nopreempt keeps a node that comes back from taking the address: of use to the one with the highest priority.
  void check_preemption() {
    const Member& best = by_priority_.front();
    if (!best.instance->preempt) return;
    for (const Member& member : router_.members) {
      if (member.instance->preempt || member.instance->priority >= best.instance->priority) continue;
      add("nopreempt-one-sided", member, "nopreempt",
          fmt::format("nopreempt stands here and not in {}, which has the higher priority and takes the address back",
                      where(best, "priority")),
          tracks_with_weights()
              ? "remove it here; or write it and state BACKUP on all nodes, and weight 0 for all that "
                "is tracked"
              : "write nopreempt and state BACKUP on all nodes, or on none");
    }
  }

  // Weights and nopreempt on all nodes exclude each other.
  bool tracks_with_weights() const {
    return std::ranges::any_of(router_.members, [&](const Member& each) {
      return !cluster_.groups[each.node].weights_of(*each.instance).empty();
    });
  }

  // Of two backups with nearly the same patience both take over (VRRPv3: (256 - priority) x interval / 256).
  void check_skews() {
    if (router_.members.size() < 3 || by_priority_.front().instance->version != 3) return;
    const Duration interval = by_priority_.front().instance->advert_interval;
    for (std::size_t at = 1; at < by_priority_.size(); ++at) {
      const int step = by_priority_[at - 1].instance->priority - by_priority_[at].instance->priority;
      const Duration distance = interval * step / 256;
      if (step == 0 || distance >= std::chrono::milliseconds(1)) continue;
      add("skews-too-close", by_priority_[at], "priority",
          fmt::format("{} takes over {:.2g} ms after {}: then two nodes may do so at once",
                      by_priority_[at].instance->name, std::chrono::duration<double, std::milli>(distance).count(),
                      where(by_priority_[at - 1], "priority")),
          "put the priorities farther apart");
    }
  }

  const Cluster& cluster_;
  std::vector<Member> by_priority_;  // best first
};

// The failures of the node that holds the address when all is well.
class WeightRules {
 public:
  WeightRules(const VirtualRouter& router, std::span<const GroupIndex> groups, Report& report)
      : contest_(router, groups), report_(report) {}

  void check() {
    const Contest::Contender& holder = contest_.holder();
    if (holder.weights.empty() || holder.priority == static_cast<int>(owner)) return;
    const Contest::Contender* challenger = contest_.challenger();
    if (challenger == nullptr) return report_nopreempt();
    std::vector<const Weight*> without_effect;
    for (const Weight& weight : holder.weights) {
      if (weight.down >= weight.up) continue;  // reversed: a failure raises the priority
      if (challenger->priority <= contest_.holder_without(std::array{&weight})) without_effect.push_back(&weight);
    }
    // Several that move it together may be meant so.
    const bool is_together_enough = challenger->priority > contest_.holder_without(without_effect);
    for (const Weight* weight : without_effect) {
      report_weight(*weight, *challenger, is_together_enough ? Severity::note : Severity::warning);
    }
  }

 private:
  void report_weight(const Weight& weight, const Contest::Contender& challenger, Severity severity) {
    const Member& member = *contest_.holder().member;
    const int left = contest_.holder_without(std::array{&weight});
    const int step = std::abs(weight.up - weight.down);
    const int needed = step + left - challenger.priority + 1;
    constexpr int most = 253;
    const bool is_positive = weight.up > weight.down && weight.up != 0;
    std::string mend =
        needed > most ? std::string("write weight 0: then a failure gives the address up")
                      : fmt::format("write weight {} on all nodes, or weight 0: then a failure gives the address up",
                                    is_positive ? needed : -needed);
    std::string what = fmt::format("when {} fails", weight.name);
    if (weight.is_of_file) {
      what = fmt::format("a number in {} that takes {} off is not enough", weight.name, step);
      mend += fmt::format("; or write numbers into it that take {} off", needed);
      severity = Severity::note;
    }
    report_.add(
        "weight-too-small", *member.file, weight.place,
        fmt::format("{}{} {} falls from {} to {}, and {} has {}: the address stays", what,
                    weight.is_of_file ? ":" : ",", member.instance->name, contest_.holder().priority, left,
                    challenger.member->file->words_for(challenger.member->keyword("priority")), challenger.priority),
        std::move(mend), severity);
  }

  // Where the holder has nopreempt itself, reading its file has said so. What files say may be a fault, which counts.
  void report_nopreempt() {
    const Member& holder = *contest_.holder().member;
    if (!holder.instance->preempt) return;
    const auto& weights = contest_.holder().weights;
    const bool are_files = std::ranges::all_of(weights, &Weight::is_of_file);
    for (std::size_t at = 1; at < contest_.contenders().size(); ++at) {
      const Contest::Contender& backup = contest_.contenders()[at];
      report_.add("weights-against-nopreempt", *backup.member->file, backup.member->keyword("nopreempt"),
                  fmt::format("with nopreempt this node takes no address from a living master: what {} loses by its "
                              "weights ({}) moves nothing{}",
                              holder.instance->name, holder.file->words_for(weights.front().place),
                              are_files ? ", unless number times weight is -254 or less, which is a fault" : ""),
                  "use weight 0 there, which gives the address up, or remove nopreempt here",
                  are_files ? Severity::note : Severity::warning);
    }
  }

  Contest contest_;
  Report& report_;
};

}  // namespace

void compare_priorities(const Cluster& cluster, Report& report) {
  for (const VirtualRouter& router : cluster.routers) {
    if (router.members.size() > 1) PriorityRules(cluster, router, report).check();
  }
}

void compare_weights(const Cluster& cluster, Report& report) {
  for (const VirtualRouter& router : cluster.routers) {
    if (router.members.size() > 1) WeightRules(router, cluster.groups, report).check();
  }
}

std::set<std::string> useful_weights(const Cluster& cluster) {
  std::set<std::string> places;
  for (const VirtualRouter& router : cluster.routers) {
    for (const Member& member : router.members) {
      const auto takes_it = [&](const Member& each) { return each.node != member.node && each.instance->preempt; };
      if (member.instance->preempt || std::ranges::none_of(router.members, takes_it)) continue;
      places.insert(to_string(member.file->place(member.keyword("nopreempt"))));
    }
  }
  return places;
}

}  // namespace baton::check
