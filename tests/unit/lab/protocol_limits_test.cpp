#include "lab/protocol_limits.h"

#include <gtest/gtest.h>

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

TEST(ProtocolLimits, version_2_counts_skew_in_seconds_whatever_the_interval) {  // RFC 3768 §6.1
  const Target target{.version = 2, .advert_interval = 3s};
  EXPECT_EQ(skew_time(target, 102), Duration(1s) * (256 - 102) / 256);
  EXPECT_EQ(master_down_interval(target, 102), 9s + Duration(1s) * (256 - 102) / 256);
}

TEST(ProtocolLimits, version_3_counts_skew_in_intervals) {  // RFC 9568 §6.1
  const Target target{.version = 3, .advert_interval = 10ms};
  EXPECT_EQ(skew_time(target, 100), Duration(10ms) * 156 / 256);
  EXPECT_EQ(master_down_interval(target, 100), 30ms + Duration(10ms) * 156 / 256);
}

}  // namespace
}  // namespace baton::lab
