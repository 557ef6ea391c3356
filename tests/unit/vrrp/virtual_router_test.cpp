// RFC 9568 §6, RFC 3768 §6 and what keepalived makes of them, sentence by sentence.
#include "vrrp/virtual_router.h"

#include "unit/vrrp/bench.h"

namespace baton::vrrp {
namespace {

constexpr Duration skew_of_100 = Duration(1s) * 156 / 256;

// ---------------------------------------------------------------- timers (RFC 9568 §6.1, RFC 3768 §6.1)

TEST(Timers, skew_time_of_v2_does_not_depend_on_the_interval) {
  EXPECT_EQ(Bench({.advert_interval = 5s}).router().skew_time(), skew_of_100);
  EXPECT_EQ(Bench({.advert_interval = 5s}).router().master_down_interval(), 15s + skew_of_100);
}

TEST(Timers, skew_time_of_v3_is_a_part_of_the_interval) {
  EXPECT_EQ(Bench({.version = Version::v3, .advert_interval = 200ms}).router().skew_time(),
            Duration(200ms) * 156 / 256);
}

TEST(Timers, down_timer_adverts_changes_how_many_adverts_may_be_missing) {
  EXPECT_EQ(Bench({.down_timer_adverts = 1}).router().master_down_interval(), 1s + skew_of_100);
}

TEST(Timers, a_v3_backup_learns_the_interval_of_an_accepted_advert) {
  Bench bench = Bench::backup({.version = Version::v3, .advert_interval = 1s});
  bench.receive(advert(200, 100ms));
  EXPECT_EQ(bench.router().master_down_interval(), 300ms + Duration(100ms) * 156 / 256);
}

TEST(Timers, a_v3_backup_learns_nothing_from_an_advert_it_does_not_accept) {
  Bench bench = Bench::backup({.version = Version::v3, .advert_interval = 1s});
  bench.receive(advert(50, 100ms));
  EXPECT_EQ(bench.router().master_interval(), 1s);
}

TEST(Timers, a_v3_router_adverts_in_its_own_interval_once_it_is_master) {
  Bench bench = Bench::backup({.version = Version::v3, .advert_interval = 1s});
  bench.receive(advert(200, 100ms));
  bench.advance(1s);
  ASSERT_EQ(bench.state(), State::master);
  EXPECT_EQ(bench.router().master_interval(), 1s);
  (void)bench.actions();
  bench.advance(3s);
  EXPECT_EQ(adverts_of(bench.actions()).size(), 3);
}

TEST(Timers, an_absurd_configuration_overflows_nothing) {
  Bench bench = Bench::backup({.preempt_delay = Duration::max(), .announcements = {.refresh = Duration::max()}});
  bench.receive(advert(50));
  bench.advance(4s);
  EXPECT_EQ(bench.state(), State::master);
  EXPECT_GT(*bench.router().next_timeout(), bench.now());
}

// ---------------------------------------------------------------- start (RFC 9568 §6.4.1)

TEST(Start, enters_backup_and_waits_for_the_master_down_interval) {
  Bench bench;
  bench.start();
  EXPECT_EQ(bench.actions(), Actions{changed(State::init, State::backup, Reason::start)});
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
}

TEST(Start, state_master_below_255_wins_nothing) {
  Bench bench({.wanted_state = State::master});
  bench.start();
  EXPECT_EQ(bench.state(), State::backup);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
}

TEST(Start, state_master_clears_nopreempt_and_preempt_delay) {
  const Bench bench({.wanted_state = State::master, .preempt = Preempt::no, .preempt_delay = 5s});
  EXPECT_EQ(Bench(bench).router().parameters().preempt, Preempt::yes);
  EXPECT_EQ(Bench(bench).router().parameters().preempt_delay, 0s);
}

TEST(Start, an_owner_that_wants_master_is_master_at_once) {
  Bench bench({.base_priority = 255, .wanted_state = State::master});
  bench.start();
  EXPECT_EQ(bench.actions(), (Actions{sent(255), Announce{5}, changed(State::init, State::master, Reason::owner)}));
}

TEST(Start, an_owner_with_state_backup_waits) {
  Bench bench({.base_priority = 255});
  bench.start();
  EXPECT_EQ(bench.state(), State::backup);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + Duration(1s) / 256);
}

TEST(Start, with_a_fault_enters_fault) {
  Bench bench;
  bench.fault();
  bench.start();
  EXPECT_EQ(bench.actions(), Actions{changed(State::init, State::fault, Reason::tracked_down)});
  EXPECT_EQ(bench.router().next_timeout(), std::nullopt);
}

TEST(Start, before_it_nothing_is_heard) {
  Bench bench;
  bench.receive(advert(200));
  bench.wake();
  EXPECT_EQ(bench.actions(), Actions{});
}

// ---------------------------------------------------------------- BACKUP (RFC 9568 §6.4.2)

TEST(Backup, takes_over_after_the_master_down_interval) {
  Bench bench = Bench::backup();
  bench.receive(advert(200));
  (void)bench.actions();
  bench.advance(3s + skew_of_100 - 1ns);
  EXPECT_EQ(bench.state(), State::backup);
  bench.advance(1ns);
  EXPECT_EQ(bench.actions(),
            (Actions{sent(100), Announce{5}, changed(State::backup, State::master, Reason::master_down)}));
  EXPECT_TRUE(bench.router().holds_addresses());
}

TEST(Backup, an_advert_of_at_least_our_priority_starts_the_wait_again) {
  for (const std::uint8_t priority : std::initializer_list<std::uint8_t>{100, 101, 255}) {
    Bench bench = Bench::backup();
    bench.advance(3s);
    bench.receive(advert(priority));
    EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
  }
}

TEST(Backup, an_equal_priority_is_accepted_whatever_the_addresses) {
  Bench bench({}, third_address);
  bench.start();
  bench.receive(advert(100));
  EXPECT_EQ(bench.router().master(), peer_address);
}

TEST(Backup, tells_who_the_master_is_once) {
  Bench bench = Bench::backup();
  bench.receive(advert(200));
  EXPECT_EQ(bench.actions(), Actions{(MasterLearned{peer_address, 200})});
  bench.receive(advert(201));
  EXPECT_EQ(bench.actions(), Actions{});
  EXPECT_EQ(bench.router().master_priority(), 201);
}

TEST(Backup, follows_priority_0_after_its_skew_time) {
  Bench bench = Bench::backup();
  bench.receive(advert(200));
  bench.receive(advert(0));
  EXPECT_EQ(bench.router().master(), std::nullopt);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + skew_of_100);
  bench.advance(1s);
  EXPECT_EQ(bench.router().reason(), Reason::master_stopped);
}

