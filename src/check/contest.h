// Who holds an address when everything is well, and whether one failure moves it: the arithmetic of priorities and
// weights, as the protocol has it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "check/routers.h"

namespace baton::check {

// What one tracked thing adds to a priority.
struct Weight {
  std::string name;
  int up = 0;    // as long as it is well
  int down = 0;  // when it has failed
  config::Place place;
  // The number in a file may be any. It is taken to be well with what init_file makes it with, else as a script that
  // writes 1 or 0 has it, and to fail by one weight. Weight 1 and -1 say that the number is the amount itself, of which
  // nothing is known.
  bool is_of_file = false;
};

// Of one configuration, which outlives it: which vrrp_sync_group an instance is in, and what weighs on it.
class GroupIndex {
 public:
  explicit GroupIndex(const config::Configuration& configuration);
  // nullptr: none.
  const config::SyncGroup* of(const config::Instance& instance) const;
  // Those that count for an instance: its own, unless its sync group takes no account of them, and its group's.
  std::vector<Weight> weights_of(const config::Instance& instance) const;

 private:
  void add_weights(const config::Trackers& trackers, std::vector<Weight>& weights) const;

  const config::Configuration& configuration_;
  std::unordered_map<std::string_view, const config::SyncGroup*> by_member_;
};

// 1 to 254, or 255.
int effective_priority(int base, int sum);

// The nodes of one router, everything being well.
class Contest {
 public:
  // `groups`: of each node.
  Contest(const VirtualRouter& router, std::span<const GroupIndex> groups);

  struct Contender {
    const Member* member = nullptr;
    std::vector<Weight> weights;
    int priority = 0;  // everything it tracks being well
  };
  const std::vector<Contender>& contenders() const { return contenders_; }  // best first
  const Contender& holder() const { return contenders_.front(); }
  // The priority of the holder once these have failed.
  int holder_without(std::span<const Weight* const> failed) const;
  // The best of the others that takes an address from a living master; nullptr: none does.
  const Contender* challenger() const;

 private:
  std::vector<Contender> contenders_;
};

}  // namespace baton::check
