#include "daemon/check_verdict.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

TEST(CheckVerdict, says_after_the_channel_what_it_said_before) {
  const CheckVerdict verdicts[] = {{.check = 7, .is_up = true},
                                   {.check = 0xffffffff, .is_up = false, .reason = "connection refused"},
                                   {.check = 0, .is_up = true, .weight = -253, .reason = "exited with status 5"}};
  for (const CheckVerdict& verdict : verdicts) EXPECT_EQ(decode_verdict(encode(verdict)), verdict);
}

TEST(CheckVerdict, a_long_reason_is_cut) {
  const CheckVerdict verdict{.check = 1, .reason = std::string(5'000, 'x')};
  const auto decoded = decode_verdict(encode(verdict));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->reason, std::string(limits::verdict_reason, 'x'));
}

TEST(CheckVerdict, believes_nothing) {
  const Bytes whole = encode({.check = 1, .is_up = true, .weight = 3, .reason = "why"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decode_verdict(ByteView(whole).first(size)).error(), VerdictError::truncated) << size;
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_EQ(decode_verdict(longer).error(), VerdictError::trailing_bytes);
  Bytes strange = whole;
  strange[4] = 0xff;
  EXPECT_EQ(decode_verdict(strange).error(), VerdictError::bad_value);
}

}  // namespace
}  // namespace baton::daemon
