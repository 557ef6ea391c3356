// The server behind a real socket, with clients that ask well, slowly, and not at all.
#include "api/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <deque>

namespace baton::api {
namespace {

using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  // Its descriptor; the server has the other end.
  UniqueFd visit(bool is_root = true) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    waiting_.push_back({.fd = UniqueFd(ends[0]), .is_root = is_root});
    EXPECT_EQ(::send(bell_[0].get(), "x", 1, 0), 1);
    turn();
    return UniqueFd(ends[1]);
  }
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    bell_[0] = UniqueFd(ends[0]);
    bell_[1] = UniqueFd(ends[1]);
    server_.open_door(Door::unix_socket, ends[1], [this]() -> std::optional<Server::Visitor> {
      char ignored = 0;
      (void)::recv(bell_[1].get(), &ignored, 1, MSG_DONTWAIT);
      if (waiting_.empty()) return std::nullopt;
      Server::Visitor visitor = std::move(waiting_.front());
      waiting_.pop_front();
      return visitor;
    });
  }
  void turn() {
    for (int i = 0; i < 20; ++i) loop_.turn(Duration(0));
  }
  void say(const UniqueFd& client, std::string_view text) {
    (void)::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    turn();
  }
  struct Heard {
    std::string text;
    bool is_over = false;
  };
  static Heard hear(const UniqueFd& client) {
    Heard heard;
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t count = ::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) return heard;
      if (count <= 0) {
        heard.is_over = true;
        return heard;
      }
      heard.text.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  loop::Loop loop_;
  std::deque<Server::Visitor> waiting_;
  std::array<UniqueFd, 2> bell_;
  std::vector<Ticket> asked_;
  std::vector<http::Request> requests_;
  std::function<void(Ticket)> on_ask_ = [this](Ticket ticket) { server_.answer(ticket, {.body = "done"}); };
  Server server_{loop_, [this](Ticket ticket, const http::Request& request, const Asker&) {
                   asked_.push_back(ticket);
                   requests_.push_back(request);
                   on_ask_(ticket);
                 }};
};

constexpr std::string_view plain = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ServerTest, answers_and_keeps_the_connection) {
  const UniqueFd client = visit();
  for (int i = 0; i < 3; ++i) {
    say(client, plain);
    const Heard heard = hear(client);
    EXPECT_THAT(heard.text, HasSubstr("200 OK"));
    EXPECT_THAT(heard.text, HasSubstr("\r\n\r\ndone"));
    EXPECT_FALSE(heard.is_over);
  }
  EXPECT_EQ(server_.counts().requests, 3U);
}

