#include "lab/reactor.h"

#include <gtest/gtest.h>

#include "lab/clock.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

// Of this thread's processor time.
void spend(Duration time) {
  const auto spent = [] {
    timespec now{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec);
  };
  const Duration end = spent() + time;
  while (spent() < end) continue;
}

TEST(Reactor, asks_an_expensive_condition_for_a_fifth_of_the_time_whatever_happens_meanwhile) {
  Reactor reactor;
  reactor.every(1ms, [] {});
  int asked = 0;
  EXPECT_FALSE(reactor.run_until(
      [&] {
        ++asked;
        spend(10ms);
        return false;
      },
      now() + 500ms));
  EXPECT_LE(asked, 11);  // and a last time at the end
  EXPECT_GE(asked, 2);
}

TEST(Reactor, asks_a_cheap_condition_after_every_event) {
  Reactor reactor;
  int happened = 0;
  int asked = 0;
  reactor.every(1ms, [&] { ++happened; });
  EXPECT_TRUE(reactor.run_until(
      [&] {
        ++asked;
        return happened >= 20;
      },
      now() + 60s));
  EXPECT_GE(asked, 10);
}

}  // namespace
}  // namespace baton::lab
