// Whatever the simulator plays is recorded, and what is recorded is played again: every action of every core of every
// world, also where the ring has forgotten most of it.
#include <gtest/gtest.h>

#include <list>

#include "sim/scenario.h"
#include "unit/recorder/tape.h"

namespace baton::recorder {
namespace {

struct Counted {
  std::size_t lives = 0;
  std::size_t steps = 0;
  std::uint64_t segments = 0;  // that were begun
};

// Each core that lives in this world has a tape of its own.
Counted play_and_replay(std::uint64_t seed, std::size_t segment_size) {
  std::list<Tape> tapes;
  (void)sim::play(seed, false, [&](vrrp::Node& node, const vrrp::NodeParameters& parameters) {
    return tapes.emplace_back(parameters, limits::segments * (segment_size + 700 * parameters.routers.size()))
        .record(node);
  });
  Counted counted;
  for (Tape& tape : tapes) {
    const Played played = play_file(file_of({tape.life()}));
    EXPECT_EQ(played.error, "") << "seed " << seed;
    EXPECT_EQ(played.different, std::vector<std::size_t>{}) << "seed " << seed;
    ++counted.lives;
    counted.steps += played.steps.size();
    counted.segments += tape.ring().latest();
  }
  return counted;
}

TEST(WorldRecording, every_random_world_replays_without_a_difference) {
  Counted all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    if (sim::kind_of(seed) == sim::Kind::lockstep || sim::kind_of(seed) == sim::Kind::churn) continue;
    const Counted counted = play_and_replay(seed, 1 << 16);
    all.lives += counted.lives;
    all.steps += counted.steps;
  }
  EXPECT_GT(all.lives, 200);
  EXPECT_GT(all.steps, 50'000);
}

TEST(WorldRecording, so_does_what_a_ring_has_kept_that_wraps_all_the_time) {
  std::uint64_t segments = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    if (sim::kind_of(seed) == sim::Kind::lockstep || sim::kind_of(seed) == sim::Kind::churn) continue;
    const Counted counted = play_and_replay(seed, 1500);
    EXPECT_TRUE(counted.lives == 0 || counted.steps > 0) << "seed " << seed;  // there are worlds without a Baton
    segments += counted.segments;
  }
  EXPECT_GT(segments, 1000);
}

TEST(WorldRecording, so_does_half_an_hour_beside_others) {
  const std::uint64_t churn = 4;
  ASSERT_EQ(sim::kind_of(churn), sim::Kind::churn);
  EXPECT_GT(play_and_replay(churn, 6000).segments, 20);
}

}  // namespace
}  // namespace baton::recorder
