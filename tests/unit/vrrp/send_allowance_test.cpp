#include "vrrp/send_allowance.h"

#include <gtest/gtest.h>

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr SendRate three_at_once{.share = 1s, .in_a_row = 3};
constexpr Instant start{1h};

TEST(SendAllowance, lets_so_many_go_at_once_and_then_one_in_each_share) {
  SendAllowance allowance;
  for (int i = 0; i < three_at_once.in_a_row; ++i) {
    EXPECT_LE(allowance.earliest(three_at_once), start) << i;
    allowance.spend(three_at_once, start);
  }
  for (int i = 1; i <= 5; ++i) {
    const Instant due = start + i * three_at_once.share;
    EXPECT_EQ(allowance.earliest(three_at_once), due);
    allowance.spend(three_at_once, due);
  }
}

TEST(SendAllowance, is_whole_again_after_a_time_of_quiet_and_no_more_than_whole) {
  SendAllowance allowance;
  allowance.spend(three_at_once, start);
  const Instant later = start + 1h;
  for (int i = 0; i < three_at_once.in_a_row; ++i) allowance.spend(three_at_once, later);
  EXPECT_EQ(allowance.earliest(three_at_once), later + three_at_once.share);
}

TEST(SendAllowance, is_overdrawn_by_no_more_than_a_share) {
  SendAllowance allowance;
  for (int i = 0; i < 1000; ++i) allowance.spend(three_at_once, start);
  EXPECT_EQ(allowance.earliest(three_at_once), start + three_at_once.share);
}

}  // namespace
}  // namespace baton::vrrp
