#include "daemon/unfinished.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

process::Notify notify(const std::string& key, const std::string& state, std::uint64_t number = 1,
                       std::size_t scripts = 1) {
  return {.key = key,
          .commands = std::vector<notify::Command>(scripts, {.argv = {"/bin/notify", state}}),
          .number = number};
}

process::NotifyFinished finished(const process::Notify& notify) {
  return {.key = notify.key, .command = "/bin/notify", .number = notify.number};
}

TEST(Unfinished, has_nothing_to_tell_when_every_script_has_ended) {
  Unfinished unfinished;
  const process::Notify master = notify("INSTANCE VI_1", "MASTER", 1, 2);
  unfinished.on_told(master);
  unfinished.on_finished(finished(master));
  EXPECT_EQ(unfinished.tell_again().size(), 1U);
  unfinished.on_finished(finished(master));
  unfinished.on_finished(finished(master));
  EXPECT_TRUE(unfinished.tell_again().empty());
}

TEST(Unfinished, tells_the_latest_state_alone) {
  Unfinished unfinished;
  unfinished.on_told(notify("INSTANCE VI_1", "MASTER", 1));
  unfinished.on_told(notify("INSTANCE VI_1", "BACKUP", 2));
  unfinished.on_told(notify("INSTANCE VI_2", "FAULT", 3));
  const auto again = unfinished.tell_again();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0], notify("INSTANCE VI_1", "BACKUP", 2));
  EXPECT_EQ(again[1], notify("INSTANCE VI_2", "FAULT", 3));
}

// The script for the state before has ended, or one of another event (notify_master_rx_lower_pri has no number); that
// for the present state had not begun when the runner died.
TEST(Unfinished, waits_for_the_end_of_the_last_script) {
  Unfinished unfinished;
  const process::Notify backup = notify("INSTANCE VI_1", "BACKUP", 1);
  const process::Notify master = notify("INSTANCE VI_1", "MASTER", 2);
  unfinished.on_told(backup);
  unfinished.on_told(master);
  unfinished.on_finished(finished(backup));
  unfinished.on_finished(finished(notify("INSTANCE VI_1", "MASTER_RX_LOWER_PRI", 0)));
  EXPECT_EQ(unfinished.tell_again(), std::vector{master});
  unfinished.on_finished(finished(master));
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
