// Which state of each router, and of its sync group, people were told last. It goes into the last will: a worker may
// die between a transition and its news, and owes them to the one behind it.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "daemon/last_will.h"
#include "daemon/router_set.h"
#include "daemon/setup.h"
#include "vrrp/action.h"
#include "vrrp/node.h"

namespace baton::daemon {

class ToldBook {
 public:
  explicit ToldBook(const Setup& setup) : setup_(setup) {}

  ToldStates of(vrrp::RouterId router) const { return told_[router]; }
  // Routers of which, or of whose group, it is new since the last call.
  std::vector<vrrp::RouterId> take_new() { return std::exchange(new_, {}); }

  // We go on as a worker that left these wills. What it has not told:
  struct Owed {
    std::vector<std::pair<vrrp::RouterId, vrrp::StateChanged>> routers;
    std::vector<std::pair<vrrp::GroupId, vrrp::GroupStateChanged>> groups;
  };
  Owed take_over(std::span<const std::optional<RouterWill>> wills);

  // The news are on their way ...
  void hand_over_router(vrrp::RouterId router, vrrp::State state);
  void hand_over_group(vrrp::GroupId group, vrrp::State state);
  // ... and all that are have come to somebody who outlives us.
  void confirm();

 private:
  const Setup& setup_;
  std::vector<ToldStates> told_ = std::vector<ToldStates>(setup_.routers.size());
  std::vector<ToldStates> handed_over_ = told_;
  RouterSet unconfirmed_{setup_.routers.size()};
  std::vector<vrrp::RouterId> new_;
};

}  // namespace baton::daemon
