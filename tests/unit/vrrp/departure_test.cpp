// Make-before-break (docs/decisions/0003): a master that leaves serves until its successor does.
#include "vrrp/departure.h"

#include "unit/vrrp/bench.h"

namespace baton::vrrp {
namespace {

constexpr Duration one_second = 1s;
constexpr Duration slowest_skew_of_v2 = one_second * 255 / 256;
const Duration linger = linger_time(1);
constexpr Duration patience = slowest_skew_of_v2 + limits::handover_margin;

// ---------------------------------------------------------------- stop

TEST(Stop, of_a_master_asks_for_relief_and_serves_on) {
  Bench bench = Bench::master();
  bench.stop();
  EXPECT_EQ(bench.actions(), Actions{sent(0)});
  EXPECT_EQ(bench.state(), State::master);
  EXPECT_TRUE(bench.router().holds_addresses());
  EXPECT_TRUE(bench.router().is_leaving());
  EXPECT_FALSE(bench.router().is_stopped());
}

TEST(Stop, lets_go_when_the_successor_announces) {
  Bench bench = Bench::master();
  bench.stop();
  (void)bench.actions();
  bench.advance(600ms);
  bench.receive(advert(98));
  bench.advance(2ms);
  bench.announcement();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::init, Reason::stop)});
  EXPECT_TRUE(bench.router().is_stopped());
  EXPECT_EQ(bench.router().next_timeout(), std::nullopt);
}

TEST(Stop, lets_go_soon_after_the_successors_advert_when_no_announcement_is_heard) {
  Bench bench = Bench::master();
  bench.stop();
  bench.receive(advert(98));
  bench.advance(linger - 1ns);
  EXPECT_FALSE(bench.router().is_stopped());
  bench.advance(1ns);
  EXPECT_TRUE(bench.router().is_stopped());
}

TEST(Stop, lets_go_when_an_announcement_is_heard_though_the_advert_was_lost) {
  Bench bench = Bench::master();
  bench.stop();
  bench.announcement();
  EXPECT_TRUE(bench.router().is_stopped());
}

TEST(Stop, lets_go_when_the_last_of_its_addresses_is_announced) {
  const IpAddress last = IpAddress::v4(0x0a001465);
  Bench bench = Bench::master({.addresses = 2, .last_address = last});
  bench.stop();
  bench.receive(advert(98));
  bench.announcement();
  EXPECT_TRUE(bench.router().holds_addresses());
  bench.announcement(last);
  EXPECT_TRUE(bench.router().is_stopped());
}

TEST(Stop, lingers_the_longer_the_more_addresses_a_successor_has_to_add) {
  EXPECT_EQ(linger_time(0), 200ms);
  EXPECT_EQ(linger_time(1000), 400ms);
  EXPECT_EQ(linger_time(10'000), 2200ms);
  EXPECT_EQ(linger_time(1'000'000'000), 3s);
  Bench bench = Bench::master({.addresses = 1000});
  bench.stop();
  bench.receive(advert(98));
  bench.advance(400ms - 1ns);
  EXPECT_FALSE(bench.router().is_stopped());
  bench.advance(1ns);
  EXPECT_TRUE(bench.router().is_stopped());
}

TEST(Stop, without_a_successor_waits_for_the_slowest_and_says_goodbye_again) {
  Bench bench = Bench::master();
  bench.stop();
  (void)bench.actions();
  bench.advance(patience - 1ns);
  EXPECT_EQ(bench.actions(), Actions{});
  bench.advance(1ns);
  EXPECT_EQ(bench.actions(), (Actions{sent(0), changed(State::master, State::init, Reason::stop)}));
}

TEST(Stop, adverts_no_more_and_provokes_nobody) {
  Bench bench = Bench::master({.announcements = {.refresh = 1s}});
  bench.stop();
  (void)bench.actions();
  bench.receive(advert(200));
  bench.advance(linger - 1ns);
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Stop, a_second_one_changes_nothing) {
  Bench bench = Bench::master();
  bench.stop();
  (void)bench.actions();
  bench.advance(500ms);
  const auto deadline = bench.router().next_timeout();
  bench.stop();
  EXPECT_EQ(bench.actions(), Actions{});
  EXPECT_EQ(bench.router().next_timeout(), deadline);
}

TEST(Stop, makes_a_handover_that_is_under_way_a_stop) {
  Bench bench = Bench::master();
  bench.handover();
  bench.advance(500ms);
  bench.stop();
  (void)bench.actions();
  bench.receive(advert(98));
  bench.announcement();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::init, Reason::stop)});
}

TEST(Stop, while_the_group_leaves_says_the_goodbye_that_was_not_said) {
  Bench bench = Bench::master();
  Actions out;
  bench.router().become_backup(Reason::sync_group, bench.now(), out);
  EXPECT_EQ(out, Actions{});
  bench.stop();
  EXPECT_EQ(bench.actions(), Actions{sent(0)});
}

TEST(Stop, a_long_v3_interval_is_made_short_first) {
  Bench bench = Bench::master({.version = Version::v3, .advert_interval = 10s});
  bench.stop();
  EXPECT_EQ(bench.actions(), (Actions{sent(100, 250ms), sent(0, 250ms)}));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + Duration(250ms) * 255 / 256 + limits::handover_margin);
}

