#include "daemon/watch_policy.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

Instant at(Duration time) {
  return Instant(time);
}
ProcessState sleeping() {
  return {.state = 'S', .cpu_ticks = 7};
}

// Looks whenever it is asked to from `from` to `to`, and says when the verdict fell.
template <typename ReadProcess>
std::optional<Duration> hung_at(HangDetector& detector, Duration heartbeat, Duration from, Duration to,
                                ReadProcess read, Patience patience = {}) {
  for (Duration now = from; now <= to; now = detector.next_look().time_since_epoch()) {
    if (detector.is_hung(at(heartbeat), at(now), read, patience)) return now;
  }
  return std::nullopt;
}

TEST(HangDetector, silence_is_a_hang_as_soon_as_its_time_is_over) {
  HangDetector detector;
  detector.reset(at(10s));
  const auto verdict = hung_at(detector, 10s, 10s, 11s, sleeping);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, 10s + limits::hang);
}

TEST(HangDetector, a_worker_that_starts_from_scratch_is_given_seconds) {
  HangDetector detector;
  detector.reset(at(10s));
  const auto verdict = hung_at(detector, 10s, 10s, 20s, sleeping, {.silence = limits::hang_at_start});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, 10s + limits::hang_at_start);
}

TEST(HangDetector, a_beating_worker_is_never_hung) {
  HangDetector detector;
  detector.reset(at(10s));
  for (Duration now = 10s; now < 20s; now = detector.next_look().time_since_epoch()) {
    EXPECT_FALSE(detector.is_hung(at(now - limits::worker_beat), at(now), sleeping));
  }
}

TEST(HangDetector, an_idle_pair_costs_few_looks) {
  HangDetector detector;
  detector.reset(at(10s));
  int looks = 0;
  for (Duration now = 10s; now < 20s; now = detector.next_look().time_since_epoch(), ++looks) {
    const Duration beat = now - now % limits::worker_beat;
    EXPECT_FALSE(detector.is_hung(at(beat), at(now), sleeping));
  }
  EXPECT_LE(looks, 10s / (limits::hang - limits::close_look - limits::worker_beat) + 1);
  EXPECT_GE(looks, 10s / limits::hang);  // and not so few that a silence would be seen late
}

// Guardian and worker stood still together, and the guardian looks before the worker can show life.
TEST(HangDetector, a_short_pause_of_the_whole_machine_is_no_hang) {
  HangDetector detector;
  detector.reset(at(10s));
  EXPECT_FALSE(detector.is_hung(at(10s), at(10s + 40ms), sleeping));
  EXPECT_FALSE(detector.is_hung(at(10s), detector.next_look() + 79ms, sleeping));
  EXPECT_FALSE(detector.is_hung(at(10s + 240ms), detector.next_look(), sleeping));
}

TEST(HangDetector, a_guardian_that_was_away_itself_counts_anew) {
  HangDetector detector;
  detector.reset(at(10s));
  EXPECT_FALSE(detector.is_hung(at(10s), at(15s), sleeping));  // the machine was paused for five seconds
  EXPECT_TRUE(hung_at(detector, 10s, 15s + limits::close_look, 16s, sleeping));
}

TEST(HangDetector, a_worker_that_gets_no_processor_is_given_longer) {
  HangDetector detector;
  detector.reset(at(10s));
  const auto verdict =
      hung_at(detector, 10s, 10s, 14s, [] { return ProcessState{.state = 'R', .cpu_ticks = 7}; }, {.starved = 2s});
  ASSERT_TRUE(verdict);
  EXPECT_GE(*verdict, 12s);
  EXPECT_LE(*verdict, 12s + 2 * limits::close_look);
}

TEST(HangDetector, a_worker_that_got_a_processor_at_last_is_well) {
  HangDetector detector;
  detector.reset(at(10s));
  const auto starved = [] { return ProcessState{.state = 'R', .cpu_ticks = 7}; };
  EXPECT_FALSE(hung_at(detector, 10s, 10s, 11900ms, starved, {.starved = 2s}));
  EXPECT_FALSE(detector.is_hung(at(11950ms), at(12s), starved, {.starved = 2s}));
}

