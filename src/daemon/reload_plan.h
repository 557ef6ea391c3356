// What a reload would do, from the same facts and by the same cores that do it: the difference of the two
// configurations, the kernel operations, and what the protocol says and does at once. Pure: `baton reload --dry-run`
// prints it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/difference.h"
#include "daemon/last_will.h"
#include "daemon/setup.h"
#include "kernel/interface_table.h"

namespace baton::daemon {

struct ReloadPlan {
  struct Event {
    std::string instance;
    std::string text;  // "stays MASTER; an advert with priority 150 at once"
    bool operator==(const Event&) const = default;
  };
  std::vector<config::Change> changes;
  std::vector<std::string> kernel;  // in their order, as ip(8) would be called
  std::vector<Event> protocol;
  std::size_t unchanged = 0;  // instances that nobody will notice anything of
};

// `wills`: of the routers of `old`, `interfaces`: of the machine, both as they are now. What checks will say is not
// known.
ReloadPlan plan_reload(const Setup& old, const Setup& next, const RouterWills& wills,
                       const kernel::InterfaceTable& interfaces, Instant now);

nlohmann::json to_json(const ReloadPlan& plan);

}  // namespace baton::daemon