TEST(Stop, without_make_before_break_is_keepalived_s) {
  Bench bench = Bench::master({.version = Version::v3, .make_before_break = false});
  bench.stop();
  EXPECT_EQ(bench.actions(), (Actions{sent(0), changed(State::master, State::init, Reason::stop)}));
}

TEST(Stop, is_bounded_whatever_the_successor_does) {
  Bench bench = Bench::master();
  bench.stop();
  const Instant begun = bench.now();
  for (int i = 0; i < 1000 && !bench.router().is_stopped(); ++i) {
    bench.receive(advert(i % 2 == 0 ? 98 : 0));
    bench.advance(10ms);
  }
  EXPECT_TRUE(bench.router().is_stopped());
  EXPECT_LE(bench.now() - begun, patience + linger);
}

TEST(Stop, a_fault_meanwhile_ends_it_at_once_with_a_goodbye) {
  Bench bench = Bench::master();
  bench.stop();
  (void)bench.actions();
  bench.fault();
  EXPECT_EQ(bench.actions(), (Actions{sent(0), sent(0), changed(State::master, State::init, Reason::stop)}));
  EXPECT_TRUE(bench.router().is_stopped());
  bench.clear_fault();
  EXPECT_EQ(bench.actions(), Actions{});
  EXPECT_EQ(bench.router().next_timeout(), std::nullopt);
}

TEST(Stop, a_fault_with_the_successor_there_ends_it_silently) {
  Bench bench = Bench::master();
  bench.stop();
  bench.receive(advert(98));
  (void)bench.actions();
  bench.fault();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::init, Reason::stop)});
}

// ---------------------------------------------------------------- handover

TEST(Handover, asks_for_relief_and_lets_go_when_the_successor_announces) {
  Bench bench = Bench::master();
  bench.handover();
  EXPECT_EQ(bench.actions(), Actions{sent(0)});
  bench.advance(600ms);
  bench.receive(advert(98));
  bench.announcement();
  EXPECT_EQ(bench.actions(),
            (Actions{changed(State::master, State::backup, Reason::handover), MasterLearned{peer_address, 98}}));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + bench.router().master_down_interval());
}

TEST(Handover, counts_the_wait_from_the_successors_last_advert) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(98));
  bench.advance(50ms);
  bench.announcement();
  EXPECT_EQ(bench.router().next_timeout(), bench.now() - 50ms + bench.router().master_down_interval());
}

TEST(Handover, is_not_undone_by_our_higher_priority) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(98));
  bench.announcement();
  for (int i = 0; i < 20; ++i) {
    bench.advance(1s);
    bench.receive(advert(98));
  }
  EXPECT_EQ(bench.state(), State::backup);
  bench.advance(4s);  // that master is gone: ours again, and preempting again
  ASSERT_EQ(bench.state(), State::master);
  bench.receive(advert(200));
  bench.announcement();
  bench.receive(advert(98));
  EXPECT_EQ(bench.router().wait_reason(), Reason::master_below_us);
}

