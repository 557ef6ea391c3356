// A node that is told anything in any order, from bytes: what it then does must make sense whatever it was told. Beside
// it walks a second one that is made anew from a snapshot of the first now and then; both must do the same.
#pragma once

#include <string>
#include <vector>

#include "sim/choices.h"
#include "vrrp/node.h"

namespace baton::sim {

// Looks at all that a node does, whatever it is told.
class NodeJudge {
 public:
  explicit NodeJudge(std::size_t routers, std::size_t groups)
      : told_(routers, vrrp::State::init), groups_(groups, vrrp::State::init) {}

  // A worker before this one has told so.
  void expect(vrrp::RouterId router, vrrp::State state) { told_[router] = state; }
  void expect_group(vrrp::GroupId group, vrrp::State state) { groups_[group] = state; }
  // After each input and what came of it. Empty, or what makes no sense.
  std::string judge(const vrrp::Node& node, const vrrp::NodeActions& actions);
  // After a timeout with no bound.
  static std::string judge_deadline(const vrrp::Node& node, Instant now);

 private:
  std::string hear(const vrrp::RouterAction& action);
  std::string hear(const vrrp::GroupAction& action);

  std::vector<vrrp::State> told_;
  std::vector<vrrp::State> groups_;
};

// Empty, or the first thing that makes no sense.
std::string walk_a_node(Choices& choices);

}  // namespace baton::sim
