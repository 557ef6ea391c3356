#include "daemon/outbox.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace baton::daemon {
namespace {

Bytes message(std::size_t number, std::size_t size = 1'000) {
  Bytes bytes(size);
  bytes[0] = static_cast<std::uint8_t>(number);
  bytes[1] = static_cast<std::uint8_t>(number >> 8);
  return bytes;
}

std::vector<std::size_t> read_all(const kernel::Channel& channel) {
  std::vector<std::size_t> numbers;
  while (const auto got = channel.receive()) numbers.push_back(got->bytes[0] | std::size_t{got->bytes[1]} << 8);
  return numbers;
}

class OutboxTest : public testing::Test {
 protected:
  kernel::Channel connect() {
    auto pair = kernel::Channel::make_pair();
    EXPECT_TRUE(pair);
    outbox_.connect(std::move(pair->first));
    return std::move(pair->second);
  }

  loop::Loop loop_;
  Outbox outbox_{loop_, std::size_t{4} << 20};
};

TEST_F(OutboxTest, a_slow_reader_gets_everything_in_order) {
  const kernel::Channel reader = connect();
  constexpr std::size_t all = 3'000;  // far more than a channel holds
  for (std::size_t i = 0; i < all; ++i) outbox_.put(message(i));
  std::vector<std::size_t> got;
  loop::Timer give_up = loop_.timer([&] { loop_.stop(); });
  give_up.set(loop::now() + std::chrono::seconds(60));
  const auto readable = loop_.watch(reader.fd(), loop::Ready::readable, [&] {
    for (const std::size_t number : read_all(reader)) got.push_back(number);
    if (got.size() == all) loop_.stop();
  });
  loop_.run();
  ASSERT_EQ(got.size(), all);
  for (std::size_t i = 0; i < all; ++i) ASSERT_EQ(got[i], i);
  EXPECT_EQ(outbox_.lost(), 0U);
}

TEST_F(OutboxTest, what_waits_goes_to_the_next_reader) {
  outbox_.put(message(1));
  {
    const kernel::Channel dead = connect();
  }
  outbox_.put(message(2));
  const kernel::Channel reader = connect();
  EXPECT_EQ(read_all(reader), std::vector<std::size_t>{2});
}

TEST_F(OutboxTest, a_reader_is_greeted_before_it_gets_what_waits_and_gets_nothing_that_was_for_the_one_before) {
  outbox_.put(message(1), Outbox::For::this_reader);
  outbox_.put(message(2));
  outbox_.put(message(3), Outbox::For::this_reader);
  auto pair = kernel::Channel::make_pair();
  ASSERT_TRUE(pair);
  outbox_.connect(std::move(pair->first), {message(7), message(8)});
  outbox_.put(message(4), Outbox::For::this_reader);
  EXPECT_EQ(read_all(pair->second), (std::vector<std::size_t>{7, 8, 2, 4}));
  EXPECT_EQ(outbox_.lost(), 0U);
}

TEST_F(OutboxTest, what_a_reader_is_greeted_with_makes_room_for_nothing) {
  Outbox outbox(loop_, 3'000);
  outbox.connect({}, {message(7), message(8), message(9)});
  for (std::size_t i = 0; i < 5; ++i) outbox.put(message(i), Outbox::For::this_reader);
  EXPECT_EQ(outbox.waiting(), 6U);
  EXPECT_EQ(outbox.lost(), 2U);
}

TEST_F(OutboxTest, beyond_its_bound_the_oldest_go) {
  constexpr std::size_t room = (std::size_t{4} << 20) / 1'000;
  for (std::size_t i = 0; i < room + 5; ++i) outbox_.put(message(i));
  EXPECT_EQ(outbox_.lost(), 5U);
}

TEST_F(OutboxTest, the_end_waits_for_a_reader_and_not_for_ever) {
  const kernel::Channel reader = connect();
  for (std::size_t i = 0; i < 3'000; ++i) outbox_.put(message(i));
  const Instant begin = loop::now();
  outbox_.finish(std::chrono::milliseconds(50));
  EXPECT_GE(loop::now() - begin, std::chrono::milliseconds(50));
  EXPECT_FALSE(read_all(reader).empty());
  outbox_.finish(std::chrono::milliseconds(1));  // some more of them fit
  EXPECT_FALSE(read_all(reader).empty());
}

}  // namespace
}  // namespace baton::daemon
