// Somebody else has what a MASTER serves: it says so, and not of the moment that every change of masters takes.
#include "bench.h"

namespace baton::vrrp {
namespace {

constexpr MacAddress stranger{{0x02, 0, 0, 0, 0, 0x66}};
const Duration settled = limits::settling_time + linger_time(1);

SecondOwnerSeen found_at_stranger() {
  return {.address = virtual_address, .mac = stranger};
}

// One that has been MASTER for no time at all.
Bench risen() {
  Bench bench;
  bench.start();
  bench.advance(bench.router().master_down_interval());
  EXPECT_EQ(bench.state(), State::master);
  (void)bench.actions();
  return bench;
}

TEST(SecondOwner, a_lower_master_is_one_unless_we_have_just_taken_its_place) {
  Bench bench = risen();
  bench.advance(settled - 1ns);
  bench.receive(advert(50));
  EXPECT_FALSE(has<SecondOwnerSeen>(bench.actions()));
  bench.advance(1ns);
  bench.receive(advert(50));
  EXPECT_THAT(bench.actions(), testing::Contains(Action(second_master(advert(50)))));
}

TEST(SecondOwner, a_node_with_our_priority_and_address_is_one_and_nobody_yields) {
  Bench bench = Bench::master();
  const Advert twin = advert(100, 1s, own_address);
  bench.receive(twin);
  EXPECT_EQ(bench.actions(), Actions{second_master(twin)});
}

TEST(SecondOwner, a_better_master_that_announces_as_it_comes_is_none) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  bench.advance(limits::provoke_after_advert - 1ns);
  bench.announcement(virtual_address, stranger);
  bench.advance(1s);
  EXPECT_FALSE(has<SecondOwnerSeen>(bench.actions()));
}

TEST(SecondOwner, a_better_master_that_has_nothing_to_announce_had_the_address_all_along) {
  Bench bench = Bench::master();
  bench.receive(advert(200));
  bench.advance(limits::provoke_after_advert);
  EXPECT_THAT(bench.actions(), testing::Contains(Action(second_master(advert(200), false))));
}

// Two backups that rise together settle it between them.
TEST(SecondOwner, a_better_master_is_none_for_one_that_has_just_risen_itself) {
  Bench bench = risen();
  bench.receive(advert(200));
  bench.advance(limits::provoke_after_advert);
  EXPECT_FALSE(has<SecondOwnerSeen>(bench.actions()));
}

TEST(SecondOwner, a_successor_whom_we_have_asked_is_none) {
  Bench bench = Bench::master();
  bench.handover();
  bench.receive(advert(200));
  bench.advance(1s);
  EXPECT_FALSE(has<SecondOwnerSeen>(bench.actions()));
}

TEST(SecondOwner, a_stranger_is_said_and_our_address_announced_once_more) {
  Bench bench = Bench::master({.advert_interval = 100s, .announcements = {.lower_priority_delay = 7s}});
  bench.announcement(virtual_address, stranger);
  EXPECT_EQ(bench.actions(), (Actions{Announce{5}, found_at_stranger()}));
  bench.advance(7s);
  EXPECT_EQ(bench.actions(), Actions{Announce{5}});
}

constexpr MacAddress riser{{0, 0, 0x5e, 0, 1, 50}};

// FRR announces an IPv6 address an interval before its first advert. To announce ours meanwhile would leave clients at
// us, who let go a moment later.
TEST(SecondOwner, a_virtual_router_has_time_for_its_first_advert_before_it_is_contradicted) {
  Bench bench = Bench::master({.announcements = {.lower_priority_delay = 0s}});
  bench.announcement(virtual_address, riser);
  EXPECT_TRUE(has<SecondOwnerSeen>(bench.actions()));
  bench.advance(1s);
  EXPECT_FALSE(has<Announce>(bench.actions()));
  bench.receive(advert(200));
  bench.advance(2s);
  EXPECT_EQ(bench.state(), State::backup);
  EXPECT_FALSE(has<Announce>(bench.actions()));
}

TEST(SecondOwner, a_virtual_router_that_is_no_better_master_is_contradicted_then) {
  Bench bench = Bench::master({.announcements = {.lower_priority_delay = 0s}});
  bench.announcement(virtual_address, riser);
  (void)bench.actions();
  bench.advance(1s + limits::first_advert_late);
  EXPECT_EQ(std::ranges::count(bench.actions(), Action(Announce{5})), 1);
}

TEST(SecondOwner, a_stranger_that_never_stops_brings_a_few_bursts_and_then_one_a_second) {
  Bench bench = Bench::master({.announcements = {.lower_priority_delay = 0s}});
  for (int i = 0; i < 500; ++i) {
    bench.announcement(virtual_address, stranger);
    bench.advance(10ms);
  }
  const Actions actions = bench.actions();
  EXPECT_EQ(std::ranges::count(actions, Action(Announce{5})), limits::bursts_in_a_row + 5);  // at 0 s; at 1 s ... 5 s
}

TEST(SecondOwner, an_announcement_with_our_own_virtual_mac_address_says_nothing) {
  Bench bench = Bench::master();
  bench.announcement();
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(SecondOwner, the_master_before_may_still_be_heard_for_a_moment) {
  Bench bench = risen();
  bench.announcement(virtual_address, stranger);
  EXPECT_FALSE(has<SecondOwnerSeen>(bench.actions()));
}

TEST(SecondOwner, a_backup_has_no_say) {
  Bench bench = Bench::backup();
  bench.announcement(virtual_address, stranger);
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(TakeoverProven, the_second_burst_stays_out) {
  Bench bench = risen();
  bench.router().on_takeover_proven();
  bench.advance(20s);
  EXPECT_FALSE(has<Announce>(bench.actions()));
}

// What is heard first after a long sleep is the successor.
TEST(SecondOwner, a_stranger_that_wakes_us_has_taken_over) {
  Bench bench = Bench::master();
  bench.sleep(20s);
  bench.announcement(virtual_address, stranger);
  EXPECT_EQ(bench.actions(), Actions{changed(State::master, State::backup, Reason::overslept)});
}

}  // namespace
}  // namespace baton::vrrp
