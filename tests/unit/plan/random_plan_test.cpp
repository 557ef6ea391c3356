// Files made from a seed, two of them a plan, the second what an operator might make of the first: most pairs agree on
// something and differ in something else. Whatever comes of it ends, and says the same twice.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "plan/render.h"
#include "support/random_configuration.h"
#include "unit/plan/made_plan.h"

namespace baton::plan {
namespace {

void expect_sound(const Scenario& scenario, const Outcome& it) {
  SCOPED_TRACE(scenario.title);
  std::set<NodeId> at_the_end;
  std::set<NodeId> at_the_beginning;
  for (const Holding& each : it.holdings) {
    EXPECT_LE(each.from, each.until);
    EXPECT_LE(each.until, scenario.lasted);
    if (each.until == scenario.lasted) at_the_end.insert(each.node);
    if (each.from == Duration::zero()) at_the_beginning.insert(each.node);
  }
  EXPECT_EQ(at_the_end, std::set(it.after.begin(), it.after.end()));
  for (const NodeId node : it.before) EXPECT_TRUE(at_the_beginning.contains(node));
  EXPECT_LE(it.no_owner + it.two_owners, scenario.lasted);
  EXPECT_EQ(it.has_moved() && !it.settled_after, false);
  EXPECT_FALSE(it.why.empty());
}

TEST(RandomPlan, ends_is_sound_and_the_same_twice) {
  std::size_t moves = 0;
  std::size_t complaints_in_all = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const auto pair = support::random_configuration_pair(seed, {.has_vmacs = seed % 2 == 0});
    const Plan plan = plan_of({pair.before, pair.after});
    for (const Scenario& scenario : plan.scenarios) {
      EXPECT_EQ(scenario.rest, Rest::calm) << scenario.title;
      ASSERT_EQ(scenario.outcomes.size(), plan.rings.size());
      for (const Outcome& each : scenario.outcomes) {
        expect_sound(scenario, each);
        moves += each.has_moved() ? 1 : 0;
      }
    }
    complaints_in_all += complaints(plan).size();
    EXPECT_EQ(to_json(plan), to_json(plan_of({pair.before, pair.after})));
    ASSERT_FALSE(HasFailure()) << pair.before << "\n-----\n" << pair.after;
  }
  EXPECT_GT(moves, 1000U);
  EXPECT_GT(complaints_in_all, 20U);
}

}  // namespace
}  // namespace baton::plan
