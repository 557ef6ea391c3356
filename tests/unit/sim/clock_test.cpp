#include "sim/clock.h"

#include <gtest/gtest.h>

#include "sim/random.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;

TEST(Clock, shows_a_moment_at_the_first_instant_that_it_says) {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    Clock clock(Instant(1'000'000s));
    clock.set_drift(random.between(-10'000, 10'000), Instant(1'000'000s) + random.between(0s, 100s));
    const Instant shown = Instant(1'000'100s) + random.between(0s, 3600s);
    const Instant at = clock.when(shown);
    EXPECT_GE(clock.read(at), shown);
    EXPECT_LT(clock.read(at - 2ns), shown);
  }
}

TEST(Clock, runs_fast_by_its_drift_and_goes_on_without_a_jump) {
  Clock clock(Instant(0s));
  clock.set_drift(1'000, Instant(10s));
  EXPECT_EQ(clock.read(Instant(1010s)), Instant(1011s));
  clock.set_drift(0, Instant(1010s));
  EXPECT_EQ(clock.read(Instant(1020s)), Instant(1021s));
}

TEST(Clock, stands_still_with_its_machine) {
  Clock clock(Instant(0s));
  clock.set_standing(true, Instant(10s));
  EXPECT_EQ(clock.read(Instant(100s)), Instant(10s));
  EXPECT_EQ(clock.when(Instant(11s)), Instant::max());
  clock.set_standing(false, Instant(100s));
  EXPECT_EQ(clock.when(Instant(11s)), Instant(101s));
}

}  // namespace
}  // namespace baton::sim