TEST(Handover, without_a_successor_goes_on_with_an_advert_and_says_so) {
  Bench bench = Bench::master({.announcements = {.refresh = 60s}});
  bench.handover();
  (void)bench.actions();
  bench.advance(patience);
  EXPECT_EQ(bench.actions(), (Actions{sent(100), HandoverFailed{}}));
  EXPECT_EQ(bench.state(), State::master);
  EXPECT_FALSE(bench.router().is_leaving());
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1s);
}

TEST(Handover, does_not_provoke_a_lower_successor) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(98));
  (void)bench.actions();
  bench.advance(100ms);
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Handover, to_a_successor_that_goes_again_fails_and_takes_the_address_back) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(98));
  (void)bench.actions();
  bench.receive(advert(0));
  EXPECT_EQ(bench.actions(), (Actions{sent(100), HandoverFailed{}, Announce{5}}));
}

TEST(Handover, a_goodbye_of_somebody_else_means_nothing) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(98));
  bench.receive(advert(0, 1s, third_address));
  EXPECT_TRUE(bench.router().is_leaving());
}

TEST(Handover, asked_of_a_backup_does_nothing) {
  Bench bench = Bench::backup();
  bench.handover();
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Handover, asked_twice_is_one) {
  Bench bench = Bench::master();
  bench.handover();
  (void)bench.actions();
  bench.handover();
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Handover, a_fault_meanwhile_lets_go_at_once) {
  Bench bench = Bench::master();
  bench.handover();
  (void)bench.actions();
  bench.fault();
  EXPECT_EQ(bench.actions(), (Actions{sent(0), sent(0), changed(State::master, State::fault, Reason::tracked_down)}));
}

TEST(Handover, a_fault_with_the_successor_there_disturbs_it_not) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(98));
  (void)bench.actions();
  bench.fault();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::fault, Reason::tracked_down)});
}

TEST(Handover, that_overslept_its_bound_lets_go) {
  Bench bench = Bench::master();
  bench.handover();
  (void)bench.actions();
  bench.sleep(10s);
  bench.wake();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::backup, Reason::overslept)});
}

TEST(Handover, without_make_before_break_lets_go_at_once) {
  Bench bench = Bench::master({.make_before_break = false});
  bench.handover();
  EXPECT_EQ(bench.actions(), (Actions{sent(0), changed(State::master, State::backup, Reason::handover)}));
}

// ---------------------------------------------------------------- a better master (RFC 9568 §6.4.3)

TEST(BetterMaster, is_heard_and_the_adverts_stop_without_a_goodbye) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  EXPECT_EQ(bench.actions(), Actions{});
  EXPECT_TRUE(bench.router().is_leaving());
  EXPECT_TRUE(bench.router().holds_addresses());
}

TEST(BetterMaster, is_let_in_when_it_announces) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  bench.advance(3ms);
  bench.announcement();
  EXPECT_EQ(bench.actions(),
            (Actions{changed(State::master, State::backup, Reason::better_master), MasterLearned{peer_address, 200}}));
}

TEST(BetterMaster, may_have_our_priority_and_a_higher_address) {
  Bench bench = Bench::master();
  bench.receive(advert(100));
  bench.announcement();
  EXPECT_EQ(bench.router().reason(), Reason::equal_master_higher_address);
}

TEST(BetterMaster, that_does_not_announce_is_provoked_once) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  bench.advance(limits::provoke_after_advert - 1ns);
  EXPECT_EQ(bench.actions(), Actions{});
  bench.advance(1ns);
  EXPECT_EQ(bench.actions(), (Actions{sent(100), second_master(advert(200), false)}));
  bench.advance(linger - limits::provoke_after_advert - 1ns);
  EXPECT_EQ(bench.actions(), Actions{});
  bench.advance(1ns);
  EXPECT_EQ(bench.state(), State::backup);
}

// A VRRPv3 backup counts by the interval it heard last. Ours, when shorter, would make it a master between two adverts
// of the successor.
TEST(BetterMaster, is_provoked_with_its_own_interval) {
  Bench bench = Bench::master({.version = Version::v3, .advert_interval = 100ms});
  bench.receive(advert(200, 1s));
  bench.advance(limits::provoke_after_advert);
  EXPECT_EQ(adverts_of(bench.actions()), std::vector{sent(100, 1s)});
}

