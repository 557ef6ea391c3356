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

TEST(TrackedVerdict, says_after_the_channel_what_it_said_before) {
  const TrackedVerdict verdicts[] = {{.key = 0x123456789abcdef0, .is_up = true, .reason = "success"}, {.key = 1}};
  for (const TrackedVerdict& verdict : verdicts) EXPECT_EQ(decode_tracked(encode_tracked(verdict)), verdict);
  EXPECT_EQ(decode_tracked(encode_tracked({.reason = std::string(5'000, 'x')}))->reason.size(), limits::verdict_reason);
}

TEST(TrackedVerdict, believes_nothing) {
  const Bytes whole = encode_tracked({.key = 1, .is_up = true, .reason = "why"});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(decode_tracked(ByteView(whole).first(length)).error(), VerdictError::truncated);
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_EQ(decode_tracked(longer).error(), VerdictError::trailing_bytes);
  Bytes neither = whole;
  neither[8] = 2;
  EXPECT_EQ(decode_tracked(neither).error(), VerdictError::bad_value);
}

}  // namespace
}  // namespace baton::daemon
