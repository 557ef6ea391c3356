#include "recorder/ring.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace baton::recorder {
namespace {

class RingTest : public testing::Test {
 protected:
  void put(std::uint8_t what, std::size_t count) {
    const auto room = ring_.begin();
    ASSERT_GE(room.size(), count);
    std::fill_n(room.begin(), count, what);
    ring_.commit(count);
  }
  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> found;
    for (const Segment& each : ring_.read()) found.push_back(each.sequence);
    return found;
  }

  alignas(64) std::byte memory_[1024]{};
  Ring ring_{memory_, sizeof memory_};
};

TEST_F(RingTest, is_empty_at_first) {
  EXPECT_EQ(ring_.latest(), 0);
  EXPECT_TRUE(ring_.read().empty());
}

TEST_F(RingTest, keeps_the_last_segments_and_forgets_those_before) {
  for (std::uint8_t i = 1; i <= 6; ++i) put(i, i);
  EXPECT_EQ(sequences(), (std::vector<std::uint64_t>{3, 4, 5, 6}));
  EXPECT_EQ(ring_.read().front(), (Segment{.sequence = 3, .bytes = {3, 3, 3}}));
}

TEST_F(RingTest, what_is_not_committed_is_not_there) {
  put(1, 10);
  const auto room = ring_.begin();
  std::fill(room.begin(), room.end(), std::uint8_t{2});
  EXPECT_EQ(sequences(), std::vector<std::uint64_t>{1});
  ring_.commit(2);
  EXPECT_EQ(ring_.read().back(), (Segment{.sequence = 2, .bytes = {2, 2}}));
}

TEST_F(RingTest, another_that_writes_to_this_memory_goes_on_behind_it) {
  put(1, 1);
  Ring again(memory_, sizeof memory_);
  again.begin()[0] = 7;
  again.commit(1);
  EXPECT_EQ(sequences(), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(RingTest, up_to_a_death_is_not_what_came_after_it) {
  for (std::uint8_t i = 1; i <= 4; ++i) put(i, 1);
  const std::uint64_t death = ring_.latest();
  put(5, 1);  // writes over the first
  const auto kept = ring_.read(death);
  ASSERT_EQ(kept.size(), 3);
  EXPECT_EQ(kept.front().sequence, 2);
  EXPECT_EQ(kept.back().sequence, 4);
}

TEST_F(RingTest, a_size_that_a_dying_worker_made_up_reads_nothing_beyond_the_memory) {
  put(1, 1);
  ring_.commit(~std::size_t{0});
  EXPECT_LE(ring_.read().front().bytes.size(), sizeof memory_);
}

}  // namespace
}  // namespace baton::recorder