TEST(BetterMaster, that_has_begun_to_announce_is_not_provoked) {
  Bench bench = Bench::master({.addresses = 1000, .last_address = IpAddress::v4(0x0a001465)});
  bench.receive(advert(200));
  bench.announcement();
  bench.advance(300ms);
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(BetterMaster, its_further_adverts_do_not_extend_the_wait) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  for (int i = 0; i < 21; ++i) {
    bench.advance(10ms);
    bench.receive(advert(200));
  }
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(BetterMaster, a_lower_one_meanwhile_is_nobody) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  bench.receive(advert(50, 1s, third_address));
  bench.announcement();
  EXPECT_EQ(bench.router().master(), peer_address);
}

TEST(BetterMaster, that_goes_again_leaves_us_master) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  bench.receive(advert(0));
  EXPECT_EQ(bench.actions(), (Actions{sent(100), Announce{5}}));
  EXPECT_FALSE(bench.router().is_leaving());
}

// Without a key any stranger can say both.
TEST(BetterMaster, that_comes_and_goes_all_the_time_makes_no_flood_of_us) {
  for (const bool answers_higher : {false, true}) {
    Bench bench = Bench::master({.advert_interval = 1600ms,
                                 .higher_priority_send_advert = answers_higher,
                                 .announcements = {.delay = 0s, .lower_priority_delay = 0s}});
    bench.advance(1600ms);
    (void)bench.actions();
    for (int i = 0; i < 10'000; ++i) {  // in a second
      bench.receive(advert(200));
      bench.receive(advert(0));
      bench.advance(100us);
    }
    const Actions actions = bench.actions();
    EXPECT_LE(std::ranges::count(actions, Action(sent(100))), 2 * limits::answers_an_interval + 1);
    EXPECT_GE(std::ranges::count(actions, Action(sent(100))), limits::answers_an_interval) << "and is no silence";
    EXPECT_EQ(std::ranges::count(actions, Action(Announce{5})), limits::bursts_in_a_row);
    EXPECT_EQ(bench.state(), State::master);
    bench.advance(1600ms);
    EXPECT_THAT(bench.actions(), testing::Contains(Action(Announce{5}))) << "the last is told late";
  }
}

TEST(BetterMaster, that_comes_and_goes_all_the_time_is_corrected_where_lower_masters_are_not) {
  Bench bench = Bench::master({.announcements = {.delay = 0s, .lower_priority_repeat = 0}});
  bench.advance(1s);
  for (int i = 0; i < 2 * limits::bursts_in_a_row; ++i) {
    bench.receive(advert(200));
    bench.receive(advert(0));
  }
  (void)bench.actions();
  bench.advance(1s);
  EXPECT_EQ(std::ranges::count(bench.actions(), Action(Announce{5})), 1) << "the last is told late, and once";
}

// Each pair lasts long enough to be provoked.
TEST(BetterMaster, that_comes_and_goes_slowly_makes_no_flood_of_us_and_leaves_no_silence) {
  Bench bench = Bench::master({.announcements = {.delay = 0s, .lower_priority_delay = 0s}});
  bench.advance(1s);
  (void)bench.actions();
  constexpr int seconds = 5;
  for (int i = 0; i < seconds * 40; ++i) {
    bench.receive(advert(200));
    bench.advance(24ms);
    bench.receive(advert(0));
    bench.advance(1ms);
  }
  const auto sent_meanwhile = std::ranges::count(bench.actions(), Action(sent(100)));
  EXPECT_LE(sent_meanwhile, (seconds + 1) * limits::answers_an_interval + seconds + 1);
  bench.advance(1s);
  EXPECT_THAT(bench.actions(), testing::Contains(Action(sent(100))));
}

// Found by the simulator: others waited by the interval of who had left, and took over from a master that is slower.
TEST(BetterMaster, the_advert_that_is_sent_first_has_the_interval_of_the_winner) {
  Bench bench = Bench::master({.version = Version::v3, .advert_interval = 100ms, .higher_priority_send_advert = true});
  bench.receive(advert(200, 1s));
  EXPECT_EQ(adverts_of(bench.actions()).front(), sent(100, 1s));
}