TEST(Backup, follows_priority_0_from_anybody_and_with_nopreempt) {
  Bench bench = Bench::backup({.preempt = Preempt::no});
  bench.receive(advert(200));
  bench.receive(advert(0, 1s, third_address));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + skew_of_100);
}

TEST(Backup, a_second_goodbye_does_not_begin_the_wait_again) {
  Bench bench = Bench::backup();
  bench.receive(advert(0));
  const auto deadline = bench.router().next_timeout();
  bench.advance(500ms);
  bench.receive(advert(0));
  EXPECT_EQ(bench.router().next_timeout(), deadline);
}

TEST(Backup, an_accepted_advert_undoes_a_goodbye) {
  Bench bench = Bench::backup();
  bench.receive(advert(0));
  bench.receive(advert(150, 1s, third_address));
  bench.advance(3s);
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(Backup, early_and_repeated_timeouts_do_nothing) {
  Bench bench = Bench::backup();
  bench.sleep(1s);
  bench.wake();
  bench.wake();
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Backup, nopreempt_accepts_lower_masters) {
  Bench bench = Bench::backup({.preempt = Preempt::no});
  bench.receive(advert(50));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
}

TEST(Backup, an_owner_knows_no_nopreempt) {
  Bench bench = Bench::backup({.base_priority = 255, .preempt = Preempt::no});
  bench.receive(advert(254));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + Duration(1s) / 256);
}

