// A stream of events from a socket that plays batond.
#include "control/event_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace baton::control {
namespace {

class EventStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(directory_), nullptr);
    path_ = std::string(directory_) + "/socket";
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path_, address.sun_path);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(listener_.get(), 1), 0);
    auto stream = EventStream::open(path_);
    ASSERT_TRUE(stream);
    stream_.emplace(std::move(*stream));
    batond_ = UniqueFd(::accept(listener_.get(), nullptr, nullptr));
  }
  void TearDown() override {
    (void)::unlink(path_.c_str());
    (void)::rmdir(directory_);
  }
  void say(std::string_view text) {
    ASSERT_EQ(::send(batond_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  char directory_[32] = "/tmp/baton-events-XXXXXX";
  std::string path_;
  UniqueFd listener_;
  UniqueFd batond_;
  std::optional<EventStream> stream_;
};

constexpr std::string_view header = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

TEST_F(EventStreamTest, asks_for_events) {
  char buffer[64] = {};
  ASSERT_GT(::recv(batond_.get(), buffer, sizeof(buffer) - 1, 0), 0);
  EXPECT_TRUE(std::string_view(buffer).starts_with("GET /v1/events HTTP/1.1\r\n")) << buffer;
}

TEST_F(EventStreamTest, an_event_is_news_once_it_is_whole) {
  say(header);
  say("id: 7\ndata: {\"event\":\"instance\"}\n\ndata: {\"event\":");
  const auto first = stream_->read();
  ASSERT_EQ(first.events.size(), 1U);
  EXPECT_EQ(first.events[0]["event"], "instance");
  EXPECT_EQ(stream_->last_event(), "7");
  say("\"group\"}\n\n");
  const auto second = stream_->read();
  ASSERT_EQ(second.events.size(), 1U);
  EXPECT_EQ(second.events[0]["event"], "group");
  EXPECT_FALSE(second.is_over);
}

TEST_F(EventStreamTest, what_was_said_before_the_end_is_heard) {
  say(header);
  say("data: {\"event\":\"instance\"}\n\n");
  batond_.reset();
  const auto news = stream_->read();
  EXPECT_EQ(news.events.size(), 1U);
  EXPECT_TRUE(news.is_over);
}

TEST_F(EventStreamTest, data_that_is_no_object_is_no_news) {
  say(header);
  say("data: nonsense\n\ndata: [1]\n\n:\n\ndata: {\"event\":\"group\"}\n\n");
  EXPECT_EQ(stream_->read().events.size(), 1U);
}

TEST_F(EventStreamTest, a_refusal_ends_the_stream) {
  say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_TRUE(stream_->read().is_over);
}

TEST_F(EventStreamTest, an_event_without_end_ends_the_stream) {
  say(header);
  bool is_over = false;
  for (int i = 0; i < 10 && !is_over; ++i) {
    say(std::string(16'000, 'x'));
    is_over = stream_->read().is_over;
  }
  EXPECT_TRUE(is_over);
}

TEST(EventStreamWithoutBatond, says_that_nobody_answers) {
  const auto stream = EventStream::open("/nonexistent/control.sock");
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, ControlError::Kind::not_running);
}

}  // namespace
}  // namespace baton::control
