#include "log/lost_lines.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::log {
namespace {

// A reader that takes so many lines and counts.
class Bench {
 public:
  void write() {
    lines_.write([this] { return take(); },
                 [this](std::uint64_t lines) {
                   if (!take()) return false;
                   counts_.push_back(lines);
                   return true;
                 });
  }
  void set_room(int room) { room_ = room; }
  const LostLines& lines() const { return lines_; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }

 private:
  bool take() { return room_-- > 0; }

  LostLines lines_;
  int room_ = 0;
  std::vector<std::uint64_t> counts_;
};

TEST(LostLines, are_told_with_the_next_line_that_is_taken) {
  Bench bench;
  for (int i = 0; i < 3; ++i) bench.write();
  EXPECT_EQ(bench.lines().untold(), 3U);
  bench.set_room(10);
  bench.write();
  bench.write();
  EXPECT_EQ(bench.counts(), std::vector<std::uint64_t>{3});
  EXPECT_EQ(bench.lines().untold(), 0U);
  EXPECT_EQ(bench.lines().count(), 3U);
}

TEST(LostLines, whose_count_is_lost_are_told_again) {
  Bench bench;
  bench.write();
  bench.set_room(1);
  bench.write();  // the count has no place
  EXPECT_EQ(bench.counts(), std::vector<std::uint64_t>{});
  bench.set_room(0);
  bench.write();
  bench.set_room(2);
  bench.write();
  EXPECT_EQ(bench.counts(), std::vector<std::uint64_t>{2});
}

TEST(LostLines, are_none_where_every_line_is_taken) {
  Bench bench;
  bench.set_room(10);
  for (int i = 0; i < 10; ++i) bench.write();
  EXPECT_EQ(bench.counts(), std::vector<std::uint64_t>{});
}

}  // namespace
}  // namespace baton::log
