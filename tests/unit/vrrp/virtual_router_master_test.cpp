// MASTER: RFC 9568 §6.4.3, RFC 3768 §6.4.3 and what keepalived makes of them, sentence by sentence.
#include "vrrp/virtual_router.h"

#include "unit/vrrp/bench.h"

namespace baton::vrrp {
namespace {

constexpr Duration skew_of_100 = Duration(1s) * 156 / 256;

// ---------------------------------------------------------------- MASTER (RFC 9568 §6.4.3)

TEST(Master, adverts_every_interval) {
  Bench bench = Bench::backup();
  bench.advance(3s + skew_of_100);
  (void)bench.actions();
  bench.advance(1s - 1ns);
  EXPECT_EQ(bench.actions(), Actions{});
  bench.advance(1ns);
  EXPECT_EQ(bench.actions(), Actions{sent(100)});
}

TEST(Master, announces_once_more_after_the_delay_and_refreshes_for_ever) {
  Bench bench = Bench::backup(
      {.advert_interval = 100s, .announcements = {.repeat = 3, .delay = 5s, .refresh = 10s, .refresh_repeat = 2}});
  bench.advance(300s + skew_of_100);
  (void)bench.actions();
  bench.advance(5s);
  EXPECT_EQ(bench.actions(), Actions{Announce{3}});
  bench.advance(10s);
  EXPECT_EQ(bench.actions(), Actions{Announce{2}});
  bench.advance(10s);
  EXPECT_EQ(bench.actions(), Actions{Announce{2}});
}

TEST(Master, with_delay_0_announces_no_second_time) {
  Bench bench = Bench::backup({.announcements = {.delay = 0s}});
  bench.advance(4s);
  (void)bench.actions();
  bench.advance(60s);
  EXPECT_FALSE(has<Announce>(bench.actions()));
}

TEST(Master, with_repeat_0_announces_nothing) {
  Bench bench = Bench::backup({.announcements = {.repeat = 0}});
  bench.advance(30s);
  EXPECT_FALSE(has<Announce>(bench.actions()));
}

TEST(Master, answers_priority_0_with_an_advert_and_stays) {
  Bench bench = Bench::master();
  bench.receive(advert(0));
  EXPECT_EQ(bench.actions(), Actions{sent(100)});
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Master, answers_a_lower_master_with_an_advert_and_announcements_twice) {
  Bench bench = Bench::master({.advert_interval = 100s, .announcements = {.lower_priority_delay = 7s}});
  const Advert lower = advert(50);
  bench.receive(lower);
  EXPECT_EQ(bench.actions(), (Actions{sent(100), Announce{5}, LowerPriorityHeard{lower}, second_master(lower)}));
  bench.advance(7s);
  EXPECT_EQ(bench.actions(), Actions{Announce{5}});
}

TEST(Master, announces_for_lower_masters_a_few_times_and_then_once_a_second_and_answers_each_advert) {
  Bench bench = Bench::master({.advert_interval = 100ms});
  for (int i = 0; i < 500; ++i) {
    bench.receive(advert(50));
    bench.advance(10ms);
  }
  const Actions actions = bench.actions();
  EXPECT_EQ(std::ranges::count(actions, Action(Announce{5})), limits::bursts_in_a_row + 5);  // at 0 s; at 1 s ... 5 s
  EXPECT_GE(adverts_of(actions).size(), 500);
}

// A stranger's packets must not become as many packets of ours; nor may they use up what is meant for others.
TEST(Master, answers_a_flood_with_a_few_adverts_and_each_who_comes_after_it_in_a_sixteenth_of_an_interval) {
  for (const int priority : {50, 0}) {
    Bench bench = Bench::master({.advert_interval = 1600ms});
    bench.advance(1600ms);
    (void)bench.actions();
    std::ptrdiff_t sent_in_flood = 0;
    for (int i = 0; i < 16000; ++i) {  // 10,000 a second
      bench.receive(advert(static_cast<std::uint8_t>(priority)));
      bench.advance(100us);
      sent_in_flood += std::ranges::count(bench.actions(), Action(sent(100)));
    }
    EXPECT_LE(sent_in_flood, 2 * limits::answers_an_interval + 1);
    EXPECT_GE(sent_in_flood, limits::answers_an_interval) << "and is no silence";
    bench.advance(100ms);
    (void)bench.actions();
    bench.receive(advert(static_cast<std::uint8_t>(priority)));
    bench.advance(100ms);
    EXPECT_THAT(bench.actions(), testing::Contains(Action(sent(100))));
  }
}

TEST(Master, announces_once_an_advert_interval_for_lower_masters_when_that_is_longer) {
  Bench bench = Bench::master({.advert_interval = 10s, .announcements = {.lower_priority_delay = 0s}});
  for (int i = 0; i < limits::bursts_in_a_row; ++i) bench.receive(advert(50));
  bench.advance(4s);
  (void)bench.actions();
  bench.receive(advert(50));
  bench.advance(6s - 1ns);
  EXPECT_FALSE(has<Announce>(bench.actions()));
  bench.advance(1ns);
  EXPECT_TRUE(has<Announce>(bench.actions()));
}

// Several that come back together: the clients of each are told at once.
TEST(Master, so_many_lower_masters_in_a_row_are_answered_at_once) {
  Bench bench = Bench::master({.advert_interval = 100ms, .announcements = {.lower_priority_delay = 0s}});
  for (int i = 0; i < limits::bursts_in_a_row; ++i) {
    bench.receive(advert(50));
    EXPECT_TRUE(has<Announce>(bench.actions()));
    bench.advance(10ms);
    (void)bench.actions();
  }
  bench.receive(advert(50));
  EXPECT_FALSE(has<Announce>(bench.actions()));
}

TEST(Master, a_second_burst_takes_nothing_from_the_next_lower_master) {
  Bench bench = Bench::master({.advert_interval = 100ms, .announcements = {.lower_priority_delay = 2s}});
  for (int i = 0; i < limits::bursts_in_a_row; ++i) bench.receive(advert(50));
  bench.advance(2s);
  (void)bench.actions();
  bench.receive(advert(50));
  EXPECT_TRUE(has<Announce>(bench.actions()));
}

// Who follows the lower master only now is told as well, a little late.
TEST(Master, a_lower_master_that_is_heard_too_soon_is_answered_when_the_second_is_over) {
  Bench bench = Bench::master({.advert_interval = 100ms, .announcements = {.lower_priority_delay = 0s}});
  for (int i = 0; i < limits::bursts_in_a_row; ++i) bench.receive(advert(50));
  bench.advance(400ms);
  bench.receive(advert(50));
  (void)bench.actions();
  bench.advance(600ms - 1ns);
  EXPECT_FALSE(has<Announce>(bench.actions()));
  bench.advance(1ns);
  EXPECT_TRUE(has<Announce>(bench.actions()));
  bench.advance(20s);
  EXPECT_FALSE(has<Announce>(bench.actions()));
}

TEST(Master, an_equal_priority_from_a_lower_address_is_a_lower_master) {
  Bench bench = Bench::master();
  bench.receive(advert(100, 1s, IpAddress::v4(0x0a000001)));
  EXPECT_TRUE(has<LowerPriorityHeard>(bench.actions()));
}

TEST(Master, lower_priority_no_advert_announces_alone) {
  Bench bench = Bench::master({.lower_priority_no_advert = true});
  bench.receive(advert(50));
  EXPECT_EQ(bench.actions(), (Actions{Announce{5}, LowerPriorityHeard{advert(50)}, second_master(advert(50))}));
}

// keepalived restarts the advert timer whenever a packet for its VRID is read, and a stranger can silence it so. A
// packet that is not accepted never gets here; an accepted one moves the timer only when an advert was sent for it.
TEST(Master, a_heard_advert_delays_none_of_ours) {
  Bench bench = Bench::master({.lower_priority_no_advert = true});
  bench.advance(500ms);
  (void)bench.actions();
  const auto deadline = bench.router().next_timeout();
  bench.receive(advert(50));
  bench.receive(advert(100, 1s, own_address));
  EXPECT_EQ(bench.router().next_timeout(), deadline);
}

TEST(Master, the_timer_starts_again_when_an_advert_was_sent) {
  Bench bench = Bench::master({.announcements = {.delay = 0s, .lower_priority_repeat = 0}});
  bench.advance(500ms);
  bench.receive(advert(50));
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1s);
}

TEST(Master, of_two_owners_the_lower_address_yields) {
  const RouterParameters owner{.base_priority = 255, .wanted_state = State::master};
  Bench lower(owner);
  Bench higher(owner, third_address);
  lower.start();
  higher.start();
  lower.receive(advert(255, 1s, third_address));
  higher.receive(advert(255, 1s, own_address));
  lower.announcement();
  EXPECT_EQ(lower.state(), State::backup);
  EXPECT_EQ(lower.router().reason(), Reason::equal_master_higher_address);
  EXPECT_EQ(higher.state(), State::master);
}

TEST(Master, tells_a_changed_priority_at_once) {
  for (const std::uint8_t priority : std::initializer_list<std::uint8_t>{96, 104}) {
    Bench bench = Bench::master();
    bench.advance(300ms);
    (void)bench.actions();
    bench.priority(priority);
    EXPECT_EQ(bench.actions(), (Actions{PriorityChanged{100, priority}, sent(priority)}));
    EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1s);
    bench.priority(priority);
    EXPECT_EQ(bench.actions(), Actions{});
  }
}