// A Baton backup does not wait for the master-down time to replace a master below itself.
TEST(Backup, replaces_a_lower_master_after_its_skew_time) {
  Bench bench = Bench::backup();
  bench.receive(advert(99));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + skew_of_100);
  bench.advance(skew_of_100);
  EXPECT_EQ(bench.router().reason(), Reason::master_below_us);
}

TEST(Backup, the_first_lower_advert_counts_and_later_ones_do_not_extend_the_wait) {
  Bench bench = Bench::backup({.advert_interval = 1s});
  bench.receive(advert(99));
  const auto deadline = bench.router().next_timeout();
  bench.advance(500ms);
  bench.receive(advert(99));
  EXPECT_EQ(bench.router().next_timeout(), deadline);
}

TEST(Backup, a_lower_master_never_makes_the_wait_longer) {
  Bench bench = Bench::backup();
  bench.advance(3s + skew_of_100 - 1ms);
  bench.receive(advert(99));
  bench.advance(1ms);
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Backup, a_master_that_rises_above_us_again_is_accepted_again) {
  Bench bench = Bench::backup();
  bench.receive(advert(99));
  bench.advance(300ms);
  bench.receive(advert(104));
  bench.advance(3s);
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(Backup, preempt_delay_runs_from_the_first_lower_advert_and_accepts_them_meanwhile) {
  Bench bench = Bench::backup({.preempt_delay = 5s});
  for (int i = 0; i < 5; ++i) {
    bench.receive(advert(50));
    EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
    bench.advance(1s);
  }
  bench.receive(advert(50));  // the delay is over
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + skew_of_100);
}

TEST(Backup, a_better_advert_cancels_the_preempt_delay) {
  Bench bench = Bench::backup({.preempt_delay = 5s});
  bench.receive(advert(50));
  bench.advance(3s);
  bench.receive(advert(200));
  bench.advance(3s);
  bench.receive(advert(50));  // the delay begins anew
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
}

TEST(Backup, preempt_delay_has_no_effect_when_nobody_is_heard) {
  Bench bench = Bench::backup({.preempt_delay = 50s});
  bench.advance(4s);
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Backup, a_changed_priority_moves_the_deadline_by_the_difference) {
  Bench bench = Bench::backup();
  const Instant before = *bench.router().next_timeout();
  bench.priority(104);
  EXPECT_EQ(bench.router().next_timeout(), before - Duration(1s) * 4 / 256);
  EXPECT_EQ(bench.actions(), Actions{(PriorityChanged{100, 104})});
}

TEST(Backup, whose_priority_falls_does_not_replace_a_master_that_is_a_match_again) {
  Bench bench = Bench::backup();
  bench.receive(advert(99));
  bench.advance(300ms);
  bench.priority(96);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + bench.router().master_down_interval());
}

TEST(Backup, that_slept_listens_for_an_interval_before_it_rises) {
  Bench bench = Bench::backup();
  bench.sleep(60s);
  bench.wake();
  EXPECT_EQ(bench.state(), State::backup);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1s + skew_of_100);
  bench.advance(1s + skew_of_100);
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Backup, that_slept_listens_also_when_it_is_told_of_a_priority_first) {
  for (const std::uint8_t priority : {std::uint8_t{90}, std::uint8_t{110}}) {
    Bench bench = Bench::backup();
    bench.sleep(60s);
    bench.priority(priority);
    bench.wake();
    EXPECT_EQ(bench.state(), State::backup);
    bench.advance(1s + bench.router().skew_time() - 1ns);
    EXPECT_EQ(bench.state(), State::backup);
    bench.advance(1ns);
    EXPECT_EQ(bench.state(), State::master);
  }
}

