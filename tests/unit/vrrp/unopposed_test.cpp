// A MASTER whom nobody may be able to contradict (RouterParameters::makes_room): how long it waits between two adverts.
#include "unit/vrrp/bench.h"

namespace baton::vrrp {
namespace {

constexpr RouterParameters with_ah{.makes_room = true};
constexpr Duration room = Duration(1s) / room_for_the_unheard;

Duration to_next_advert(Bench bench) {
  return *bench.router().next_timeout() - bench.now();
}

Bench master_out_of_silence(const RouterParameters& parameters) {
  RouterParameters plain = parameters;
  plain.announcements.delay = {};  // the next thing that happens is an advert
  Bench bench(plain);
  bench.start();
  bench.advance(bench.router().master_down_interval());
  EXPECT_EQ(bench.state(), State::master);
  return bench;
}

TEST(Unopposed, out_of_silence_leaves_others_the_time_to_speak) {
  EXPECT_EQ(to_next_advert(master_out_of_silence(with_ah)), 1s + room);
}

TEST(Unopposed, without_ah_nobody_is_kept_from_speaking) {
  EXPECT_EQ(to_next_advert(master_out_of_silence({})), 1s);
}

TEST(Unopposed, whoever_was_heard_can_be_heard) {
  Bench bench = master_out_of_silence(with_ah);
  bench.receive(advert(50));  // answered at once
  EXPECT_EQ(to_next_advert(bench), 1s);
}

TEST(Unopposed, after_a_goodbye_nobody_else_is_master) {
  Bench bench = Bench::backup(with_ah);
  bench.receive(advert(200));
  bench.receive(advert(spec::priority_stop));
  bench.advance(bench.router().skew_time());
  ASSERT_EQ(bench.state(), State::master);
  EXPECT_EQ(to_next_advert(bench), 1s);
}

}  // namespace
}  // namespace baton::vrrp
