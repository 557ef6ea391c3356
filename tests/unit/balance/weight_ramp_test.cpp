#include "balance/weight_ramp.h"

#include <gtest/gtest.h>

namespace baton::balance {
namespace {

using namespace std::chrono_literals;
using Step = WeightRamp::Step;
using Steps = std::vector<Step>;

TEST(WeightRamp, rises_in_equal_steps_to_the_whole_weight) {
  WeightRamp ramp;
  ramp.begin(2, 1, 16s, Instant(100s));
  EXPECT_EQ(ramp.next_at(), Instant(100s));
  EXPECT_EQ(ramp.step(Instant(100s)), (Steps{{.service = 2, .server = 1, .parts = 1}}));
  EXPECT_EQ(ramp.next_at(), Instant(101s));
  EXPECT_EQ(ramp.step(Instant(100s)), Steps{});
  EXPECT_EQ(ramp.step(Instant(107s)), (Steps{{.service = 2, .server = 1, .parts = 8}}));
  EXPECT_EQ(ramp.step(Instant(115s)), (Steps{{.service = 2, .server = 1, .parts = ramp_steps}}));
  EXPECT_EQ(ramp.next_at(), std::nullopt);
}

TEST(WeightRamp, each_server_has_its_own) {
  WeightRamp ramp;
  ramp.begin(0, 0, 16s, Instant(0s));
  ramp.begin(0, 1, 32s, Instant(1s));
  EXPECT_EQ(ramp.step(Instant(1s)).size(), 2U);
  EXPECT_EQ(ramp.next_at(), Instant(2s));
  ramp.end(0, 0);
  EXPECT_EQ(ramp.next_at(), Instant(3s));
}

TEST(WeightRamp, without_a_time_there_is_none) {
  WeightRamp ramp;
  ramp.begin(0, 0, 0s, Instant(0s));
  EXPECT_EQ(ramp.next_at(), std::nullopt);
}

TEST(WeightRamp, a_clock_that_jumps_ends_it) {
  WeightRamp ramp;
  ramp.begin(0, 0, 16s, Instant(100s));
  EXPECT_EQ(ramp.step(Instant(50s)), (Steps{{.parts = 1}}));
  EXPECT_EQ(ramp.step(Instant(1'000'000s)), (Steps{{.parts = ramp_steps}}));
}

}  // namespace
}  // namespace baton::balance