TEST(HangDetector, one_that_starts_and_gets_no_processor_is_not_condemned_the_sooner) {
  HangDetector detector;
  detector.reset(at(10s));
  const auto verdict = hung_at(detector, 10s, 10s, 20s, [] { return ProcessState{.state = 'R', .cpu_ticks = 7}; },
                               {.silence = limits::hang_at_start, .starved = 2s});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, 10s + limits::hang_at_start);
}

TEST(StarvedBound, leaves_time_to_speak_before_peers_take_over) {
  EXPECT_EQ(starved_bound(1s, 3), 2s);
  EXPECT_EQ(starved_bound(2s, 3), 4s);
  EXPECT_EQ(starved_bound(1s, 1), limits::starved_least);
  EXPECT_EQ(starved_bound(10ms, 3), limits::starved_least);  // starting another would not be faster
  EXPECT_EQ(starved_bound(255s, 100), limits::starved_most);
}

TEST(HangDetector, a_worker_that_burns_a_processor_in_silence_is_hung) {
  HangDetector detector;
  detector.reset(at(10s));
  std::uint64_t ticks = 0;
  const auto verdict =
      hung_at(detector, 10s, 10s, 12s, [&] { return ProcessState{.state = 'R', .cpu_ticks = ++ticks}; });
  ASSERT_TRUE(verdict);
  EXPECT_LE(*verdict, 10s + 300ms);
}

TEST(HangDetector, a_worker_that_the_kernel_holds_up_is_given_longer) {  // killed it could not be before it goes on
  HangDetector detector;
  detector.reset(at(10s));
  const auto verdict = hung_at(detector, 10s, 10s, 12s, [] { return ProcessState{.state = 'D', .cpu_ticks = 7}; });
  ASSERT_TRUE(verdict);
  EXPECT_GE(*verdict, 10s + limits::starved_least);
}

TEST(ResumeBound, is_half_an_interval_within_bounds) {
  EXPECT_EQ(resume_bound(10ms), limits::serving_again);
  EXPECT_EQ(resume_bound(300ms), 150ms);
  EXPECT_EQ(resume_bound(255s), limits::serving_again_at_most);
}

TEST(RestartPolicy, a_resume_that_failed_is_not_tried_again) {  // after a reload too, when nobody has died before
  RestartPolicy policy;
  policy.on_start(at(0s));
  EXPECT_FALSE(policy.on_failed_resume(at(100s)).resume);
}

TEST(BackOff, a_role_that_cannot_live_is_started_less_and_less_often) {
  BackOff back_off;
  for (const Duration expected : {0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    back_off.on_start(at(1000s));
    EXPECT_EQ(back_off.on_death(at(1001s)), expected);
  }
  EXPECT_EQ(back_off.on_death(at(1000s + limits::lived_long)), 0s);
}

TEST(RestartPolicy, the_first_death_is_resumed_at_once) {
  RestartPolicy policy;
  policy.on_start(at(0s));
  const auto verdict = policy.on_death(at(5s));
  EXPECT_TRUE(verdict.resume);
  EXPECT_EQ(verdict.back_off, 0s);
}

TEST(RestartPolicy, a_second_death_soon_after_is_not_resumed_and_waits_longer_each_time) {
  RestartPolicy policy;
  Duration now = 0s;
  policy.on_start(at(now));
  EXPECT_TRUE(policy.on_death(at(now + 5s)).resume);
  for (const Duration expected : {0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    policy.on_start(at(now));
    const auto verdict = policy.on_death(at(now + 1s));
    EXPECT_FALSE(verdict.resume);
    EXPECT_EQ(verdict.back_off, expected);
  }
}

TEST(RestartPolicy, a_long_life_forgives) {
  RestartPolicy policy;
  policy.on_start(at(0s));
  (void)policy.on_death(at(1s));
  policy.on_start(at(1s));
  EXPECT_FALSE(policy.on_death(at(2s)).resume);
  policy.on_start(at(2s));
  EXPECT_TRUE(policy.on_death(at(2s + limits::lived_long)).resume);
}

}  // namespace
}  // namespace baton::daemon