TEST(Backup, that_is_a_little_late_rises) {
  Bench bench = Bench::backup();
  bench.sleep(3s + skew_of_100 + 90ms);
  bench.wake();
  EXPECT_EQ(bench.state(), State::master);
}

// ---------------------------------------------------------------- FAULT

TEST(Fault, from_master_says_goodbye_twice_and_lets_go_at_once) {
  Bench bench = Bench::master();
  bench.fault();
  EXPECT_EQ(bench.actions(), (Actions{sent(0), sent(0), changed(State::master, State::fault, Reason::tracked_down)}));
  EXPECT_FALSE(bench.router().holds_addresses());
  EXPECT_EQ(bench.router().next_timeout(), std::nullopt);
}

TEST(Fault, a_long_v3_interval_is_made_short_before_the_goodbye) {
  Bench bench = Bench::master({.version = Version::v3, .advert_interval = 1s});
  bench.fault();
  EXPECT_EQ(adverts_of(bench.actions()), (std::vector{sent(100, 250ms), sent(0, 250ms), sent(0, 250ms)}));
}

TEST(Fault, a_short_v3_interval_is_left_alone) {
  Bench bench = Bench::master({.version = Version::v3, .advert_interval = 250ms});
  bench.fault();
  EXPECT_EQ(adverts_of(bench.actions()), (std::vector{sent(0), sent(0)}));
}

TEST(Fault, from_backup_is_told_and_nothing_sent) {
  Bench bench = Bench::backup();
  bench.fault(Reason::link_down);
  EXPECT_EQ(bench.actions(), Actions{changed(State::backup, State::fault, Reason::link_down)});
}

TEST(Fault, hears_nothing) {
  Bench bench = Bench::backup();
  bench.fault();
  (void)bench.actions();
  bench.receive(advert(50));
  bench.advance(60s);
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Fault, lasts_until_the_last_cause_is_gone) {
  Bench bench = Bench::backup();
  Actions out;
  bench.router().on_faults({.link_down = true, .tracked_down = true}, Reason::link_down, bench.now(), out);
  bench.router().on_faults({.tracked_down = true}, Reason::link_up, bench.now(), out);
  EXPECT_EQ(bench.state(), State::fault);
  bench.router().on_faults({}, Reason::tracked_up, bench.now(), out);
  EXPECT_EQ(out.back(), Action(changed(State::fault, State::backup, Reason::tracked_up)));
}

TEST(Fault, afterwards_the_wait_begins_anew_with_the_own_interval) {
  Bench bench = Bench::backup({.version = Version::v3, .advert_interval = 1s});
  bench.receive(advert(200, 100ms));
  bench.fault();
  bench.clear_fault();
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
}

TEST(Fault, an_owner_comes_back_after_an_interval_and_its_skew_time) {
  Bench bench({.base_priority = 255, .wanted_state = State::master});
  bench.start();
  bench.fault();
  bench.clear_fault();
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1s + Duration(1s) / 256);
}

// ---------------------------------------------------------------- stop

TEST(Stop, of_a_backup_is_at_once) {
  Bench bench = Bench::backup();
  bench.stop();
  EXPECT_EQ(bench.actions(), Actions{changed(State::backup, State::init, Reason::stop)});
  EXPECT_TRUE(bench.router().is_stopped());
  EXPECT_EQ(bench.router().next_timeout(), std::nullopt);
}

TEST(Stop, before_the_start_is_told_to_nobody) {
  Bench bench;
  bench.stop();
  EXPECT_EQ(bench.actions(), Actions{});
  EXPECT_TRUE(bench.router().is_stopped());
}

TEST(Stop, of_a_fault_is_at_once) {
  Bench bench = Bench::backup();
  bench.fault();
  bench.stop();
  EXPECT_EQ(bench.state(), State::init);
}

}  // namespace
}  // namespace baton::vrrp