TEST(BetterMaster, higher_priority_send_advert_sends_one_first) {
  Bench bench = Bench::master({.higher_priority_send_advert = true});
  bench.receive(advert(200));
  EXPECT_EQ(bench.actions(), Actions{sent(100)});
}

TEST(BetterMaster, without_make_before_break_is_let_in_at_once) {
  Bench bench = Bench::master({.make_before_break = false});
  bench.receive(advert(200));
  EXPECT_EQ(bench.actions(),
            (Actions{changed(State::master, State::backup, Reason::better_master), MasterLearned{peer_address, 200}}));
}

TEST(BetterMaster, its_v3_interval_is_learned) {
  Bench bench = Bench::master({.version = Version::v3});
  bench.receive(advert(200, 100ms));
  bench.announcement();
  EXPECT_EQ(bench.router().master_interval(), 100ms);
}

// ---------------------------------------------------------------- a fallen priority

// A router with priority 104 that has heard a peer with 102 as master before.
Bench knowing_master(RouterParameters parameters = {}) {
  Bench bench(parameters);
  bench.priority(104);
  bench.start();
  bench.receive(advert(102));
  bench.advance(bench.router().master_down_interval());
  EXPECT_EQ(bench.state(), State::master);
  bench.advance(10s);
  (void)bench.actions();
  return bench;
}

TEST(Relief, is_asked_of_a_peer_that_is_known_to_be_better) {
  Bench bench = knowing_master();
  bench.priority(100);
  EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{104, 100}, sent(0)}));
  bench.advance(602ms);
  bench.receive(advert(102));
  bench.announcement();
  EXPECT_EQ(bench.actions(),
            (Actions{changed(State::master, State::backup, Reason::better_master), MasterLearned{peer_address, 102}}));
}

TEST(Relief, is_not_asked_when_nobody_better_is_known) {
  Bench bench = Bench::master();
  bench.priority(90);
  EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{100, 90}, sent(90)}));
}

TEST(Relief, is_not_asked_while_we_are_still_the_best) {
  Bench bench = knowing_master();
  bench.priority(103);
  EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{104, 103}, sent(103)}));
}

TEST(Relief, is_not_asked_with_nopreempt_or_without_make_before_break) {
  for (const RouterParameters& parameters :
       {RouterParameters{.preempt = Preempt::no}, RouterParameters{.make_before_break = false}}) {
    Bench bench = knowing_master(parameters);
    bench.priority(100);
    EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{104, 100}, sent(100)}));
  }
}

TEST(Relief, announces_the_short_interval_with_the_priority_that_backups_accept) {
  Bench bench = knowing_master({.version = Version::v3});
  bench.priority(100);
  EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{104, 100}, sent(104, 250ms), sent(0, 250ms)}));
}

TEST(Relief, that_nobody_gives_leaves_us_master_and_is_not_asked_again) {
  Bench bench = knowing_master();
  bench.priority(100);
  bench.advance(patience);
  (void)bench.actions();
  EXPECT_FALSE(bench.router().is_leaving());
  bench.priority(104);
  bench.priority(100);
  EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{100, 104}, sent(104), PriorityChanged{104, 100}, sent(100)}));
}

// The peer's own check has failed too, and we did not know.
TEST(Relief, from_somebody_who_is_no_better_is_declined) {
  Bench bench = knowing_master();
  bench.priority(100);
  (void)bench.actions();
  bench.receive(advert(98));
  EXPECT_EQ(bench.actions(), (Actions{sent(100), Announce{5}, LowerPriorityHeard{advert(98)}}));
  EXPECT_FALSE(bench.router().is_leaving());
}

TEST(Relief, is_not_needed_any_more_when_the_priority_is_back) {
  Bench bench = knowing_master();
  bench.priority(100);
  bench.advance(100ms);
  (void)bench.actions();
  bench.priority(104);
  EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{100, 104}, sent(104)}));
  EXPECT_FALSE(bench.router().is_leaving());
}

}  // namespace
}  // namespace baton::vrrp
