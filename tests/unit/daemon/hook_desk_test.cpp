// Scripts that are waited for: the addresses of a new MASTER, and a MASTER that goes on purpose, wait for their end,
// and never longer than for their deadline.
#include "daemon/hook_desk.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Outcome = HookDesk::Outcome;
using Hook = HookDesk::Hook;

constexpr vrrp::RouterId a = 0, b = 1, c = 2, d = 3;  // d has no hooks

std::string instance(const std::string& name, int vrid, const std::string& more) {
  return "\nvrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " + std::to_string(vrid) +
         "\nvirtual_ipaddress {\n10.0.0." + std::to_string(vrid) + "/24\n}\n" + more + "\n}\n";
}

const std::string text =
    instance("A", 1,
             "before_announce \"/bin/announce a\" root root\nbefore_release \"/bin/release a\" root root\n"
             "hook_timeout 2") +
    instance("B", 2, "before_announce \"/bin/announce b\" root root") + instance("C", 3, "") + instance("D", 4, "") +
    "vrrp_sync_group G {\ngroup {\nB\nC\n}\nconntrackd_sync /etc/ct.conf\n"
    "before_release \"/bin/release g\" root root\n}\n";

struct Bench {
  static std::vector<std::string> lines(const process::Notify& hook) {
    std::vector<std::string> found;
    for (const notify::Command& command : hook.commands) {
      std::string line;
      for (const std::string& word : command.argv) line += (line.empty() ? "" : " ") + word;
      found.push_back(line);
    }
    return found;
  }
  std::vector<std::string> ran() {
    std::vector<std::string> found;
    for (const process::Notify& hook : std::exchange(hooks, {})) {
      for (const std::string& line : lines(hook)) found.push_back(line);
      if (hook.number != 0) awaited.push_back(hook);
    }
    return found;
  }
  // One command of a run ends.
  void finish(const process::Notify& hook, int code = 0) {
    desk.on_finished({.key = hook.key,
                      .command = "",
                      .end = {process::RunEnd::Kind::exited, code},
                      .took = {},
                      .number = hook.number});
  }

  Setup setup = setup_of(text);
  std::vector<process::Notify> hooks;    // not looked at yet
  std::vector<process::Notify> awaited;  // of those that were, with a number
  std::vector<std::pair<Hook, Outcome>> outcomes;
  int departures = 0;
  HookDesk desk{setup,
                1000,
                {.run = [this](process::Notify hook) { hooks.push_back(std::move(hook)); },
                 .on_outcome = [this](std::size_t, Hook hook, Outcome outcome,
                                      Duration) { outcomes.emplace_back(hook, outcome); }}};
  Instant now{100s};
};

TEST(HookDesk, nothing_waits_without_a_script) {
  Bench bench;
  EXPECT_FALSE(bench.desk.on_master(d, bench.now));
  EXPECT_THAT(bench.ran(), IsEmpty());
  bench.desk.prepare_release(std::vector{d}, bench.now, [&] { ++bench.departures; });
  EXPECT_EQ(bench.departures, 1);
  EXPECT_FALSE(bench.desk.next_at());
}

TEST(HookDesk, the_addresses_wait_for_the_end_of_the_script) {
  Bench bench;
  ASSERT_TRUE(bench.desk.on_master(a, bench.now));
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/announce a"));
  EXPECT_EQ(bench.awaited.at(0).deadline, 2s);
  EXPECT_EQ(bench.desk.waits_until(a), bench.now + 2s);
  EXPECT_THAT(bench.desk.settle(bench.now + 2s - 1ns), IsEmpty());
  EXPECT_TRUE(bench.desk.holds_back(a));
  EXPECT_FALSE(bench.desk.holds_back(d)) << "nobody else waits";
  bench.finish(bench.awaited[0]);
  EXPECT_THAT(bench.desk.settle(bench.now), ElementsAre(a));
  EXPECT_TRUE(bench.desk.is_idle());
  EXPECT_THAT(bench.outcomes, ElementsAre(Pair(Hook::before_announce, Outcome::ended)));
  EXPECT_THAT(bench.desk.settle(bench.now + 1h), IsEmpty()) << "once";
}

TEST(HookDesk, a_script_that_fails_ends_the_wait_and_it_is_said) {
  Bench bench;
  ASSERT_TRUE(bench.desk.on_master(a, bench.now));
  (void)bench.ran();
  bench.finish(bench.awaited.at(0), 1);
  EXPECT_THAT(bench.desk.settle(bench.now), ElementsAre(a));
  EXPECT_THAT(bench.outcomes, ElementsAre(Pair(Hook::before_announce, Outcome::failed)));
}

TEST(HookDesk, the_deadline_ends_the_wait_and_it_is_said) {
  Bench bench;
  ASSERT_TRUE(bench.desk.on_master(a, bench.now));
  EXPECT_EQ(bench.desk.next_at(), bench.now + 2s);
  EXPECT_THAT(bench.desk.settle(bench.now + 2s), ElementsAre(a));
  EXPECT_THAT(bench.outcomes, ElementsAre(Pair(Hook::before_announce, Outcome::late)));
  EXPECT_FALSE(bench.desk.next_at());
}

