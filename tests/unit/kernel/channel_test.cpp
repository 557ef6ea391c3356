#include "kernel/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "base/limits.h"

namespace baton::kernel {
namespace {

class Pair : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = Channel::make_pair();
    ASSERT_TRUE(pair);
    one = std::move(pair->first);
    two = std::move(pair->second);
  }
  Channel one;
  Channel two;
};

std::size_t open_descriptors() {
  const auto list = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(list), end(list)));
}

// The kernel tells of what the other side has not read (ECONNRESET) before it gives what that side had sent.
TEST_F(Pair, what_was_said_before_the_end_is_heard_also_from_one_that_did_not_listen) {
  ASSERT_TRUE(one.send(Bytes{1}));
  ASSERT_TRUE(two.send(Bytes{2}));
  ASSERT_TRUE(two.send(Bytes{3}));
  two.close();
  for (const Bytes& each : {Bytes{2}, Bytes{3}}) {
    const auto heard = one.receive();
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->bytes, each);
  }
  EXPECT_EQ(one.receive().error(), Channel::Nothing::any_more);
}

TEST_F(Pair, messages_arrive_whole_and_in_order) {
  ASSERT_TRUE(one.send(Bytes{1, 2, 3}));
  ASSERT_TRUE(one.send(Bytes(limits::message_size, 7)));
  EXPECT_EQ(two.receive()->bytes, (Bytes{1, 2, 3}));
  EXPECT_EQ(two.receive()->bytes, Bytes(limits::message_size, 7));
  EXPECT_EQ(two.receive().error(), Channel::Nothing::yet);
}

TEST_F(Pair, the_end_of_the_other_side_is_told_after_its_last_message) {
  ASSERT_TRUE(one.send(Bytes{1}));
  one.close();
  EXPECT_TRUE(two.receive());
  EXPECT_EQ(two.receive().error(), Channel::Nothing::any_more);
  EXPECT_EQ(two.send(Bytes{1}).error().code, EPIPE);
}

TEST_F(Pair, a_reader_that_does_not_read_fills_a_bounded_queue) {
  const Bytes large(limits::message_size, 1);
  int sent = 0;
  SysResult<void> result;
  for (; sent < 1'000 && result; ++sent) result = one.send(large);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, EAGAIN);
  EXPECT_GT(sent, 10);
}

TEST_F(Pair, a_descriptor_rides_along) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  ASSERT_TRUE(one.send(Bytes{1}, write_end.get()));
  const auto message = two.receive();
  ASSERT_TRUE(message && message->passed_fd);
  EXPECT_NE(::fcntl(message->passed_fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(::write(message->passed_fd.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
}

// A peer that is no Channel may send what it likes.
TEST_F(Pair, surplus_descriptors_are_not_taken_in) {
  const std::size_t before = open_descriptors();
  std::uint8_t byte = 1;
  iovec vector{.iov_base = &byte, .iov_len = 1};
  const std::array<int, 2> two_descriptors = {0, 0};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(two_descriptors))> control{};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(two_descriptors));
  std::memcpy(CMSG_DATA(part), two_descriptors.data(), sizeof(two_descriptors));
  ASSERT_EQ(::sendmsg(one.fd(), &header, 0), 1);
  EXPECT_TRUE(two.receive());
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Pair, a_message_beyond_the_bound_ends_the_conversation) {
  const Bytes large(limits::message_size + 1, 1);
  ASSERT_EQ(::send(one.fd(), large.data(), large.size(), 0), static_cast<ssize_t>(large.size()));
  EXPECT_EQ(two.receive().error(), Channel::Nothing::any_more);
}

}  // namespace
}  // namespace baton::kernel
