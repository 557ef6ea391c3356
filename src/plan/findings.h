// What an operator should know before he deploys: failures that move nothing, addresses that nobody or everybody has,
// and what decides where it looks like a choice. One finding for all instances that it is true of. PURE.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plan/explanation.h"
#include "plan/plan.h"

namespace baton::plan {

class Findings {
 public:
  explicit Findings(const Network& network) : network_(network) {}

  // What the files alone say.
  void look_at_network();
  // What deaths of real servers do.
  void look_at_services(const std::vector<ServicePlan>& services);
  // One ring after one event.
  void look_at_single(const Scenario& scenario, const Outcome& outcome, const Aftermath& aftermath);
  // The same of a failure after another one.
  void look_at_pair(const Scenario& scenario, const Outcome& outcome, const Aftermath& aftermath);
  // The scenario as a whole.
  void look_at(const Scenario& scenario);

  std::vector<Finding> take();

 private:
  void add(Severity severity, const std::string& id, std::string message, RingId ring, const std::string& event);
  void add(Severity severity, const std::string& id, std::string message, const std::string& event);
  Finding& find_or_add(Severity severity, const std::string& id, std::string message);
  void look_for_owners(const Scenario& scenario, const Outcome& outcome, const Aftermath& aftermath);
  void look_for_preemption(const Scenario& scenario, const Outcome& outcome);
  void look_for_ties(const Outcome& outcome, const Aftermath& aftermath);
  void look_for_deaf(RingId ring);
  bool is_alone(RingId ring) const;
  std::set<NodeId> nodes_that_carry(const ServicePlan& service) const;

  const Network& network_;
  std::vector<Finding> findings_;
  std::set<RingId> troubled_;  // from the start: what comes of it in every scenario is not told again
};

}  // namespace baton::plan
