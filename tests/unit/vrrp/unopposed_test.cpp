// A MASTER whom nobody may be able to contradict (RouterParameters::makes_room): how long it waits between two adverts.
#include "unit/vrrp/bench.h"

namespace baton::vrrp {
namespace {

constexpr RouterParameters with_ah{.makes_room = true};
constexpr Duration room = room_for_the_unheard;

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

TEST(Unopposed, a_backup_that_waits_for_one_advert_gets_it_in_time) {
  EXPECT_EQ(to_next_advert(master_out_of_silence({.down_timer_adverts = 1, .makes_room = true})), 1s);
}

TEST(Unopposed, a_backup_does_not_know_of_the_room_when_it_takes_over) {
  RouterParameters parameters{.makes_room = true, .rival_priority = 254};
  Bench bench = master_out_of_silence(parameters);
  (void)bench.actions();
  bench.sleep(3s + skew_time(254, Version::v2, 1s) + room / 2);
  bench.wake();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::backup, Reason::overslept)});
}

TEST(Unopposed, whoever_was_heard_can_be_heard) {
  Bench bench = master_out_of_silence(with_ah);
  bench.receive(advert(50));  // answered at once
  EXPECT_EQ(to_next_advert(bench), 1s);
}

// It may have stood still, its clocks as well, and have a successor that its adverts put off.
TEST(Unopposed, one_of_four_adverts_of_any_master_leaves_others_the_time_to_speak) {
  RouterParameters parameters = with_ah;
  parameters.announcements.lower_priority_delay = {};  // nothing happens but adverts
  Bench bench = master_out_of_silence(parameters);
  bench.receive(advert(50));  // answered at once
  std::vector<Duration> pauses;
  for (int i = 0; i < 8; ++i) {
    pauses.push_back(to_next_advert(bench));
    bench.advance(pauses.back());
  }
  EXPECT_EQ(pauses, (std::vector<Duration>{1s, 1s, 1s, 1s + room, 1s, 1s, 1s, 1s + room}));
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
