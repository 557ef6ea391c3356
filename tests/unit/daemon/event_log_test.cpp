#include "daemon/event_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::daemon {
namespace {

class EventLogTest : public testing::Test {
 protected:
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(EventLog::size / 8 + 1);
  EventLog log_{memory_.data()};
};

TEST_F(EventLogTest, tells_what_came_after_a_number) {
  EXPECT_EQ(log_.last(), 0U);
  EXPECT_EQ(log_.add("a"), 1U);
  EXPECT_EQ(log_.add("b"), 2U);
  ASSERT_EQ(log_.after(1).size(), 1U);
  EXPECT_EQ(log_.after(1)[0].text, "b");
  EXPECT_EQ(log_.after(0).size(), 2U);
  EXPECT_TRUE(log_.after(2).empty());
  EXPECT_EQ(log_.after(99).size(), 2U) << "of another life: all of this one was missed";
  EXPECT_EQ(log_.after(~std::uint64_t{0}).size(), 2U);
}

TEST_F(EventLogTest, forgets_the_oldest) {
  for (std::size_t i = 1; i <= 3 * limits::events_kept; ++i) log_.add(std::to_string(i));
  const auto kept = log_.after(0);
  ASSERT_EQ(kept.size(), limits::events_kept);
  EXPECT_EQ(kept.front().text, std::to_string(2 * limits::events_kept + 1));
  EXPECT_EQ(kept.back().number, 3 * limits::events_kept);
}

TEST_F(EventLogTest, a_text_that_is_too_long_has_a_number_and_is_not_kept) {
  EXPECT_EQ(log_.add(std::string(limits::event_bytes + 1, 'x')), 1U);
  EXPECT_EQ(log_.add(std::string(limits::event_bytes, 'y')), 2U);
  ASSERT_EQ(log_.after(0).size(), 1U);
  EXPECT_EQ(log_.after(0)[0].number, 2U);
}

}  // namespace
}  // namespace baton::daemon
