// Priorities that weights cannot move, or that nothing can.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "check/contest.h"
#include "check/file_rules.h"

namespace baton::check {
namespace {

using config::Instance;

constexpr int highest = 254;
constexpr int owner = 255;

int number_of_well(const CheckedFile& file, std::string_view name) {
  const auto& files = file.configuration().files;
  const auto found = std::ranges::find(files, name, &config::TrackedFile::name);
  return found == files.end() ? 1 : found->init_value.value_or(1);
}

struct Scale {
  int sum = 0;     // of all weights, everything being well
  int lowest = 0;  // when all has failed
  explicit Scale(std::span<const Weight> weights) {
    for (const Weight& weight : weights) {
      sum += weight.up;
      lowest += std::min(weight.up, weight.down);
    }
  }
};

// What is tracked raises the priority past the highest there is: then a failure lowers it by less than was written.
void check_limit(const CheckedFile& file, const GroupIndex& groups, const Instance& instance, Report& report) {
  const std::vector<Weight> weights = groups.weights_of(instance);
  if (instance.priority == owner || weights.empty()) return;
  const auto first_file =
      std::ranges::find_if(weights, [](const Weight& each) { return each.is_of_file && each.up > 0; });
  std::vector<Weight> without_files = weights;
  std::erase_if(without_files, [](const Weight& each) { return each.is_of_file; });
  const Scale all(weights);
  const Scale sure(without_files);
  const config::Place place = file.keyword(instance.place, "priority");
  if (instance.priority + all.sum > highest) {
    const bool takes_a_file = instance.priority + sure.sum <= highest;
    report.add(
        "priority-at-limit", file, place,
        fmt::format(
            "{} and weights of {} are {}{}, and the highest priority is {}: the difference is lost", instance.priority,
            all.sum, instance.priority + all.sum,
            takes_a_file ? fmt::format(" with {} in {}", number_of_well(file, first_file->name), first_file->name) : "",
            highest),
        fmt::format("lower the priority to {} or less, on all nodes by as much", std::max(1, highest - all.sum)),
        takes_a_file ? Severity::note : Severity::warning);
  } else if (instance.priority + all.lowest < 1 && weights.size() > 1) {
    report.add(
        "priority-at-limit", file, place,
        fmt::format("when all fails that is tracked, {} falls to {}, and the lowest priority is 1: nodes in that "
                    "state are all alike",
                    instance.priority, instance.priority + all.lowest),
        "raise the priority, or lower the weights", Severity::note);
  }
}

// The number that init_file makes a file with says fault: the node is in FAULT until somebody writes another.
void check_made_files(const CheckedFile& file, const config::Trackers& trackers, Report& report) {
  constexpr int fault = -254;
  for (const config::Tracking& tracking : trackers.files) {
    const auto& files = file.configuration().files;
    const auto found = std::ranges::find(files, tracking.name, &config::TrackedFile::name);
    if (found == files.end() || !found->init_value) continue;
    const int number = *found->init_value;
    const long long amount = (tracking.reverse ? -1LL : 1LL) * tracking.weight * number;
    const bool is_fault = tracking.weight == 0 ? (number != 0) != tracking.reverse : amount <= fault;
    if (!is_fault) continue;
    report.add("file-made-as-fault", file, tracking.place,
               tracking.weight == 0
                   ? fmt::format("init_file makes {} with {}, and with weight 0 that is a fault", found->name, number)
                   : fmt::format("init_file makes {} with {}, and {} times that weight is {}: {} and less is a fault",
                                 found->name, number, number, amount, fault),
               tracking.weight == 0 && !tracking.reverse ? "write init_file 0"
                                                         : "write a number into init_file that means well");
  }
}

}  // namespace

void check_priorities(const CheckedFile& file, Report& report) {
  const GroupIndex groups(file.configuration());
  for (const config::SyncGroup& group : file.configuration().groups) check_made_files(file, group.trackers, report);
  for (const Instance& instance : file.configuration().instances) {
    check_limit(file, groups, instance, report);
    check_made_files(file, instance.trackers, report);
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
