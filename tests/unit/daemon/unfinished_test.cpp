#include "daemon/unfinished.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

process::Notify notify(const std::string& key, const std::string& state, std::size_t scripts = 1) {
  return {.key = key, .commands = std::vector<notify::Command>(scripts, {.argv = {"/bin/notify", state}})};
}

TEST(Unfinished, has_nothing_to_tell_when_every_script_has_ended) {
  Unfinished unfinished;
  unfinished.on_told(notify("INSTANCE VI_1", "MASTER", 2));
  unfinished.on_finished("INSTANCE VI_1");
  EXPECT_EQ(unfinished.tell_again().size(), 1U);
  unfinished.on_finished("INSTANCE VI_1");
  unfinished.on_finished("INSTANCE VI_1");
  EXPECT_TRUE(unfinished.tell_again().empty());
}

TEST(Unfinished, tells_the_latest_state_alone) {
  Unfinished unfinished;
  unfinished.on_told(notify("INSTANCE VI_1", "MASTER"));
  unfinished.on_told(notify("INSTANCE VI_1", "BACKUP"));
  unfinished.on_told(notify("INSTANCE VI_2", "FAULT"));
  const auto again = unfinished.tell_again();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0], notify("INSTANCE VI_1", "BACKUP"));
  EXPECT_EQ(again[1], notify("INSTANCE VI_2", "FAULT"));
}

// The script for the state before has ended; that for the present one had not begun when the runner died.
TEST(Unfinished, waits_for_the_end_of_the_last_script) {
  Unfinished unfinished;
  unfinished.on_told(notify("INSTANCE VI_1", "BACKUP"));
  unfinished.on_told(notify("INSTANCE VI_1", "MASTER"));
  unfinished.on_finished("INSTANCE VI_1");
  EXPECT_EQ(unfinished.tell_again(), std::vector{notify("INSTANCE VI_1", "MASTER")});
  unfinished.on_finished("INSTANCE VI_1");  // told to another runner, which was told this alone
  EXPECT_TRUE(unfinished.tell_again().empty());
}

TEST(Unfinished, keeps_news_until_they_are_done_in_the_order_of_what_happened) {
  Unfinished unfinished(100, 1'000);
  for (const Bytes& news : {Bytes{1}, Bytes{2}, Bytes{3}}) unfinished.keep(unfinished.next_number(), news);
  unfinished.on_done({.numbers = {102, 7}});
  EXPECT_EQ(unfinished.news_again(), (std::vector<Bytes>{{1}, {3}}));
}

TEST(Unfinished, keeps_so_many_bytes_of_news_the_latest) {
  Unfinished unfinished(0, 1'000);
  for (std::uint8_t i = 1; i <= 5; ++i) unfinished.keep(unfinished.next_number(), Bytes(300, i));
  const auto again = unfinished.news_again();
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(again[0][0], 3);
}

TEST(Unfinished, what_three_runners_have_not_finished_is_not_told_to_a_fourth) {
  Unfinished unfinished(0, 1'000);
  unfinished.keep(unfinished.next_number(), Bytes{1});
  for (int runner = 0; runner < 3; ++runner) EXPECT_EQ(unfinished.news_again().size(), 1U);
  EXPECT_TRUE(unfinished.news_again().empty());
}

}  // namespace
}  // namespace baton::daemon