TEST(HookDesk, who_is_master_no_more_waits_no_more_and_an_earlier_run_ends_no_later_wait) {
  Bench bench;
  ASSERT_TRUE(bench.desk.on_master(a, bench.now));
  bench.desk.on_left(a);
  EXPECT_TRUE(bench.desk.is_idle());
  EXPECT_THAT(bench.desk.settle(bench.now + 2s), IsEmpty());
  EXPECT_THAT(bench.outcomes, IsEmpty());
  ASSERT_TRUE(bench.desk.on_master(a, bench.now + 3s));
  (void)bench.ran();
  bench.finish(bench.awaited.at(0));
  EXPECT_THAT(bench.desk.settle(bench.now + 3s), IsEmpty());
  bench.finish(bench.awaited.at(1));
  EXPECT_THAT(bench.desk.settle(bench.now + 3s), ElementsAre(a));
}

TEST(HookDesk, a_group_has_one_run_for_all_its_members) {
  Bench bench;
  ASSERT_TRUE(bench.desk.on_master(b, bench.now));
  ASSERT_TRUE(bench.desk.on_master(c, bench.now));
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/announce b", "conntrackd -C /etc/ct.conf -c"));
  bench.finish(bench.awaited.at(1));
  EXPECT_THAT(bench.desk.settle(bench.now), ElementsAre(c)) << "b waits for its own";
  EXPECT_THAT(bench.ran(), ElementsAre("conntrackd -C /etc/ct.conf -f", "conntrackd -C /etc/ct.conf -R",
                                       "conntrackd -C /etc/ct.conf -B"))
      << "behind it, and nobody waits";
  bench.finish(bench.awaited.at(0));
  EXPECT_THAT(bench.desk.settle(bench.now), ElementsAre(b));
  EXPECT_THAT(bench.ran(), IsEmpty());
}

TEST(HookDesk, of_a_group_the_last_that_leaves_ends_it_and_the_first_begins_it_again) {
  Bench bench;
  for (const vrrp::RouterId router : {b, c}) bench.desk.on_master(router, bench.now);
  (void)bench.ran();
  bench.desk.on_left(b);
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/release g"));
  EXPECT_TRUE(bench.desk.holds_back(c));
  bench.desk.on_left(c);
  EXPECT_THAT(bench.ran(), ElementsAre("conntrackd -C /etc/ct.conf -t", "conntrackd -C /etc/ct.conf -n"));
  EXPECT_TRUE(bench.desk.on_master(c, bench.now));
  EXPECT_THAT(bench.ran(), ElementsAre("conntrackd -C /etc/ct.conf -c"));
}

TEST(HookDesk, who_goes_on_purpose_waits_for_its_script_and_the_script_runs_once) {
  Bench bench;
  bench.desk.on_master(a, bench.now);
  (void)bench.ran();
  bench.desk.prepare_release(std::vector{a, d}, bench.now, [&] { ++bench.departures; });
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/release a"));
  (void)bench.desk.settle(bench.now);
  EXPECT_EQ(bench.departures, 0);
  bench.finish(bench.awaited.at(1));
  (void)bench.desk.settle(bench.now);
  EXPECT_EQ(bench.departures, 1);
  bench.desk.follow(a, true);
  bench.desk.on_left(a);
  EXPECT_THAT(bench.ran(), IsEmpty());
}

TEST(HookDesk, and_no_longer_than_for_its_deadline) {
  Bench bench;
  bench.desk.on_resumed(a);
  bench.desk.prepare_release(std::vector{a}, bench.now, [&] { ++bench.departures; });
  (void)bench.desk.settle(bench.now + 2s - 1ns);
  EXPECT_EQ(bench.departures, 0);
  (void)bench.desk.settle(bench.now + 2s);
  EXPECT_EQ(bench.departures, 1);
  EXPECT_THAT(bench.outcomes, ElementsAre(Pair(Hook::before_release, Outcome::late)));
}

TEST(HookDesk, who_must_go_at_once_waits_for_nothing_and_the_script_runs_beside_it) {
  Bench bench;
  bench.desk.on_resumed(a);
  bench.desk.on_left(a);
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/release a"));
  EXPECT_FALSE(bench.desk.next_at());
}

TEST(HookDesk, who_stays_after_all_begins_again_what_the_script_has_ended) {
  Bench bench;
  bench.desk.on_resumed(a);
  bench.desk.follow(a, true);
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/release a"));
  bench.desk.follow(a, false);
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/announce a"));
  EXPECT_TRUE(bench.desk.is_idle()) << "its addresses are there";
  bench.desk.on_left(a);
  EXPECT_THAT(bench.ran(), ElementsAre("/bin/release a"));
}

TEST(HookDesk, a_departure_that_another_worker_overtakes_is_dropped_and_its_script_undone) {
  Bench bench;
  (void)bench.desk.on_master(0, bench.now);
  bench.finish(bench.hooks.at(0));
  (void)bench.desk.settle(bench.now);
  (void)bench.ran();
  bench.desk.prepare_release(std::vector<vrrp::RouterId>{0}, bench.now, [&] { ++bench.departures; });
  EXPECT_EQ(bench.ran(), std::vector<std::string>{"/bin/release a"});
  EXPECT_EQ(bench.desk.on_followed(), 1U);
  EXPECT_EQ(bench.ran(), std::vector<std::string>{"/bin/announce a"});
  EXPECT_EQ(bench.desk.on_followed(), 0U);
  EXPECT_TRUE(bench.ran().empty());
  (void)bench.desk.settle(bench.now + 1min);
  EXPECT_EQ(bench.departures, 0);
}

TEST(HookDesk, a_backup_asks_for_what_it_has_missed_at_its_start) {
  Bench bench;
  for (const vrrp::RouterId router : {a, b, c, d}) bench.desk.on_backup_at_start(router);
  EXPECT_THAT(bench.ran(), ElementsAre("conntrackd -C /etc/ct.conf -n"));
}

}  // namespace
}  // namespace baton::daemon
