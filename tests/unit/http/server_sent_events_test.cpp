#include "http/server_sent_events.h"

#include <gtest/gtest.h>

namespace baton::http {
namespace {

TEST(ServerSentEvents, are_read_as_they_were_written) {
  ServerSentEventParser parser(1000);
  const ServerSentEvent event{.id = "7", .kind = "instance", .data = "{\"a\":1}"};
  const std::string text = to_text(event);
  std::vector<ServerSentEvent> read;
  for (const char c : text) {
    for (const auto& one : parser.feed({&c, 1})) read.push_back(one);
  }
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0], event);
}

TEST(ServerSentEvents, comments_say_nothing_and_an_id_stays_until_the_next) {
  ServerSentEventParser parser(1000);
  const auto events = parser.feed(":\n\nid: 1\r\ndata: a\r\ndata: b\r\n\r\ndata:c\n\n");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0], (ServerSentEvent{.id = "1", .kind = "", .data = "a\nb"}));
  EXPECT_EQ(events[1], (ServerSentEvent{.id = "1", .kind = "", .data = "c"}));
}

TEST(ServerSentEvents, without_an_end_are_broken) {
  ServerSentEventParser parser(100);
  (void)parser.feed(std::string(99, 'x'));
  EXPECT_FALSE(parser.is_broken());
  (void)parser.feed("xx");
  EXPECT_TRUE(parser.is_broken());
}

TEST(ServerSentEvents, whose_lines_never_end_an_event_are_broken) {
  ServerSentEventParser parser(100);
  for (int i = 0; i < 20; ++i) (void)parser.feed("data: 1234567\n");
  EXPECT_TRUE(parser.is_broken());
}

}  // namespace
}  // namespace baton::http
