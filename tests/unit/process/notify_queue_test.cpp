#include "process/notify_queue.h"

#include <gtest/gtest.h>

namespace baton::process {
namespace {

Notification notification(std::string key, std::string path) {
  return {.key = std::move(key), .rules = {}, .command = {.argv = {std::move(path)}}, .deadline = Duration(1)};
}

std::string taken(NotifyQueue& queue) {
  const auto next = queue.take();
  return next ? next->command.argv.front() : "none";
}

TEST(NotifyQueue, one_key_one_at_a_time_in_order) {
  NotifyQueue queue;
  queue.push(notification("a", "a1"));
  queue.push(notification("a", "a2"));
  EXPECT_EQ(taken(queue), "a1");
  EXPECT_EQ(taken(queue), "none");
  queue.finished("a");
  EXPECT_EQ(taken(queue), "a2");
  queue.finished("a");
  EXPECT_EQ(taken(queue), "none");
}

TEST(NotifyQueue, keys_do_not_wait_for_each_other) {
  NotifyQueue queue;
  queue.push(notification("a", "a1"));
  queue.push(notification("b", "b1"));
  EXPECT_EQ(taken(queue), "a1");
  EXPECT_EQ(taken(queue), "b1");
}

TEST(NotifyQueue, a_busy_key_gets_its_turn_after_it_has_finished) {
  NotifyQueue queue;
  queue.push(notification("a", "a1"));
  EXPECT_EQ(taken(queue), "a1");
  queue.push(notification("a", "a2"));
  EXPECT_EQ(taken(queue), "none");
  queue.finished("a");
  EXPECT_EQ(taken(queue), "a2");
}

TEST(NotifyQueue, a_full_key_drops_its_oldest) {
  NotifyQueue queue;
  for (std::size_t i = 0; i < limits::notifications_per_key; ++i) {
    EXPECT_EQ(queue.push(notification("a", std::to_string(i))), std::nullopt);
  }
  EXPECT_EQ(queue.push(notification("a", "latest")), notification("a", "0"));
  EXPECT_EQ(queue.waiting(), limits::notifications_per_key);
  EXPECT_EQ(taken(queue), "1");
  std::string last;
  for (queue.finished("a"); queue.waiting() > 0; queue.finished("a")) last = taken(queue);
  EXPECT_EQ(last, "latest");
}

TEST(NotifyQueue, when_all_keys_together_are_full_a_new_key_is_refused_and_an_old_one_drops_its_oldest) {
  NotifyQueue queue;
  for (std::size_t i = 0; queue.waiting() < limits::notifications; ++i) {
    queue.push(notification(std::to_string(i % 1'000), "x"));
  }
  EXPECT_EQ(queue.push(notification("new", "y")), notification("new", "y"));
  EXPECT_EQ(queue.push(notification("1", "y")), notification("1", "x"));
  EXPECT_EQ(queue.waiting(), limits::notifications);
  queue.finished("new");  // never taken: nothing happens
  EXPECT_EQ(taken(queue), "x");
}

}  // namespace
}  // namespace baton::process
