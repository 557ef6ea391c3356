// vrrp_startup_delay and vrrp_delay_after_boot: timers count from their end, adverts are ignored meanwhile.
#include "unit/vrrp/bench.h"

namespace baton::vrrp {
namespace {

constexpr Duration skew_of_100 = Duration(1s) * 156 / 256;

TEST(StartDelay, timers_count_from_the_end_of_the_startup_delay) {
  Bench bench({.startup_delay = 2s});
  bench.start();
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 5s + skew_of_100);
}

TEST(StartDelay, adverts_are_ignored_during_the_startup_delay) {
  Bench bench = Bench::backup({.startup_delay = 2s});
  bench.advance(1999ms);
  bench.receive(advert(200));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1ms + 3s + skew_of_100);
  bench.advance(1ms);
  bench.receive(advert(200));
  EXPECT_EQ(bench.router().master(), peer_address);
}

TEST(StartDelay, timers_count_from_the_end_of_the_delay_after_boot) {  // a Bench begins 1000 s after the boot
  Bench bench = Bench::backup({.earliest_start = Instant(1002s)});
  bench.receive(advert(200));
  EXPECT_EQ(bench.router().master(), std::nullopt);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 2s + 3s + skew_of_100);
}

TEST(StartDelay, the_longer_of_the_two_delays_counts) {
  Bench bench = Bench::backup({.startup_delay = 3s, .earliest_start = Instant(1002s)});
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + 3s + skew_of_100);
}

TEST(StartDelay, long_after_the_boot_nothing_is_delayed) {
  Bench bench({.base_priority = 255, .wanted_state = State::master, .earliest_start = Instant(999s)});
  bench.start();
  EXPECT_EQ(bench.state(), State::master);
}

TEST(StartDelay, an_owner_waits_for_the_end_of_the_startup_delay) {
  Bench bench = Bench::backup({.base_priority = 255, .wanted_state = State::master, .startup_delay = 2s});
  bench.advance(2s - 1ns);
  EXPECT_EQ(bench.state(), State::backup);
  bench.advance(1ns);
  EXPECT_EQ(bench.state(), State::master);
}

}  // namespace
}  // namespace baton::vrrp
