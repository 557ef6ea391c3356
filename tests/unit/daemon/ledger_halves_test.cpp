#include "daemon/ledger_halves.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

TEST(LedgerHalves, each_role_fills_the_half_of_the_one_before_the_last) {
  LedgerHalves halves{};
  for (const std::size_t half : {1U, 0U, 1U}) {
    const std::uint64_t turn = halves.turn();
    EXPECT_EQ(halves.begin(turn), half);
    EXPECT_EQ(halves.half(), 1 - half) << "until it is full";
    EXPECT_TRUE(halves.finish(turn));
    EXPECT_EQ(halves.half(), half);
  }
}

TEST(LedgerHalves, who_does_not_finish_has_changed_nothing) {
  LedgerHalves halves{};
  EXPECT_EQ(halves.begin(halves.turn()), 1U);
  (void)halves.turn();  // nor who does not begin
  EXPECT_EQ(halves.half(), 0U);
  EXPECT_EQ(halves.begin(halves.turn()), 1U);
}

TEST(LedgerHalves, who_is_overtaken_neither_begins_nor_finishes) {
  LedgerHalves halves{};
  const std::uint64_t first = halves.turn();
  const std::uint64_t slow = halves.turn();
  const std::uint64_t last = halves.turn();
  ASSERT_TRUE(halves.begin(first));
  ASSERT_TRUE(halves.begin(last));
  EXPECT_FALSE(halves.begin(slow));
  EXPECT_FALSE(halves.is_latest(first));
  EXPECT_FALSE(halves.finish(first));
  EXPECT_EQ(halves.half(), 0U);
  EXPECT_TRUE(halves.finish(last));
  EXPECT_EQ(halves.half(), 1U);
}

}  // namespace
}  // namespace baton::daemon
