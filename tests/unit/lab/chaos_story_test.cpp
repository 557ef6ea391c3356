#include "lab/chaos_story.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

std::string text(const std::vector<Act>& acts) {
  std::string all;
  for (const Act& act : acts) {
    for (const Fault& fault : act.faults) {
      all += std::string(name(fault.kind)) + " " + std::to_string(fault.node) + " " +
             std::to_string(fault.begin.count()) + " " + std::to_string(fault.lasts.count()) + " " +
             std::to_string(fault.strength) + "\n";
    }
  }
  return all;
}

TEST(ChaosStory, one_seed_is_one_story) {
  EXPECT_EQ(text(draw_story({.seed = 7, .acts = 20})), text(draw_story({.seed = 7, .acts = 20})));
  EXPECT_NE(text(draw_story({.seed = 7, .acts = 20})), text(draw_story({.seed = 8, .acts = 20})));
}

TEST(ChaosStory, a_longer_story_begins_as_the_shorter_one) {
  EXPECT_TRUE(text(draw_story({.seed = 7, .acts = 20})).starts_with(text(draw_story({.seed = 7, .acts = 5}))));
}

TEST(ChaosStory, every_kind_of_fault_is_drawn_and_every_node_is_hit) {
  std::set<FaultKind> kinds;
  std::set<NodeId> nodes;
  for (const Act& act : draw_story({.seed = 1, .nodes = 5, .acts = 200})) {
    for (const Fault& fault : act.faults) {
      kinds.insert(fault.kind);
      nodes.insert(fault.node);
    }
  }
  EXPECT_EQ(kinds.size(), fault_kinds);
  EXPECT_EQ(nodes.size(), 5U);
}

TEST(ChaosStory, one_node_is_spared_in_every_act_and_none_has_two_faults_at_a_time) {
  for (const std::size_t nodes : {2U, 3U, 5U}) {
    for (const Act& act : draw_story({.seed = 3, .nodes = nodes, .acts = 300})) {
      std::map<NodeId, Duration> busy_until;
      ASSERT_FALSE(act.faults.empty());
      for (const Fault& fault : act.faults) {
        ASSERT_LT(fault.node, nodes);
        ASSERT_GE(fault.begin, busy_until[fault.node] + 100ms - 1ms);
        busy_until[fault.node] = fault.begin + fault.lasts;
        ASSERT_LE(busy_until[fault.node], act.lasts());
      }
      ASSERT_LT(busy_until.size(), nodes);
    }
  }
}

TEST(ChaosStory, only_the_kinds_that_are_asked_for) {
  for (const Act& act : draw_story({.seed = 3, .acts = 50, .kinds = {FaultKind::deaf}})) {
    EXPECT_TRUE(std::ranges::all_of(act.faults, [](const Fault& fault) { return fault.kind == FaultKind::deaf; }));
  }
}

TEST(ChaosStory, a_wire_is_as_bad_as_its_fault) {
  EXPECT_EQ(wire_quality({.kind = FaultKind::deaf}).to_node.loss, 1);
  EXPECT_EQ(wire_quality({.kind = FaultKind::deaf}).from_node.loss, 0);
  EXPECT_EQ(wire_quality({.kind = FaultKind::mute}).from_node.loss, 1);
  EXPECT_EQ(wire_quality({.kind = FaultKind::lossy, .strength = 30}).to_node.loss, 0.3);
  EXPECT_EQ(wire_quality({.kind = FaultKind::twice, .strength = 30}).from_node.duplicate, 0.3);
  EXPECT_EQ(wire_quality({.kind = FaultKind::slow, .strength = 30}).from_node.most_delay, 300ms);
  EXPECT_EQ(wire_quality({.kind = FaultKind::end}).to_node.loss, 0);
}

}  // namespace
}  // namespace baton::lab
