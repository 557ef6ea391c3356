#include "vrrp/codec_memory.h"

#include <gtest/gtest.h>

namespace baton::vrrp {
namespace {

HeardSender sender(std::uint32_t number, std::uint32_t sequence = 1) {
  return {.address = IpAddress::v4(0x0a001400 + number), .ah_sequence = sequence};
}

TEST(HeardSenders, keep_what_was_put_last) {
  HeardSenders heard;
  EXPECT_EQ(heard.find(sender(1).address), nullptr);
  EXPECT_EQ(heard.put(sender(1, 5)), std::nullopt);
  EXPECT_EQ(heard.put(sender(2, 6)), std::nullopt);
  EXPECT_EQ(heard.put(sender(1, 7)), std::nullopt);
  EXPECT_EQ(*heard.find(sender(1).address), sender(1, 7));
  EXPECT_EQ(*heard.find(sender(2).address), sender(2, 6));
}

TEST(HeardSenders, forget_the_one_heard_longest_ago) {
  HeardSenders heard;
  const auto places = static_cast<std::uint32_t>(limits::senders_remembered);
  for (std::uint32_t i = 1; i <= places; ++i) EXPECT_EQ(heard.put(sender(i)), std::nullopt);
  EXPECT_EQ(heard.put(sender(1)), std::nullopt);  // heard again
  EXPECT_EQ(heard.put(sender(places + 1)), sender(2));
  EXPECT_EQ(heard.find(sender(2).address), nullptr);
  EXPECT_NE(heard.find(sender(1).address), nullptr);
}

}  // namespace
}  // namespace baton::vrrp
