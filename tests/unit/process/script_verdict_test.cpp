#include "process/script_verdict.h"

#include <gtest/gtest.h>

namespace baton::process {
namespace {

TEST(ScriptVerdict, is_unknown_before_the_first_result) {
  EXPECT_EQ(ScriptVerdict(1, 1, InitialVerdict::unknown).is_up(), std::nullopt);
}

TEST(ScriptVerdict, the_first_result_decides_whatever_rise_and_fall_are) {
  ScriptVerdict good(3, 3, InitialVerdict::unknown);
  EXPECT_TRUE(good.on_result(true));
  EXPECT_EQ(good.is_up(), true);
  ScriptVerdict bad(3, 3, InitialVerdict::unknown);
  EXPECT_TRUE(bad.on_result(false));
  EXPECT_EQ(bad.is_up(), false);
}

TEST(ScriptVerdict, falls_after_so_many_failures_in_a_row) {
  ScriptVerdict verdict(1, 3, InitialVerdict::unknown);
  verdict.on_result(true);
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_FALSE(verdict.on_result(true));  // begins anew
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_TRUE(verdict.on_result(false));
  EXPECT_EQ(verdict.is_up(), false);
}

TEST(ScriptVerdict, rises_after_so_many_successes_in_a_row) {
  ScriptVerdict verdict(2, 1, InitialVerdict::unknown);
  verdict.on_result(false);
  EXPECT_FALSE(verdict.on_result(true));
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_FALSE(verdict.on_result(true));
  EXPECT_TRUE(verdict.on_result(true));
  EXPECT_EQ(verdict.is_up(), true);
}

TEST(ScriptVerdict, init_fail_is_a_failed_script_from_the_start) {
  ScriptVerdict verdict(2, 1, InitialVerdict::down);
  EXPECT_EQ(verdict.is_up(), false);
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_FALSE(verdict.on_result(true));
  EXPECT_TRUE(verdict.on_result(true));
}

TEST(ScriptVerdict, survives_new_thresholds) {
  ScriptVerdict verdict(1, 1, InitialVerdict::unknown);
  verdict.on_result(true);
  verdict.set_thresholds(1, 2);
  EXPECT_FALSE(verdict.on_result(false));
  EXPECT_TRUE(verdict.on_result(false));
}

}  // namespace
}  // namespace baton::process
