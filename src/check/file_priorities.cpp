// Priorities that weights cannot move, or that nothing can.
#include <fmt/format.h>

#include <algorithm>

#include "check/contest.h"
#include "check/file_rules.h"

namespace baton::check {
namespace {

using config::Instance;

constexpr int highest = 254;
constexpr int owner = 255;

// What is tracked raises the priority past the highest there is: then a failure lowers it by less than was written.
void check_limit(const CheckedFile& file, const GroupIndex& groups, const Instance& instance, Report& report) {
  const std::vector<Weight> weights = weights_of(groups.of(instance), instance);
  int sum = 0;
  int lowest = 0;
  for (const Weight& weight : weights) {
    sum += weight.up;
    lowest += std::min(weight.up, weight.down);
  }
  if (instance.priority == owner || weights.empty()) return;
  const config::Place place = file.keyword(instance.place, "priority");
  if (instance.priority + sum > highest) {
    report.add("priority-at-limit", file, place,
               fmt::format("{} and weights of {} are {}, and the highest priority is {}: the difference is lost",
                           instance.priority, sum, instance.priority + sum, highest),
               fmt::format("lower the priority to {} or less, on all nodes by as much", std::max(1, highest - sum)));
  } else if (instance.priority + lowest < 1 && weights.size() > 1) {
    report.add(
        "priority-at-limit", file, place,
        fmt::format("when all fails that is tracked, {} falls to {}, and the lowest priority is 1: nodes in that "
                    "state are all alike",
                    instance.priority, instance.priority + lowest),
        "raise the priority, or lower the weights", Severity::note);
  }
}

}  // namespace

void check_priorities(const CheckedFile& file, Report& report) {
  const GroupIndex groups(file.configuration());
  for (const Instance& instance : file.configuration().instances) {
    check_limit(file, groups, instance, report);
    if (instance.priority == owner && file.loaded.keyword_places.has(instance.place, "priority")) {
      const bool waits = instance.state != config::WantedState::master;
      report.add(
          "owner-priority", file, file.keyword(instance.place, "priority"),
          fmt::format("priority 255: {} owns its addresses, nothing tracked lowers it, and it takes them back {} when "
                      "it comes",
                      instance.name, waits ? "as soon as it has listened" : "at once"),
          "write 254 or less, unless the addresses are this node's own");
    }
    if (instance.dont_track_primary) {
      report.add("link-ignored", file, file.keyword(instance.place, "dont_track_primary"),
                 fmt::format("dont_track_primary: when {} loses its link, {} stays master, and so becomes its partner",
                             instance.interface, instance.name),
                 "remove it, unless the nodes are joined by a cable that goes down with the partner");
    }
  }
}

}  // namespace baton::check
