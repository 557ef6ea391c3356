#include "daemon/pause_watch.h"

#include <gtest/gtest.h>

#include "daemon/watch_policy.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

TEST(PauseWatch, a_worker_that_beats_was_not_paused) {
  PauseWatch watch;
  for (Instant now{1000s}; now < Instant{1010s}; now += limits::worker_beat) EXPECT_FALSE(watch.was_paused(now));
}

TEST(PauseWatch, the_time_since_the_last_look_counts) {
  PauseWatch watch;
  EXPECT_FALSE(watch.was_paused(Instant{1000s})) << "there was none before";
  EXPECT_FALSE(watch.was_paused(Instant{1000s} + limits::pause_noticed - 1ns));
  EXPECT_TRUE(watch.was_paused(Instant{1000s} + 2 * limits::pause_noticed));
  EXPECT_FALSE(watch.was_paused(Instant{1000s} + 2 * limits::pause_noticed + 1ns)) << "once";
}

}  // namespace
}  // namespace baton::daemon
