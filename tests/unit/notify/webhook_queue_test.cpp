#include "notify/webhook_queue.h"

#include <gtest/gtest.h>

namespace baton::notify {
namespace {

using namespace std::chrono_literals;
using Failure = WebhookQueue::Failure;
using Outcome = WebhookQueue::Outcome;

constexpr Instant start{1000s};

std::shared_ptr<const WebhookNews> news(std::uint32_t number) {
  return std::make_shared<WebhookNews>(
      WebhookNews{.node = "web1", .name = "VI_1", .state = EventState::master, .priority = number});
}

std::uint32_t sent(WebhookQueue& queue, Instant now) {
  const auto attempt = queue.next_attempt(now);
  return attempt ? attempt->news.priority : 0;
}

// Whoever keeps it no more knows so that every webhook has had it.
TEST(WebhookQueue, lets_go_of_what_was_told_given_up_or_dropped) {
  WebhookQueue queue(0);
  const auto told = news(1);
  const auto given_up = news(2);
  const auto dropped = news(3);
  queue.add(told);
  queue.add(given_up);
  EXPECT_EQ(told.use_count(), 2);
  (void)sent(queue, start);
  queue.on_delivered();
  EXPECT_EQ(told.use_count(), 1);
  (void)sent(queue, start);
  (void)queue.on_failed(start, Failure::is_final);
  EXPECT_EQ(given_up.use_count(), 1);
  queue.add(dropped);
  for (std::uint32_t i = 0; i < limits::webhook_news; ++i) queue.add(news(i));
  EXPECT_EQ(dropped.use_count(), 1);
}

TEST(WebhookQueue, one_at_a_time_and_in_order) {
  WebhookQueue queue(4);
  queue.add(news(1));
  queue.add(news(2));
  EXPECT_EQ(sent(queue, start), 1U);
  EXPECT_EQ(sent(queue, start), 0U);
  queue.on_delivered();
  EXPECT_EQ(sent(queue, start), 2U);
  queue.on_delivered();
  EXPECT_EQ(queue.pending(), 0U);
  EXPECT_EQ(sent(queue, start), 0U);
}

TEST(WebhookQueue, what_failed_is_tried_again_after_twice_the_pause_and_before_all_others) {
  WebhookQueue queue(3);
  queue.add(news(1));
  queue.add(news(2));
  Instant now = start;
  for (const Duration pause : {1s, 2s, 4s}) {
    EXPECT_EQ(sent(queue, now), 1U);
    EXPECT_EQ(queue.next_timeout(), std::nullopt);
    EXPECT_EQ(queue.on_failed(now, Failure::may_pass), Outcome::tried_again);
    EXPECT_EQ(queue.next_timeout(), now + pause);
    EXPECT_EQ(sent(queue, now + pause - 1ms), 0U);
    now += pause;
  }
  EXPECT_EQ(sent(queue, now), 1U);
  EXPECT_EQ(queue.on_failed(now, Failure::may_pass), Outcome::given_up);
  EXPECT_EQ(queue.lost(), 1U);
  EXPECT_EQ(sent(queue, now), 0U);  // the receiver failed a moment ago
  EXPECT_EQ(sent(queue, now + 8s), 2U);
}

TEST(WebhookQueue, no_pause_is_longer_than_a_minute) {
  WebhookQueue queue(20);
  queue.add(news(1));
  Instant now = start;
  for (int i = 0; i < 12; ++i) {
    ASSERT_EQ(sent(queue, now), 1U);
    ASSERT_EQ(queue.on_failed(now, Failure::may_pass), Outcome::tried_again);
    const Instant next = queue.next_timeout().value_or(now + 1h);
    EXPECT_LE(next, now + 60s);
    now = next;
  }
  EXPECT_GT(now, start + 400s);
}

TEST(WebhookQueue, a_final_failure_is_not_tried_again) {
  WebhookQueue queue(4);
  queue.add(news(1));
  queue.add(news(2));
  EXPECT_EQ(sent(queue, start), 1U);
  EXPECT_EQ(queue.on_failed(start, Failure::is_final), Outcome::given_up);
  const auto next = queue.next_attempt(start);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->news.priority, 2U);
  EXPECT_EQ(next->lost, 1U);
}

TEST(WebhookQueue, a_full_queue_drops_its_oldest_and_the_next_message_says_so) {
  WebhookQueue queue(4);
  for (std::uint32_t i = 1; i <= limits::webhook_news; ++i) EXPECT_TRUE(queue.add(news(i)));
  EXPECT_FALSE(queue.add(news(1000)));
  EXPECT_FALSE(queue.add(news(1001)));
  EXPECT_EQ(queue.pending(), limits::webhook_news);
  const auto first = queue.next_attempt(start);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->news.priority, 3U);
  EXPECT_EQ(first->lost, 2U);
  queue.on_delivered();
  const auto second = queue.next_attempt(start);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->lost, 0U);
}

TEST(WebhookQueue, what_is_under_way_is_not_dropped_and_what_it_does_not_tell_of_is_told_next) {
  WebhookQueue queue(4);
  for (std::uint32_t i = 1; i <= limits::webhook_news; ++i) queue.add(news(i));
  EXPECT_EQ(sent(queue, start), 1U);
  EXPECT_FALSE(queue.add(news(1000)));
  queue.on_delivered();
  const auto next = queue.next_attempt(start);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->news.priority, 3U);
  EXPECT_EQ(next->lost, 1U);
}

TEST(WebhookQueue, what_an_undelivered_message_told_of_is_told_again) {
  WebhookQueue queue(0);
  for (std::uint32_t i = 1; i <= 3; ++i) queue.add(news(i));
  EXPECT_EQ(sent(queue, start), 1U);
  EXPECT_EQ(queue.on_failed(start, Failure::is_final), Outcome::given_up);
  EXPECT_EQ(sent(queue, start), 2U);
  EXPECT_EQ(queue.on_failed(start, Failure::is_final), Outcome::given_up);
  const auto last = queue.next_attempt(start);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->lost, 2U);
}

TEST(WebhookQueue, in_a_hurry_everything_is_tried_once_and_at_once) {
  WebhookQueue queue(4);
  for (std::uint32_t i = 1; i <= 2; ++i) queue.add(news(i));
  EXPECT_EQ(sent(queue, start), 1U);
  EXPECT_EQ(queue.on_failed(start, Failure::may_pass), Outcome::tried_again);
  queue.hurry();
  EXPECT_EQ(sent(queue, start), 1U);
  EXPECT_EQ(queue.on_failed(start, Failure::may_pass), Outcome::given_up);
  EXPECT_EQ(sent(queue, start), 2U);
}

}  // namespace
}  // namespace baton::notify
