// A virtual router that goes on where another process stopped: after a death of the worker, and at a reload.
#include "unit/vrrp/bench.h"
#include "vrrp/virtual_router.h"

namespace baton::vrrp {
namespace {

TEST(Resume, a_master_stays_master_and_adverts_at_once) {
  Bench before = Bench::master();
  Bench after;
  after.sleep(before.now() - after.now() + 50ms);
  after.resume(before.router().memory());
  EXPECT_EQ(after.actions(), Actions{sent(100)});
  EXPECT_EQ(after.state(), State::master);
  EXPECT_EQ(after.router().since(), before.router().since());
}

TEST(Resume, a_master_that_keeps_pace_adverts_when_it_is_due) {
  Bench before = Bench::master();
  RouterMemory memory = before.router().memory();
  memory.keeps_pace = true;
  Bench after;
  after.sleep(before.now() - after.now() + 50ms);
  after.resume(memory);
  EXPECT_EQ(after.actions(), Actions{});
  EXPECT_EQ(after.state(), State::master);
  EXPECT_EQ(after.router().next_timeout(), before.router().next_timeout());
}

TEST(Resume, a_master_that_overslept_lets_go_first) {
  Bench before = Bench::master();
  Bench after;
  after.sleep(before.now() - after.now() + 10s);
  after.resume(before.router().memory());
  EXPECT_EQ(after.actions(), Actions{changed(State::master, State::backup, Reason::overslept)});
}

TEST(Resume, a_master_that_makes_room_still_does) {
  Bench before = Bench::master({.makes_room = true});
  const RouterMemory memory = before.router().memory();
  EXPECT_TRUE(memory.unopposed);
  Bench after({.makes_room = true});
  after.sleep(memory.last_advert_sent - after.now());
  after.resume(memory);
  EXPECT_EQ(after.router().next_timeout(), after.now() + 1s + room_for_the_unheard);
}

TEST(Resume, a_backup_keeps_its_deadline_and_its_master) {
  Bench before = Bench::backup();
  before.receive(advert(200));
  Bench after;
  after.sleep(100ms);
  after.resume(before.router().memory());
  EXPECT_EQ(after.actions(), Actions{});
  EXPECT_EQ(after.router().next_timeout(), before.router().next_timeout());
  EXPECT_EQ(after.router().master(), peer_address);
}

TEST(Resume, a_backup_in_its_startup_delay_stays_in_it) {
  Bench before({.startup_delay = 10s});
  before.start();
  Bench after({.startup_delay = 10s});
  after.sleep(2s);  // one that began anew would wait for 12 s, one that forgot it for none
  after.resume(before.router().memory());
  EXPECT_EQ(after.router().next_timeout(), before.router().next_timeout());
  after.receive(advert(200));
  EXPECT_EQ(after.router().master(), std::nullopt) << "nobody is heard yet";
}

TEST(Resume, a_startup_delay_is_no_longer_than_the_configured_one) {
  Bench before({.startup_delay = 10s});
  before.start();
  Bench after;
  after.sleep(1s);
  after.resume(before.router().memory());
  after.receive(advert(200));
  EXPECT_EQ(after.router().master(), peer_address);
}

// A BACKUP that has heard a lower master for so long.
Bench preempting(Duration delay, int seconds) {
  Bench bench = Bench::backup({.preempt_delay = delay});
  bench.receive(advert(50));
  for (int i = 0; i < seconds; ++i) {
    bench.advance(1s);
    bench.receive(advert(50));
  }
  return bench;
}

// It becomes MASTER at an advert, and a skew time.
Duration until_master(Bench& bench) {
  const Instant begin = bench.now();
  for (int i = 0; i < 100 && bench.state() != State::master; ++i) {
    bench.receive(advert(50));
    bench.advance(1s);
  }
  return bench.now() - begin;
}

TEST(Resume, a_preempt_delay_goes_on) {
  Bench before = preempting(10s, 6);
  Bench after({.preempt_delay = 10s});
  after.sleep(before.now() - after.now());
  after.resume(before.router().memory());
  EXPECT_EQ(until_master(after), until_master(before));
}

// One that a reload makes shorter does not last longer than that.
TEST(Resume, a_preempt_delay_is_no_longer_than_the_configured_one) {
  Bench before = preempting(1h, 6);
  Bench after({.preempt_delay = 3s});
  after.sleep(before.now() - after.now());
  after.resume(before.router().memory());
  EXPECT_LE(until_master(after), 5s);
}

TEST(Resume, a_master_that_overslept_with_a_fault_waits_for_its_repair) {
  Bench before = Bench::master();
  Bench after;
  after.sleep(before.now() - after.now() + 10s);
  after.fault();
  after.resume(before.router().memory());
  EXPECT_EQ(after.state(), State::fault);
  EXPECT_EQ(adverts_of(after.actions()), std::vector<SendAdvert>{});
}

// A reload has made its interval shorter: those who wait for it wait by the one they have heard.
TEST(Resume, a_master_has_not_overslept_what_it_announced) {
  Bench before = Bench::master({.version = Version::v3, .advert_interval = 2s});
  Bench after({.version = Version::v3, .advert_interval = 100ms});
  after.sleep(before.now() - after.now() + 1900ms);
  after.resume(before.router().memory());
  EXPECT_EQ(after.actions(), Actions{sent(100)});
}

// After a reload that changed it; only of a VRRPv3 master that was heard another interval is known.
TEST(Resume, a_backup_waits_by_its_own_interval) {
  for (const Version version : {Version::v2, Version::v3}) {
    Bench before = Bench::backup({.version = version, .advert_interval = 1s});
    if (version == Version::v2) before.receive(advert(200));
    Bench after({.version = version, .advert_interval = 2s});
    after.sleep(100ms);
    after.resume(before.router().memory());
    EXPECT_EQ(after.router().master_interval(), 2s);
  }
}

TEST(Resume, keeps_the_effective_priority) {
  Bench before = Bench::master();
  before.priority(104);
  Bench after;
  after.sleep(before.now() - after.now());
  after.resume(before.router().memory());
  EXPECT_EQ(after.actions(), Actions{sent(104)});
}

TEST(Resume, without_a_running_state_is_a_start) {
  Bench bench;
  bench.resume({});
  EXPECT_EQ(bench.actions(), Actions{changed(State::init, State::backup, Reason::start)});
}

TEST(Resume, a_fault_that_is_gone_is_left) {
  Bench bench;
  bench.resume({.state = State::fault});
  EXPECT_EQ(bench.actions(), Actions{changed(State::fault, State::backup, Reason::resumed)});
}

TEST(Resume, a_fault_that_lasts_is_not_told_again) {
  Bench bench;
  bench.fault();
  bench.resume({.state = State::fault});
  EXPECT_EQ(bench.actions(), Actions{});
}

TEST(Resume, a_master_with_a_new_fault_says_goodbye) {
  Bench before = Bench::master();
  Bench after;
  after.sleep(before.now() - after.now());
  after.fault();
  after.resume(before.router().memory());
  EXPECT_EQ(adverts_of(after.actions()), (std::vector{sent(0), sent(0)}));
}

}  // namespace
}  // namespace baton::vrrp