TEST_F(ServerTest, closes_where_it_was_asked_to) {
  const UniqueFd client = visit();
  say(client, "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(hear(client).is_over);
}

TEST_F(ServerTest, a_thousand_requests_in_one_piece_are_all_answered) {
  const UniqueFd client = visit();
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "GET / HTTP/1.1\r\n\r\n";
  std::size_t answers = 0;
  for (std::size_t sent = 0, rounds = 0; answers < 1000 && rounds < 3000; ++rounds) {
    const ssize_t count = ::send(client.get(), many.data() + sent, many.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) sent += static_cast<std::size_t>(count);
    turn();
    const std::string text = hear(client).text;
    for (std::size_t at = 0; (at = text.find("200 OK", at)) != text.npos; ++at) ++answers;
  }
  EXPECT_EQ(answers, 1000U);
}

TEST_F(ServerTest, nonsense_is_refused_and_the_connection_ends) {
  const UniqueFd client = visit();
  say(client, "nonsense\r\n\r\n");
  const Heard heard = hear(client);
  EXPECT_THAT(heard.text, HasSubstr("400 Bad Request"));
  EXPECT_TRUE(heard.is_over);
}

TEST_F(ServerTest, who_says_too_much_hears_so_and_not_a_reset) {
  const UniqueFd client = visit();
  const std::string line = "GET /" + std::string(100'000, 'x');
  ASSERT_EQ(::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT), 100'005);
  turn();
  const Heard heard = hear(client);
  EXPECT_THAT(heard.text, HasSubstr("431 Request Header Fields Too Large"));
  EXPECT_TRUE(heard.is_over);
}

TEST_F(ServerTest, who_says_too_much_and_does_not_end_is_hung_up_on) {
  const UniqueFd client = visit();
  const std::string piece(100'000, 'x');
  for (std::size_t said = 0; said < 2 * limits::heard_out; said += piece.size()) say(client, piece);
  EXPECT_LT(::send(client.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT), 0);
}

TEST_F(ServerTest, who_has_gone_meanwhile_gets_no_answer_and_harms_nobody) {
  on_ask_ = [](Ticket) {};
  UniqueFd client = visit();
  say(client, plain);
  ASSERT_EQ(asked_.size(), 1U);
  client.reset();
  turn();
  server_.answer(asked_[0], {.body = "late"});
  turn();
  server_.answer(asked_[0], {.body = "twice"});
}

TEST_F(ServerTest, half_closed_it_still_gets_its_answer) {
  on_ask_ = [](Ticket) {};
  const UniqueFd client = visit();
  say(client, plain);
  (void)::shutdown(client.get(), SHUT_WR);
  turn();
  server_.answer(asked_.at(0), {.body = "done"});
  turn();
  EXPECT_THAT(hear(client).text, HasSubstr("done"));
}

TEST_F(ServerTest, silent_ones_make_room_for_who_comes) {
  std::vector<UniqueFd> silent;
  for (std::size_t i = 0; i < limits::connections; ++i) silent.push_back(visit());
  say(silent[1], "GET /half");
  const UniqueFd client = visit();
  say(client, plain);
  EXPECT_THAT(hear(client).text, HasSubstr("200 OK"));
  EXPECT_TRUE(hear(silent[0]).is_over) << "the one that waited longest";
  EXPECT_FALSE(hear(silent[2]).is_over);
  EXPECT_EQ(server_.counts().evicted, 1U);
}

TEST_F(ServerTest, who_waits_for_an_answer_is_not_put_out) {
  on_ask_ = [](Ticket) {};
  const UniqueFd patient = visit();
  say(patient, plain);
  std::vector<UniqueFd> crowd;
  for (std::size_t i = 0; i < 3 * limits::connections; ++i) crowd.push_back(visit());
  server_.answer(asked_.at(0), {.body = "done"});
  turn();
  EXPECT_THAT(hear(patient).text, HasSubstr("done"));
}

TEST_F(ServerTest, root_finds_room_where_others_have_taken_all_of_it) {
  on_ask_ = [](Ticket) {};
  std::vector<UniqueFd> crowd;
  for (std::size_t i = 0; i < limits::connections; ++i) {
    crowd.push_back(visit(false));
    say(crowd.back(), plain);
  }
  const UniqueFd stranger = visit(false);
  EXPECT_TRUE(hear(stranger).is_over);
  on_ask_ = [this](Ticket ticket) { server_.answer(ticket, {.body = "done"}); };
  const UniqueFd root = visit(true);
  say(root, plain);
  EXPECT_THAT(hear(root).text, HasSubstr("done"));
}

TEST_F(ServerTest, root_listens_where_others_have_taken_every_place) {
  int refused = 0;
  on_ask_ = [&](Ticket ticket) { refused += server_.listen(ticket, "hello") ? 0 : 1; };
  std::vector<UniqueFd> crowd;
  for (std::size_t i = 0; i < limits::listeners; ++i) {
    crowd.push_back(visit(false));
    say(crowd.back(), plain);
  }
  const UniqueFd root = visit(true);
  say(root, plain);
  EXPECT_EQ(refused, 0);
  EXPECT_THAT(hear(root).text, HasSubstr("hello"));
  EXPECT_TRUE(hear(crowd.front()).is_over);
}

TEST_F(ServerTest, a_HEAD_of_a_stream_ends) {
  on_ask_ = [this](Ticket ticket) { EXPECT_TRUE(server_.listen(ticket, "hello")); };
  const UniqueFd client = visit();
  say(client, "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  const Heard heard = hear(client);
  EXPECT_TRUE(heard.text.ends_with("\r\n\r\n")) << heard.text;
  EXPECT_TRUE(heard.is_over);
}

TEST_F(ServerTest, listeners_hear_every_event_and_one_that_does_not_read_is_cut_off) {
  on_ask_ = [this](Ticket ticket) { EXPECT_TRUE(server_.listen(ticket, "first\n")); };
  const UniqueFd reader = visit();
  const UniqueFd sleeper = visit();
  say(reader, plain);
  say(sleeper, plain);
  EXPECT_THAT(hear(reader).text, HasSubstr("text/event-stream"));
  const std::string event(16 * 1024, 'e');
  std::size_t heard = 0;
  for (int i = 0; i < 64; ++i) {
    server_.say_event(event);
    turn();
    heard += hear(reader).text.size();
  }
  EXPECT_EQ(heard, 64 * event.size());
  EXPECT_EQ(server_.counts().cut_off, 1U);
  EXPECT_TRUE(hear(sleeper).is_over);
}

TEST_F(ServerTest, no_more_listen_than_there_are_places) {
  int refused = 0;
  on_ask_ = [&](Ticket ticket) {
    if (!server_.listen(ticket, "")) {
      ++refused;
      server_.answer(ticket, {.status = 503});
    }
  };
  std::vector<UniqueFd> listeners;
  for (std::size_t i = 0; i < limits::listeners + 2; ++i) {
    listeners.push_back(visit());
    say(listeners.back(), plain);
  }
  EXPECT_EQ(refused, 2);
}

// It was let in; that the doors close in the same turn is not its fault.
TEST_F(ServerTest, who_has_asked_before_the_doors_close_is_answered) {
  const UniqueFd client = visit();
  (void)::send(client.get(), plain.data(), plain.size(), 0);
  server_.close_doors([] {});
  turn();
  EXPECT_THAT(hear(client).text, HasSubstr("done"));
}

TEST_F(ServerTest, doors_closed_it_ends_when_the_last_has_its_answer) {
  on_ask_ = [](Ticket) {};
  const UniqueFd idle = visit();
  const UniqueFd client = visit();
  say(client, plain);
  bool is_empty = false;
  server_.close_doors([&] { is_empty = true; });
  turn();
  EXPECT_FALSE(is_empty);
  EXPECT_TRUE(hear(idle).is_over);
  server_.answer(asked_.at(0), {.body = "done"});
  turn();
  EXPECT_TRUE(is_empty);
  EXPECT_THAT(hear(client).text, HasSubstr("Connection: "));
}

TEST_F(ServerTest, answers_that_nobody_reads_do_not_fill_the_memory) {
  std::vector<UniqueFd> sleepers;
  const std::string large(8 << 20, 'x');
  on_ask_ = [&](Ticket ticket) { server_.answer(ticket, {.body = large}); };
  for (int i = 0; i < 10; ++i) {
    sleepers.push_back(visit());
    say(sleepers.back(), plain);
  }
  EXPECT_THAT(hear(sleepers.back()).text, HasSubstr("503"));
}

}  // namespace
}  // namespace baton::api
