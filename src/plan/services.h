// What deaths of real servers mean for the virtual servers of the files: who serves then, whether the quorum holds, how
// late it is noticed. Played on the balancer's own core. PURE.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/service_table.h"
#include "base/time.h"
#include "config/model.h"
#include "plan/network.h"

namespace baton::plan {

// After these real servers have died.
struct ServiceFate {
  std::vector<DestinationKey> dead;
  bool any_one = false;                 // one of `dead`, whichever, and not all of them
  std::optional<Duration> noticed{};    // of each that has a check, at the latest after so long; nullopt: none has
  std::vector<DestinationKey> serving;  // those that get connections then
  bool has_quorum = true;
  bool sorry_serves = false;

  bool is_single() const { return any_one || dead.size() == 1; }
  bool operator==(const ServiceFate&) const = default;
};

struct ServicePlan {
  std::string name;  // "10.0.0.1 80 TCP"
  std::vector<ServiceKey> keys;
  std::vector<NodeId> nodes;  // whose files have it just so
  std::vector<DestinationKey> servers;
  std::vector<DestinationKey> serving;  // while all of them are well
  bool has_quorum = true;               // likewise
  std::optional<DestinationKey> sorry;
  // Whichever so many die, the quorum holds.
  std::size_t deaths_survived = 0;
  // One real server at a time, those together that are missed alike; then all of them.
  std::vector<ServiceFate> fates;
};

// In the order of the files.
std::vector<ServicePlan> plan_services(const Network& network);

// "10.0.0.11:80 and 10.0.0.12:80 serve", "the sorry server 10.0.0.9:80 alone serves", "nobody serves".
std::string serving_text(const ServicePlan& service, const ServiceFate& fate);
// "10.0.0.11:80 dies", "any one of 3 dies", "all die".
std::string deaths_text(const ServicePlan& service, const ServiceFate& fate);
// "any 2 of its 3 real servers may die", "no real server may die".
std::string survived_text(const ServicePlan& service);

}  // namespace baton::plan
