#include "daemon/check_board.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::daemon {
namespace {

TEST(CheckBoard, keeps_what_is_written) {
  constexpr CheckBoard::Shape shape{.checks = 3, .services = 2, .servers = 2};
  std::vector<std::uint64_t> memory(CheckBoard::size_for(shape) / sizeof(std::uint64_t) + 1);
  CheckBoard board(memory.data(), shape);
  EXPECT_EQ(board.check(1), balance::CheckMemory{});
  EXPECT_EQ(board.has_quorum(0), std::nullopt);
  const balance::CheckMemory down{.state = balance::CheckState::down, .has_weight = true, .weight = -7};
  board.set_check(1, down);
  board.set_quorum(1, false);
  board.set_quorum(0, true);
  const ServerTraffic traffic{.connections = 0, .bytes_out = 1ULL << 40};
  board.set_traffic(1, traffic);
  board.set_rise(1, Instant(std::chrono::hours(1)));
  board.set_drained(0, true);
  const PlaneMemory plane{
      .state = PlaneState::missing, .kind = PlaneKind::nftables, .code = 95, .hears_connections = true};
  board.set_plane(plane);
  const CheckBoard again(memory.data(), shape);
  EXPECT_EQ(again.check(1), down);
  EXPECT_EQ(again.check(0), balance::CheckMemory{});
  EXPECT_EQ(again.check(2), balance::CheckMemory{});
  EXPECT_EQ(again.traffic(0), ServerTraffic{});
  EXPECT_EQ(again.traffic(1), traffic);
  EXPECT_EQ(again.plane(), plane);
  EXPECT_EQ(again.rise(0), std::nullopt);
  EXPECT_EQ(again.rise(1), Instant(std::chrono::hours(1)));
  EXPECT_TRUE(again.is_drained(0));
  EXPECT_FALSE(again.is_drained(1));
  EXPECT_EQ(again.has_quorum(1), false);  // nothing lies upon something else
  EXPECT_EQ(again.has_quorum(0), true);
  EXPECT_EQ(again.has_quorum(1), false);
}

TEST(CheckBoard, is_carried_to_another_one) {
  constexpr CheckBoard::Shape shape{.checks = 2, .services = 2, .servers = 2};
  std::vector<std::uint64_t> memory(CheckBoard::size_for(shape) / sizeof(std::uint64_t) + 1);
  CheckBoard board(memory.data(), shape);
  board.set_check(1, {.state = balance::CheckState::down});
  board.set_quorum(0, true);
  board.set_drained(1, true);
  board.set_known(0);
  board.set_rise(1, Instant(std::chrono::hours(1)));
  std::vector<std::uint64_t> other_memory(memory.size());
  CheckBoard other(other_memory.data(), shape);
  note(memory_of(board), other);
  EXPECT_EQ(other.check(1).state, balance::CheckState::down);
  EXPECT_EQ(other.check(0).state, balance::CheckState::unknown);
  EXPECT_EQ(other.has_quorum(0), true);
  EXPECT_EQ(other.has_quorum(1), std::nullopt);
  EXPECT_TRUE(!other.is_drained(0) && other.is_drained(1));
  EXPECT_TRUE(other.is_known(0) && !other.is_known(1));
  EXPECT_EQ(other.rise(0), std::nullopt);
  EXPECT_EQ(other.rise(1), Instant(std::chrono::hours(1)));
}

}  // namespace
}  // namespace baton::daemon
