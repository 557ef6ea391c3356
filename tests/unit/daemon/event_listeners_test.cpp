// Listeners on real sockets: who reads gets every line, who does not is dropped and holds up nobody.
#include "daemon/event_listeners.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

namespace baton::daemon {
namespace {

class EventListenersTest : public testing::Test {
 protected:
  UniqueFd listen() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    listeners_.add(UniqueFd(fds[1]), "hello");
    return UniqueFd(fds[0]);
  }
  // What has come; an empty text with `is_over` when the connection has ended.
  std::string heard(const UniqueFd& fd, bool* is_over = nullptr) {
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count == 0 && is_over != nullptr) *is_over = true;
      if (count <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(count));
      for (int turns = 0; turns < 4; ++turns) loop_.turn(Duration::zero());  // the rest of its backlog follows
    }
  }

  loop::Loop loop_;
  EventListeners listeners_{loop_};
};

TEST_F(EventListenersTest, every_listener_gets_every_line_in_order) {
  const UniqueFd first = listen();
  const UniqueFd second = listen();
  listeners_.tell("one");
  listeners_.tell("two");
  EXPECT_EQ(heard(first), "hello\none\ntwo\n");
  EXPECT_EQ(heard(second), "hello\none\ntwo\n");
}

TEST_F(EventListenersTest, a_listener_that_does_not_read_is_dropped_and_knows_it) {
  const UniqueFd lazy = listen();
  const UniqueFd eager = listen();
  const std::string line(1000, 'x');
  std::size_t read = 0;
  for (std::size_t i = 0; i < 2'000; ++i) {
    listeners_.tell(line);
    read += heard(eager).size();
  }
  EXPECT_EQ(read, std::string("hello\n").size() + 2'000 * (line.size() + 1));
  bool is_over = false;
  EXPECT_LT(heard(lazy, &is_over).size(), 1'000'000U);
  EXPECT_TRUE(is_over);
}

TEST_F(EventListenersTest, a_backlog_that_fits_is_delivered_when_it_is_read) {
  const UniqueFd slow = listen();
  const std::string line(10'000, 'x');
  for (std::size_t i = 0; i < 40; ++i) listeners_.tell(line);
  bool is_over = false;
  EXPECT_EQ(heard(slow, &is_over).size(), std::string("hello\n").size() + 40 * (line.size() + 1));
  EXPECT_FALSE(is_over);
}

TEST_F(EventListenersTest, there_is_room_again_when_one_has_gone) {
  std::vector<UniqueFd> all;
  while (!listeners_.is_full()) all.push_back(listen());
  EXPECT_EQ(all.size(), limits::event_listeners);
  all.pop_back();
  loop_.turn(Duration::zero());
  listeners_.tell("one");
  EXPECT_FALSE(listeners_.is_full());
}

TEST_F(EventListenersTest, last_words_arrive_before_the_end) {
  const UniqueFd fd = listen();
  listeners_.tell("goodbye");
  listeners_.say_last();
  bool is_over = false;
  EXPECT_EQ(heard(fd, &is_over), "hello\ngoodbye\n");
  EXPECT_TRUE(is_over);
}

}  // namespace
}  // namespace baton::daemon
