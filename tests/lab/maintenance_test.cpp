// `baton maintenance` on real pairs (docs/decisions/0015).
#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* note = "/var/lib/baton/maintenance.json";

class MaintenancePair : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({}); }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([] { return state(web2) == "BACKUP" && hears_master(web2); })) << pair().log();
  }
  void TearDown() override {
    if (!is_open()) return;
    for (const NodeId node : {web1, web2}) {
      if (!lab().daemon_runs(node)) Pair::expect_done(lab().start_daemon(node));
      EXPECT_TRUE(wait([&] {
        const auto said = baton(node, "maintenance off");
        return said && said->code == 0;
      })) << pair().log();
    }
  }

  static json instance(NodeId node) { return status(node).value("/instances/0"_json_pointer, json::object()); }
  static std::string state(NodeId node) { return instance(node).value("state", ""); }
  static bool hears_master(NodeId node) { return instance(node).value("master", json()).is_object(); }
  static json maintenance(NodeId node) { return status(node).value("maintenance", json("no answer")); }
  static Said expect(NodeId node, const std::string& arguments, int code) {
    const auto said = baton(node, "maintenance " + arguments);
    EXPECT_TRUE(said) << pair().log();
    EXPECT_EQ(said ? said->code : -1, code) << (said ? said->text : "") << pair().log();
    return said.value_or(Said{});
  }
  // Whatever happens to the other one, this one takes nothing over, and says nothing.
  static void expect_held_down(NodeId node, Instant since) {
    EXPECT_EQ(state(node), "MAINTENANCE") << pair().log();
    for (const SeenAdvert& advert : adverts(node, since)) EXPECT_EQ(advert.priority, 0) << pair().log();
    EXPECT_FALSE(holds(node, "10.0.20.100"));
  }
  static void start(NodeId node) {
    Pair::expect_done(lab().start_daemon(node));
    ASSERT_TRUE(wait([&] { return !state(node).empty(); })) << pair().log();
  }
  static void kill_all(NodeId node) {
    for (const ProcessInfo& process : batond_processes(node)) kill(process.pid, SIGKILL);
    ASSERT_TRUE(wait([&] { return !lab().daemon_runs(node) && batond_processes(node).empty(); })) << pair().log();
  }
};

TEST_F(MaintenancePair, a_master_hands_over_and_is_held_down_until_off) {
  const Said said = expect(web1, "on --reason 'new disk'", 0);
  EXPECT_TRUE(said.text.contains("in maintenance since")) << said.text;
  EXPECT_TRUE(wait([] { return pair().owners() == std::set<NodeId>{web2}; })) << pair().log();
  expect_hardly_missed_since(begin());
  EXPECT_EQ(maintenance(web1).value("reason", ""), "new disk");
  EXPECT_EQ(maintenance(web1).value("by", ""), "root");
  const Instant held = now();
  stop_daemon(web2);
  ASSERT_TRUE(wait([] { return pair().owners().empty(); })) << pair().log();
  EXPECT_FALSE(wait([] { return !pair().owners().empty(); }, 5s)) << pair().log();
  expect_held_down(web1, held);
  expect(web1, "off", 0);
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_TRUE(maintenance(web1).is_null());
}

TEST_F(MaintenancePair, a_backup_that_hears_its_master_is_held_down) {
  expect(web2, "on", 0);
  expect_no_move_since(begin());
  stop_daemon(web1);
  EXPECT_FALSE(wait([] { return pair().owners().contains(web2); }, 5s)) << pair().log();
  expect_held_down(web2, begin());
}

TEST_F(MaintenancePair, with_nobody_to_take_over_it_is_refused_and_nothing_stays_held) {
  stop_daemon(web2);
  const Said said = expect(web1, "on", 1);
  EXPECT_TRUE(said.text.contains("VI_1: no backup took over")) << said.text;
  EXPECT_TRUE(said.text.contains("--force")) << said.text;
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web1}) << pair().log();
  EXPECT_TRUE(maintenance(web1).is_null());
  EXPECT_EQ(read_file(web1, note), "");
  expect_no_move_since(begin());
}

TEST_F(MaintenancePair, forced_it_lets_go_with_a_goodbye_in_any_case) {
  stop_daemon(web2);
  expect(web1, "on --force", 0);
  EXPECT_TRUE(wait([] { return pair().owners().empty(); })) << pair().log();
  EXPECT_TRUE(said_goodbye(web1, begin()));
  EXPECT_TRUE(maintenance(web1).value("forced", false));
  const Instant held = now();
  EXPECT_FALSE(wait([] { return !pair().owners().empty(); }, 5s)) << pair().log();
  expect_held_down(web1, held);
}

TEST_F(MaintenancePair, survives_the_death_of_everything_and_a_start) {
  expect(web1, "on", 0);
  stop_daemon(web2);
  const Instant dead = now();
  kill_all(web1);
  start(web1);
  expect_held_down(web1, dead);
  EXPECT_FALSE(wait([] { return pair().owners().contains(web1); }, 5s)) << pair().log();
  expect_held_down(web1, dead);
}

TEST_F(MaintenancePair, survives_a_worker_that_dies_and_one_that_dies_again) {
  expect(web1, "on", 0);
  for (int i = 0; i < 2; ++i) {
    const pid_t before = kill_worker(web1);
    ASSERT_TRUE(wait_for_other_worker(web1, before));
  }
  ASSERT_TRUE(wait([] { return state(web1) == "MAINTENANCE"; })) << pair().log();
  stop_daemon(web2);
  EXPECT_FALSE(wait([] { return pair().owners().contains(web1); }, 5s)) << pair().log();
}

