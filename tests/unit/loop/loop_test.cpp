#include "loop/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace baton::loop {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 20s;  // for what must happen; a busy machine is slow

// Turns the loop until it is so; false when patience ends.
template <typename Condition>
bool turn_until(Loop& loop, Condition&& condition) {
  const Instant deadline = now() + patience;
  while (!condition()) {
    const Duration left = deadline - now();
    if (left <= Duration::zero()) return false;
    loop.turn(left);
  }
  return true;
}

// Readable for ever: a descriptor that somebody floods.
class Flood {
 public:
  Flood() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    read_ = UniqueFd(ends[0]);
    write_ = UniqueFd(ends[1]);
    EXPECT_EQ(::write(write_.get(), "x", 1), 1);
  }
  int fd() const { return read_.get(); }
  void drain() const {
    char byte = 0;
    EXPECT_EQ(::read(read_.get(), &byte, 1), 1);
  }

 private:
  UniqueFd read_;
  UniqueFd write_;
};

TEST(Loop, a_timer_fires_once_and_not_before_its_instant) {
  Loop loop;
  std::vector<Instant> fired;
  Timer timer = loop.timer([&] { fired.push_back(now()); });
  const Instant when = now() + 5ms;
  timer.set(when);
  EXPECT_EQ(timer.when(), when);
  ASSERT_TRUE(turn_until(loop, [&] { return !fired.empty(); }));
  EXPECT_GE(fired.at(0), when);
  EXPECT_EQ(timer.when(), std::nullopt);
  loop.turn(10ms);
  EXPECT_EQ(fired.size(), 1U);
}

TEST(Loop, a_timer_of_the_past_fires_in_the_next_turn) {
  Loop loop;
  int fired = 0;
  Timer timer = loop.timer([&] { ++fired; });
  timer.set(Instant{});
  loop.turn(patience);
  EXPECT_EQ(fired, 1);
}

TEST(Loop, a_timer_can_be_set_again_from_its_own_callback) {
  Loop loop;
  int fired = 0;
  Timer timer;
  timer = loop.timer([&] {
    if (++fired < 3) timer.set(now());
  });
  timer.set(now());
  EXPECT_TRUE(turn_until(loop, [&] { return fired == 3; }));
}

TEST(Loop, a_cancelled_timer_does_not_fire_even_if_it_was_due) {
  Loop loop;
  int fired = 0;
  Timer second;
  Timer first = loop.timer([&] { ++fired, second.cancel(); });
  second = loop.timer([&] { ++fired, first.cancel(); });
  first.set(now());
  second.set(now());
  loop.turn(patience);
  loop.turn(1ms);
  EXPECT_EQ(fired, 1);  // whichever was served first
  second.set(now() + 1ms);
  second.cancel();
  loop.turn(5ms);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(second.when(), std::nullopt);
}

TEST(Loop, a_timer_may_be_replaced_inside_its_own_callback) {
  Loop loop;
  std::string told;
  Timer timer;
  timer = loop.timer([&, word = std::string(100, 'a')] {
    timer = loop.timer([&] { told += "second"; });
    timer.set(now());
    told += word.substr(0, 1);  // what the running callback holds is still there
  });
  timer.set(now());
  EXPECT_TRUE(turn_until(loop, [&] { return told == "asecond"; }));
}

TEST(Loop, a_subscription_may_end_inside_its_own_callback) {
  Loop loop;
  const Flood flood;
  int called = 0;
  Subscription subscription;
  subscription = loop.watch(flood.fd(), Ready::readable, [&, word = std::string(100, 'a')] {
    subscription.reset();
    called += word.at(0) == 'a' ? 1 : 0;
  });
  loop.turn(patience);
  loop.turn(1ms);
  EXPECT_EQ(called, 1);
}

TEST(Loop, a_subscription_that_ends_while_it_waits_to_be_served_is_not_called) {
  Loop loop;
  const Flood one;
  const Flood two;
  int called = 0;
  std::array<Subscription, 2> both;
  const auto end_both = [&] {
    ++called;
    for (Subscription& subscription : both) subscription.reset();
  };
  both[0] = loop.watch(one.fd(), Ready::readable, end_both);
  both[1] = loop.watch(two.fd(), Ready::readable, end_both);
  loop.turn(patience);
  loop.turn(1ms);
  EXPECT_EQ(called, 1);
}

TEST(Loop, a_signal_is_an_event_like_another) {
  Loop loop;
  int heard = 0;
  const Subscription subscription = loop.on_signal(SIGUSR1, [&] { ++heard; });
  ASSERT_EQ(::raise(SIGUSR1), 0);
  EXPECT_TRUE(turn_until(loop, [&] { return heard == 1; }));
}

