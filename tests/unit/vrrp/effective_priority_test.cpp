// What trackers are worth (vrrp-behaviour, effective priority; keepalived.conf(5)).
#include "vrrp/effective_priority.h"

#include <gtest/gtest.h>

namespace baton::vrrp {
namespace {

constexpr TrackerValue up{.status = TrackerStatus::up};
constexpr TrackerValue down{.status = TrackerStatus::down};
constexpr TrackerValue unknown{};

Contribution script(int weight, TrackerValue value, bool reverse = false) {
  return contribution(TrackerKind::script, {.weight = weight, .reverse = reverse}, value);
}
Contribution file(int weight, int number, bool reverse = false) {
  return contribution(TrackerKind::file, {.weight = weight, .reverse = reverse},
                      {.status = TrackerStatus::up, .number = number});
}

TEST(Contribution, weight_0_is_a_fault_while_down) {
  EXPECT_EQ(script(0, up), Contribution{});
  EXPECT_EQ(script(0, down), Contribution{.fault = true});
}

TEST(Contribution, weight_0_reversed_is_a_fault_while_up) {
  EXPECT_EQ(script(0, up, true), Contribution{.fault = true});
  EXPECT_EQ(script(0, down, true), Contribution{});
}

TEST(Contribution, a_positive_weight_counts_while_up) {
  EXPECT_EQ(script(4, up).amount, 4);
  EXPECT_EQ(script(4, down).amount, 0);
}

TEST(Contribution, a_negative_weight_counts_while_down) {
  EXPECT_EQ(script(-20, up).amount, 0);
  EXPECT_EQ(script(-20, down).amount, -20);
}

TEST(Contribution, reverse_turns_the_sign) {
  EXPECT_EQ(script(10, up, true).amount, -10);
  EXPECT_EQ(script(10, down, true).amount, 0);
  EXPECT_EQ(script(-10, down, true).amount, 10);
}

TEST(Contribution, without_a_result_nothing_counts_and_weight_0_is_awaited) {
  EXPECT_EQ(script(4, unknown), Contribution{});
  EXPECT_EQ(script(0, unknown), Contribution{.awaited = true});
}

TEST(Contribution, a_file_counts_its_number_times_its_weight) {
  EXPECT_EQ(file(2, 10).amount, 20);
  EXPECT_EQ(file(2, -10).amount, -20);
  EXPECT_EQ(file(2, 10, true).amount, -20);
}

TEST(Contribution, a_file_with_weight_0_is_a_fault_unless_it_says_0) {
  EXPECT_EQ(file(0, 0), Contribution{});
  EXPECT_EQ(file(0, 1), Contribution{.fault = true});
  EXPECT_EQ(file(0, 0, true), Contribution{.fault = true});
}

TEST(Contribution, a_file_worth_less_than_253_below_is_a_fault) {
  EXPECT_EQ(file(2, -126), Contribution{.amount = -252});
  EXPECT_EQ(file(2, -127), Contribution{.fault = true});
  EXPECT_EQ(file(253, -2'000'000'000), Contribution{.fault = true});
}

TEST(Contribution, a_file_is_worth_253_at_most) {
  EXPECT_EQ(file(2, 200).amount, 253);
  EXPECT_EQ(file(253, 2'000'000'000).amount, 253);
}

TEST(EffectivePriority, stays_within_1_and_254) {
  EXPECT_EQ(effective_priority(100, 4), 104);
  EXPECT_EQ(effective_priority(100, -253), 1);
  EXPECT_EQ(effective_priority(100, 253), 254);
}

TEST(EffectivePriority, of_the_owner_is_255) {
  EXPECT_EQ(effective_priority(255, -100), 255);
}

}  // namespace
}  // namespace baton::vrrp