// keepalived gives up mastership when one of its addresses is deleted, and is without it for its skew time.
TEST(Master, announces_an_address_that_was_put_back_and_stays) {
  Bench bench = Bench::master();
  bench.address_restored();
  EXPECT_EQ(bench.actions(), Actions{Announce{5}});
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Master, ignores_a_strange_announcement_of_its_address) {
  Bench bench = Bench::master();
  bench.announcement();
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Master, that_overslept_lets_go_before_anything_is_sent) {
  Bench bench = Bench::master();
  bench.sleep(4s);
  bench.wake();
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::backup, Reason::overslept)});
  EXPECT_FALSE(bench.router().holds_addresses());
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 1s + skew_of_100);
}

TEST(Master, that_slept_for_less_goes_on) {
  Bench bench = Bench::master();
  bench.sleep(3900ms);
  bench.wake();
  EXPECT_EQ(bench.actions(), Actions{sent(100)});
}

TEST(Master, timer_expired_backup_lets_go_as_soon_as_such_a_backup_would_have_taken_over) {
  const RouterParameters parameters{.preempt = Preempt::no, .rival_priority = 128};  // takes over 3.5 s after an advert
  for (const Duration late : {2500ms - 1ns, 2500ms + 0ns}) {
    Bench bench = Bench::master(parameters);
    bench.sleep(*bench.router().next_timeout() + late - bench.now());
    bench.wake();
    EXPECT_EQ(bench.state(), late < 2500ms ? State::master : State::backup) << late.count();
  }
}

TEST(Master, that_overslept_lets_go_also_when_something_else_wakes_it) {
  const auto wakes = {+[](Bench& bench) { bench.receive(advert(50)); }, +[](Bench& bench) { bench.priority(104); },
                      +[](Bench& bench) { bench.handover(); }, +[](Bench& bench) { bench.address_restored(); }};
  for (const auto wake : wakes) {
    Bench bench = Bench::master();
    bench.sleep(10s);
    wake(bench);
    EXPECT_EQ(bench.state(), State::backup);
    EXPECT_TRUE(adverts_of(bench.actions()).empty());
  }
}

TEST(Master, that_overslept_and_hears_its_successor_is_its_backup) {
  Bench bench = Bench::master();
  bench.sleep(10s);
  bench.receive(advert(200));
  EXPECT_EQ(bench.router().reason(), Reason::overslept);
  EXPECT_EQ(bench.router().master(), peer_address);
  EXPECT_EQ(bench.router().next_timeout(), bench.now() + 3s + skew_of_100);
}

}  // namespace
}  // namespace baton::vrrp