TEST(Loop, a_forked_process_hears_its_own_signals_and_its_parent_does_not) {
  Loop loop;
  int heard = 0;
  const Subscription subscription = loop.on_signal(SIGUSR1, [&] { ++heard; });
  const pid_t child = ::fork();
  if (child == 0) {
    Loop own;
    int heard_here = 0;
    Subscription here;
    here = own.on_signal(SIGUSR1, [&] { ++heard_here, here.reset(); });
    (void)::raise(SIGUSR1);
    ::_exit(turn_until(own, [&] { return heard_here == 1; }) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  loop.turn(1ms);
  EXPECT_EQ(heard, 0);
}

TEST(Loop, run_settles_before_it_sleeps_and_ends_at_stop) {
  Loop loop;
  std::string told;
  loop.before_sleep([&] {
    told += "s";
    if (told == "s") loop.once_more();
    if (told == "ss") loop.stop();
  });
  loop.run();  // nothing is watched: without settling first and once_more() this would sleep or spin
  EXPECT_EQ(told, "ss");
}

TEST(Loop, what_a_timer_sent_is_flushed_before_the_next_descriptor_is_served) {
  Loop loop;
  std::string order;
  const Flood flood;
  const Subscription readable = loop.watch(flood.fd(), Ready::readable, [&] { order += "d"; });
  Timer timer = loop.timer([&] { order += "t"; });
  loop.before_sleep([&] { order += "s"; });
  timer.set(Instant{});
  loop.turn(patience);
  EXPECT_EQ(order, "tsds");
}

// With more flooded descriptors than one look hands out, hooks still run and a timer waits for one handler.
TEST(Loop, flooded_descriptors_starve_neither_timers_nor_hooks_nor_each_other) {
  Loop loop;
  constexpr std::size_t floods = 40;
  std::vector<Flood> flooded(floods);
  std::array<int, floods> served{};
  std::vector<Subscription> subscriptions;
  for (std::size_t i = 0; i < floods; ++i) {
    subscriptions.push_back(loop.watch(flooded[i].fd(), Ready::readable, [&, i] { ++served.at(i); }));
  }
  int settled = 0;
  loop.before_sleep([&] { ++settled; });
  int handlers_when_due = 0;
  const auto handlers = [&] {
    int sum = 0;
    for (const int count : served) sum += count;
    return sum;
  };
  Timer timer = loop.timer([&] { handlers_when_due = handlers(); });
  for (std::size_t i = 0; i < floods; ++i) loop.turn(patience);
  EXPECT_GE(settled, static_cast<int>(floods));
  EXPECT_EQ(std::ranges::count(served, 1), static_cast<int>(floods));  // round robin
  const int before = handlers();
  timer.set(Instant{});
  loop.turn(patience);
  EXPECT_EQ(handlers_when_due, before);
}

TEST(Loop, a_timer_that_is_always_due_leaves_each_turn_a_descriptor) {
  Loop loop;
  const Flood flood;
  int served = 0;
  const Subscription readable = loop.watch(flood.fd(), Ready::readable, [&] { ++served; });
  Timer timer;
  timer = loop.timer([&] { timer.set(Instant{}); });
  timer.set(Instant{});
  for (int i = 0; i < 10; ++i) loop.turn(patience);
  EXPECT_GE(served, 9);
}

// epoll counts in whole milliseconds: with those each of these would be 0.7 ms late or more. How late they are beyond
// that is a busy machine's affair, and printed.
TEST(Loop, wake_ups_are_precise) {
  constexpr Duration distance = 300us;
  Loop loop;
  std::vector<Duration> late;
  Instant due = now() + distance;
  Timer timer;
  timer = loop.timer([&] {
    late.push_back(now() - due);
    due = now() + distance;
    timer.set(due);
  });
  timer.set(due);
  ASSERT_TRUE(turn_until(loop, [&] { return late.size() == 1000; }));
  std::ranges::sort(late);
  const auto micros = [](Duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); };
  std::printf("lateness of 1,000 timers: least %.0f us, median %.0f us, p99 %.0f us, worst %.0f us\n",
              micros(late.front()), micros(late[500]), micros(late[990]), micros(late[999]));
  EXPECT_GE(late.front(), Duration::zero());
  EXPECT_LT(late.front(), 500us);
}

TEST(Loop, looks_at_the_clock_before_it_serves_anybody) {
  Loop loop;
  std::string told;
  Timer timer = loop.timer([&] { told += "timer "; });
  loop.after_waiting([&] { told += "look "; });
  loop.before_sleep([&] { told += "settle "; });
  timer.set(now());
  EXPECT_TRUE(turn_until(loop, [&] { return told.contains("timer"); }));
  EXPECT_EQ(told.rfind("look timer settle "), told.size() - std::string("look timer settle ").size());
}

TEST(Loop, what_is_watched_anew_is_told_once_and_again_when_asked_for) {
  Loop loop;
  const Flood flood;
  int calls = 0;
  Subscription subscription = loop.watch(flood.fd(), Ready::anew, [&] {
    if (++calls == 1) subscription.call_again();
  });
  ASSERT_TRUE(turn_until(loop, [&] { return calls == 2; }));
  for (int turns = 0; turns < 5; ++turns) loop.turn(Duration::zero());
  EXPECT_EQ(calls, 2);  // it is readable still
}

TEST(Loop, as_many_descriptors_a_turn_as_was_said) {
  Loop loop;
  loop.serve_at_once(2);
  const std::array<Flood, 3> floods;
  std::array<int, 3> calls{};
  std::vector<Subscription> subscriptions;
  for (std::size_t i = 0; i < floods.size(); ++i) {
    subscriptions.push_back(loop.watch(floods[i].fd(), Ready::readable, [&calls, i] { ++calls[i]; }));
  }
  loop.turn(patience);
  EXPECT_EQ(std::ranges::count(calls, 1), 2);
  loop.turn(patience);
  EXPECT_EQ(std::ranges::count(calls, 0), 0);
}

}  // namespace
}  // namespace baton::loop