TEST_F(MaintenancePair, survives_a_reload_also_of_a_router_that_is_new) {
  expect(web1, "on", 0);
  const Instant held = now();
  const pid_t before = worker(web1);
  reload(web1, pair_config(web1, options()) +
                   "\nvrrp_instance VI_2 {\n  interface ens33\n  virtual_router_id 77\n"
                   "  priority 255\n  state MASTER\n  virtual_ipaddress {\n    10.0.20.177\n  }\n}\n");
  ASSERT_TRUE(wait_for_other_worker(web1, before));
  EXPECT_TRUE(wait([] {
    const json instances = status(web1).value("instances", json::array());
    return instances.size() == 2 && instances[0].value("state", "") == "MAINTENANCE" &&
           instances[1].value("state", "") == "MAINTENANCE";
  })) << pair().log();
  EXPECT_EQ(adverts(web1, held, 77).size(), 0U);
  EXPECT_FALSE(holds(web1, "10.0.20.177"));
}

TEST_F(MaintenancePair, ends_by_itself_and_is_told) {
  expect(web1, "on --for 5s", 0);
  EXPECT_EQ(state(web1), "MAINTENANCE");
  EXPECT_TRUE(wait([] { return maintenance(web1).is_null(); }, 15s)) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();  // it preempts, as configured
  const auto events = baton(web1, "events");
  ASSERT_TRUE(events);
  for (const char* each : {"maintenance", "  on", "  expired", "MAINTENANCE"}) {
    EXPECT_TRUE(events->text.contains(each)) << each << ":\n" << events->text;
  }
  EXPECT_EQ(read_file(web1, note), "");
}

TEST_F(MaintenancePair, ends_also_while_nobody_runs) {
  expect(web1, "on --for 2s", 0);
  kill_all(web1);
  ASSERT_TRUE(wait([this] { return now() - begin() > 4s; }));
  start(web1);
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_TRUE(wait([] { return read_file(web1, note).empty(); })) << pair().log();
}

TEST_F(MaintenancePair, asked_for_again_it_has_another_end) {
  expect(web1, "on --for 1h", 0);
  const json first = maintenance(web1);
  expect(web1, "on --for 2h --reason more", 0);
  const json second = maintenance(web1);
  EXPECT_EQ(second.value("since", 0.0), first.value("since", 1.0));
  EXPECT_NEAR(second.value("until", 0.0) - first.value("until", 0.0), 3600, 30);
  expect(web1, "on", 0);
  EXPECT_TRUE(maintenance(web1)["until"].is_null());
  EXPECT_EQ(maintenance(web1).value("reason", ""), "more");
}

TEST_F(MaintenancePair, a_file_that_is_not_ours_is_told_of_and_not_obeyed) {
  for (const auto& [text, mode, why] :
       {std::tuple("{", 0644, "is not as batond writes it"), std::tuple("{}", 0644, "is not as batond writes it"),
        std::tuple("{}", 0666, "can be written by others")}) {
    stop_daemon(web1);
    ASSERT_EQ(mkdir(lab().machine(web1).outside_path("/var/lib/baton").c_str(), 0755) == 0 || errno == EEXIST, true);
    write_file(web1, note, text, static_cast<mode_t>(mode));
    const Instant asked = now();
    start(web1);
    EXPECT_TRUE(was_logged(web1, why, asked)) << pair().log();
    EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  }
}

TEST_F(MaintenancePair, keepalived_s_words_know_a_backup) {
  expect(web2, "on", 0);
  const auto names =
      run(web2, "curl -s --unix-socket /run/baton/control.sock 'http://localhost/metrics?names=keepalived'");
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->text.contains("ip_address=\"10.0.20.100\"} 1\n")) << names->text;
  const auto own = run(web2, "curl -s --unix-socket /run/baton/control.sock http://localhost/metrics");
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->text.contains("\nbaton_maintenance 1\n")) << own->text;
  EXPECT_TRUE(own->text.contains("{vrrp_instance=\"VI_1\",state=\"MAINTENANCE\"} 1\n")) << own->text;
  const auto why = baton(web2, "why VI_1");
  ASSERT_TRUE(why);
  EXPECT_TRUE(why->text.contains("takes nothing over")) << why->text;
}

// With a stock peer: it takes over, and keeps the address when this node is back and was told to wait.
TEST(MaintenanceBesideKeepalived, hands_over_to_keepalived_and_comes_back) {
  if (!has_batond()) GTEST_SKIP() << "batond is not built";
  Pair pair({.daemons = {Daemon::batond, Daemon::keepalived}});
  ASSERT_TRUE(pair);
  ASSERT_TRUE(pair.wait_for_owner(web1)) << pair.log();
  const Instant asked = now();
  const auto maintain = [&](const std::string& arguments) {
    Pair::expect_done(
        pair->start_program(web1, {"sh", "-c", fmt::format("exec {} maintenance {}", BATON_PROGRAM, arguments)}));
  };
  ASSERT_TRUE(
      pair->wait_until([&] { return now() - asked > 4s; }, 6s));  // a backup that has just started takes nothing over
  maintain("on");
  EXPECT_TRUE(pair.wait_for_owner(web2)) << pair.log();
  EXPECT_LT(pair->pings(0).outage(asked, now()).longest, skew_time(pair->topology().targets.front(), 100))
      << pair.log();
  Pair::expect_done(pair->signal_daemon(web2, Role::guardian, SIGTERM));
  EXPECT_FALSE(pair->wait_until([&] { return pair.owners().contains(web1); }, 5s)) << pair.log();
  maintain("off");
  EXPECT_TRUE(pair.wait_for_owner(web1)) << pair.log();
}

}  // namespace
}  // namespace baton::lab
