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

// What one tracked thing adds to a priority. Of files it is not known: their number may be any.
struct Weight {
  std::string name;
  int up = 0;    // as long as it is well
  int down = 0;  // when it has failed
  config::Place place;
};

// Which vrrp_sync_group an instance is in.
class GroupIndex {
 public:
  explicit GroupIndex(const config::Configuration& configuration);
  // nullptr: none.
  const config::SyncGroup* of(const config::Instance& instance) const;

 private:
  std::unordered_map<std::string_view, const config::SyncGroup*> by_member_;
};

// Those that count for an instance: its own, unless its sync group takes no account of them, and its group's.
std::vector<Weight> weights_of(const config::SyncGroup* group, const config::Instance& instance);

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
