// What keywords do that need a machine around them. VI_1 serves by the suite's configuration all the while; VI_2 has
// the lines of the test, on web1 alone.
#include <fmt/format.h>

#include <sstream>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const SharedRouter second{.name = "VI_2", .vrid = 51, .addresses = {"10.0.20.200"}};

class BatonKeywords : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({.routers = {SharedRouter{}, second}}); }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([] { return holds(web1, second.addresses[0]); })) << pair().log();
  }
  // Both instances, the second with further lines, and a head of its own.
  static std::string config_with(const std::string& lines, const std::string& head = "") {
    return head + instance_text(web1, SharedRouter{}) + instance_text(web1, second, lines);
  }
  // The same without the source address that instance_text() gives.
  static std::string without_source(std::string text) {
    const std::string source = "  mcast_src_ip 10.0.20.14\n";
    text.erase(text.rfind(source), source.size());
    return text;
  }
  static std::string state_of(NodeId node, std::size_t instance = 1) {
    return status(node).value(json::json_pointer(fmt::format("/instances/{}/state", instance)), "");
  }
  // The other node may have taken over before this one's worker has told what it knows.
  static testing::AssertionResult says_fault(NodeId node, std::string_view wanted) {
    std::string said;
    const auto is_said = [&] {
      said = status(node).value("/instances/1/faults/0"_json_pointer, "");
      return said == wanted;
    };
    if (wait(is_said)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "its fault is \"" << said << '"';
  }
};

TEST_F(BatonKeywords, unicast_fault_no_peer_does_not_fall_back_to_multicast) {
  reload(web1, config_with("  unicast_fault_no_peer\n"));
  ASSERT_TRUE(wait([] { return holds(web2, second.addresses[0]); })) << pair().log();
  EXPECT_TRUE(says_fault(web1, "it has no unicast_peer"));
  EXPECT_EQ(state_of(web1), "FAULT");
}

TEST_F(BatonKeywords, track_src_ip_needs_the_address_on_the_machine) {
  reload(web1, without_source(config_with("  mcast_src_ip 10.0.20.44\n  track_src_ip\n")));
  ASSERT_TRUE(wait([] { return holds(web2, second.addresses[0]); })) << pair().log();
  EXPECT_TRUE(says_fault(web1, "this machine does not have the address 10.0.20.44"));
  ASSERT_TRUE(run(web1, "ip address add 10.0.20.44/32 dev lo"));
  EXPECT_TRUE(wait([] { return holds(web1, second.addresses[0]); })) << pair().log();
  ASSERT_TRUE(run(web1, "ip address del 10.0.20.44/32 dev lo"));
  EXPECT_TRUE(wait([] { return holds(web2, second.addresses[0]); })) << pair().log();
}

TEST_F(BatonKeywords, log_unknown_vrids_tells_of_a_router_that_is_not_ours) {
  reload(web2, "global_defs {\n  log_unknown_vrids\n}\n" + instance_text(web2, SharedRouter{}));
  EXPECT_TRUE(wait([&] { return was_logged(web2, "advert for unknown VRID 51 on interface ens33", begin()); }))
      << pair().log();
}

TEST_F(BatonKeywords, vrrp_delay_after_boot_counts_from_the_boot_of_the_machine) {
  if (now().time_since_epoch() > 4280s) GTEST_SKIP() << "the machine has been up for longer than the keyword can say";
  stop_daemon(web1);
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  const auto since_boot = now().time_since_epoch() + 3s;  // CLOCK_BOOTTIME
  const std::string head = fmt::format("global_defs {{\n  vrrp_delay_after_boot {:.3f}\n}}\n",
                                       std::chrono::duration<double>(since_boot).count());
  configure(web1, config_with("", head));
  Pair::expect_done(lab().start_daemon(web1));
  const Instant end{since_boot};
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_GT(*lab().ownership().last_change(pair().address()), end + 1s) << pair().log();  // it hears web2 only then
}

// web1 does not run until 3.15 s after an advert of VI_2. web2 (priority 100) waits for 3.6 s, a backup with priority
// 254 would have taken over after 3.01 s; without the keyword a master goes on for 4 s.
TEST_F(BatonKeywords, timer_expired_backup_is_backup_when_it_wakes) {
  const auto last_advert = [] {
    Instant last{};
    for (const AdvertRecord& record : lab().adverts()) {
      if (record.node == web1 && record.advert.vrid == second.vrid) last = record.at;
    }
    return last;
  };
  configure(web1, config_with("  nopreempt\n  timer_expired_backup\n"));
  Instant heard{};
  Duration slept = Duration::max();  // a busy machine may wake it too late
  for (int attempt = 0; attempt < 10 && slept > 3500ms; ++attempt) {
    // Alone it begins to advertise both at once: what web2 waits for ends at the same time for both.
    for (const NodeId each : {web2, web1}) stop_daemon(each);
    Pair::expect_done(lab().start_daemon(web1));
    ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
    const Instant met = now();
    Pair::expect_done(lab().start_daemon(web2));
    ASSERT_TRUE(wait([&] { return was_logged(web2, "(VI_2) master is", met); })) << pair().log();
    const Instant begun = now();
    ASSERT_TRUE(wait([&] { return last_advert() > begun + 100ms; })) << pair().log();
    for (const Role role : {Role::guardian, Role::worker}) signal(web1, role, SIGSTOP);
    heard = last_advert();
    lab().run_for(heard + 3150ms - now());
    for (const Role role : {Role::worker, Role::guardian}) signal(web1, role, SIGCONT);
    slept = now() - heard;
  }
  ASSERT_LE(slept, 3500ms) << "the machine is too busy";
  EXPECT_TRUE(wait([&] { return was_logged(web1, "(VI_2) Entering BACKUP STATE: we were not running", heard); }))
      << pair().log();
  EXPECT_FALSE(was_logged(web1, "(VI_1) Entering BACKUP", heard)) << pair().log();
}

// web2 speaks for VI_2 as a unicast peer; web1 hears it, and what web1's lines say of such adverts is counted.
TEST_F(BatonKeywords, adverts_that_are_not_wanted_are_thrown_away_for_their_reason) {
  const auto unicast = [](NodeId node, const std::string& lines) {
    std::string text = instance_text(node, second, lines);
    const std::string group = "  mcast_src_ip ";
    return text.replace(text.find(group), group.size(), "  unicast_src_ip ");
  };
  struct Case {
    std::string ours;
    std::string theirs;
    std::string reason;  // empty: accepted
  };
  const std::string to_web1 = "  unicast_peer {\n    10.0.20.14\n  }\n";
  const std::string to_nobody = "  unicast_peer {\n    10.0.20.99\n  }\n";
  for (const Case& it : {Case{to_nobody, to_web1, ""}, Case{to_nobody + "  check_unicast_src\n", to_web1, "not_a_peer"},
                         Case{"  unicast_peer {\n    10.0.20.15 min_ttl 255\n  }\n",
                              to_web1 + "  unicast_ttl 64\n  priority 254\n", "ttl"},
                         Case{to_nobody + "  priority 255\n  owner_ignore_adverts\n", to_web1, "owner_ignores"}}) {
    const pid_t before = worker(web1);
    reload(web2, instance_text(web2, SharedRouter{}) + unicast(web2, it.theirs));
    reload(web1, instance_text(web1, SharedRouter{}) + unicast(web1, it.ours));
    ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
    EXPECT_TRUE(wait([&] {
      const json ours = status(web1).value("/instances/1"_json_pointer, json::object());
      if (it.reason.empty()) return ours.value("/adverts/accepted"_json_pointer, 0) > 0;
      return ours.value(json::json_pointer("/rejected/" + it.reason), 0) > 0;
    })) << it.reason
        << status(web1).dump(1) << pair().log();
  }
}

TEST_F(BatonKeywords, higher_prio_send_advert_has_a_last_word) {
  stop_daemon(web1);
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  configure(web1, instance_text(web1, SharedRouter{}, "  make_before_break no\n"));
  // How often web2 speaks behind the first advert of web1.
  const auto last_words = [] {
    const Instant start = now();
    Pair::expect_done(lab().start_daemon(web1));
    EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
    EXPECT_TRUE(wait([&] { return adverts(web1, start).size() >= 2; })) << pair().log();
    Instant first{};
    for (const AdvertRecord& record : lab().adverts()) {
      if (record.node == web1 && record.at > start && first == Instant{}) first = record.at;
    }
    const std::size_t count = adverts(web2, first).size();
    stop_daemon(web1);
    EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
    return count;
  };
  for (const std::string keyword : {"", "  higher_prio_send_advert\n"}) {
    const pid_t before = worker(web2);
    reload(web2, instance_text(web2, SharedRouter{}, "  make_before_break no\n" + keyword));
    ASSERT_TRUE(wait_for_other_worker(web2, before)) << pair().log();
    const std::size_t wanted = keyword.empty() ? 0 : 1;
    std::size_t count = last_words();
    // One that was due just then is no answer to anybody: not every time, then.
    for (int tries = 0; count != wanted && tries < 2 && !HasFailure(); ++tries) count = last_words();
    EXPECT_EQ(count, wanted) << pair().log();
  }
}

TEST_F(BatonKeywords, down_timer_adverts_1_takes_over_after_one_interval) {
  reload(web2, instance_text(web2, SharedRouter{}, "  down_timer_adverts 1\n"));
  ASSERT_TRUE(wait([] { return status(web2).value("/instances/0/master_down_interval"_json_pointer, 9.0) < 2.0; }))
      << pair().log();
  ASSERT_TRUE(wait([] { return !status(web2).value("/instances/0/master"_json_pointer, json()).is_null(); }));
  const Instant cut = now();
  Pair::expect_done(lab().set_forwarding(web1, "ens33", false));
  ASSERT_TRUE(wait([] { return holds(web2, "10.0.20.100"); })) << pair().log();
  Instant heard{};
  for (const AdvertRecord& record : lab().adverts()) {
    if (record.node == web1 && record.advert.vrid == 50 && record.at <= cut) heard = record.at;
  }
  const Instant taken = *lab().ownership().last_change(pair().address());
  EXPECT_LT(taken - heard, master_down_interval(lab().topology().targets.front(), 100)) << pair().log();
  Pair::expect_done(lab().set_forwarding(web1, "ens33", true));
}

TEST_F(BatonKeywords, interface_up_down_delays_lets_a_short_loss_of_the_link_pass) {
  const std::string head = "interface_up_down_delays {\n  ens33 1.5\n}\n";
  const pid_t before = worker(web1);
  reload(web1, config_with("", head));
  ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
  ASSERT_TRUE(wait([&] { return adverts(web1, begin(), second.vrid).size() >= 2; })) << pair().log();
  const Instant cut = now();
  Pair::expect_done(lab().set_carrier(web1, "ens33", false));
  lab().run_for(500ms);
  Pair::expect_done(lab().set_carrier(web1, "ens33", true));
  ASSERT_TRUE(wait([&] { return adverts(web1, cut).size() >= 3; })) << pair().log();
  EXPECT_FALSE(was_logged(web1, "FAULT", cut)) << pair().log();
  expect_no_move_since(cut);

  const Instant lost = now();
  Pair::expect_done(lab().set_carrier(web1, "ens33", false));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "(VI_2) Entering FAULT STATE", lost); })) << pair().log();
  EXPECT_GE(now() - lost, 1500ms);
  Pair::expect_done(lab().set_carrier(web1, "ens33", true));
}

TEST_F(BatonKeywords, a_polled_link_that_goes_is_a_fault) {
  const pid_t before = worker(web1);
  reload(web1, config_with("", "linkbeat_interfaces {\n  ens33 ETHTOOL\n}\n"));
  ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
  const Instant polled = now();
  ASSERT_TRUE(wait([&] { return adverts(web1, polled, second.vrid).size() >= 2; })) << pair().log();
  Pair::expect_done(lab().set_carrier(web1, "ens33", false));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "(VI_2) Entering FAULT STATE", begin()); })) << pair().log();
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  Pair::expect_done(lab().set_carrier(web1, "ens33", true));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

// keepalived 2.2.7: without notify_deleted `notify` and the FIFO are told FAULT, and notify_fault is not run.
TEST_F(BatonKeywords, an_instance_that_a_reload_takes_out_is_told_of_a_last_time) {
  write_file(web1, "/run/lab/tell", "#!/bin/sh\necho \"$*\" >>/run/lab/told\n", 0755);
  Pair::expect_done(lab().start_program(
      web1, {"sh", "-c", "mkfifo -m 600 /run/lab/fifo; exec cat <>/run/lab/fifo >>/run/lab/heard"}));
  const std::string head = "global_defs {\n  script_user root\n  vrrp_notify_fifo /run/lab/fifo\n}\n";
  const std::string hooks = "  notify \"/run/lab/tell any\"\n  notify_fault \"/run/lab/tell fault\"\n";
  const auto last_line = [](const std::string& file) {
    const std::string text = read_file(web1, file);
    const std::size_t end = text.find_last_not_of('\n');
    if (end == text.npos) return std::string();
    const std::size_t begin = text.rfind('\n', end);
    return text.substr(begin == text.npos ? 0 : begin + 1, end - (begin == text.npos ? 0 : begin + 1) + 1);
  };
  const std::string deleted_hook = "  notify_deleted \"/run/lab/tell deleted\"\n";
  for (const bool is_deleted : {false, true}) {
    const pid_t before = worker(web1);
    write_file(web1, "/run/lab/told", "");
    reload(web1, config_with(hooks + (is_deleted ? deleted_hook : ""), head));
    ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
    ASSERT_TRUE(wait([&] { return state_of(web1) == "MASTER"; })) << pair().log();
    reload(web1, head + instance_text(web1, SharedRouter{}));
    const std::string state = is_deleted ? "DELETED" : "FAULT";
    ASSERT_TRUE(wait([&] { return last_line("/run/lab/told") == "any INSTANCE VI_2 " + state + " 200"; }))
        << read_file(web1, "/run/lab/told") << pair().log();
    EXPECT_EQ(read_file(web1, "/run/lab/told").contains("deleted\n"), is_deleted);
    EXPECT_FALSE(read_file(web1, "/run/lab/told").contains("fault\n"));
    EXPECT_TRUE(wait([&] { return last_line("/run/lab/heard") == "INSTANCE \"VI_2\" " + state + " 200"; }))
        << read_file(web1, "/run/lab/heard");
  }
}

TEST_F(BatonKeywords, fifo_write_vrrp_states_on_reload_repeats_what_has_not_changed) {
  Pair::expect_done(lab().start_program(
      web1, {"sh", "-c", "mkfifo -m 600 /run/lab/fifo2; exec cat <>/run/lab/fifo2 >>/run/lab/heard2"}));
  const std::string head =
      "global_defs {\n  script_user root\n  vrrp_notify_fifo /run/lab/fifo2\n  fifo_write_vrrp_states_on_reload\n}\n";
  reload(web1, config_with("", head));
  const std::string states = "INSTANCE \"VI_1\" MASTER 200\nINSTANCE \"VI_2\" MASTER 200\n";
  EXPECT_TRUE(wait([&] { return read_file(web1, "/run/lab/heard2") == states; })) << read_file(web1, "/run/lab/heard2");
  const pid_t before = worker(web1);
  signal(web1, Role::worker, SIGKILL);  // another worker is no reload
  ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
  reload(web1, config_with("  priority 201\n", head));  // which tells this one's words from the other worker's
  const std::string repeated = "INSTANCE \"VI_1\" MASTER 200\nINSTANCE \"VI_2\" MASTER 201\n";
  EXPECT_TRUE(wait([&] { return read_file(web1, "/run/lab/heard2").ends_with("\"VI_2\" MASTER 201\n"); }))
      << pair().log();
  EXPECT_EQ(read_file(web1, "/run/lab/heard2"), states + repeated);
}

TEST_F(BatonKeywords, startup_and_shutdown_scripts_run_before_and_after_everything) {
  stop_daemon(web1);
  write_file(web1, "/run/lab/once", "#!/bin/sh\nip address show dev ens33 >/run/lab/$1\nsleep 0.5\nexit 1\n", 0755);
  configure(web1, config_with("",
                              "global_defs {\n  script_user root\n  startup_script \"/run/lab/once up\"\n"
                              "  shutdown_script \"/run/lab/once down\"\n}\n"));
  Pair::expect_done(lab().start_daemon(web1));
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_TRUE(read_file(web1, "/run/lab/up").contains("10.0.20.14"));
  EXPECT_FALSE(read_file(web1, "/run/lab/up").contains("10.0.20.100"));
  EXPECT_TRUE(was_logged(web1, "startup_script exited with status 1", begin())) << pair().log();  // and goes on
  EXPECT_EQ(read_file(web1, "/run/lab/down"), "");
  stop_daemon(web1);
  EXPECT_TRUE(read_file(web1, "/run/lab/down").contains("10.0.20.14"));
  EXPECT_FALSE(read_file(web1, "/run/lab/down").contains("10.0.20.100"));
}

TEST_F(BatonKeywords, the_worker_is_scheduled_as_the_file_says) {
  const pid_t before = worker(web1);
  reload(web1, config_with("", "global_defs {\n  vrrp_cpu_affinity 0\n  vrrp_priority -3\n  vrrp_rt_priority 7\n}\n"));
  ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
  ASSERT_TRUE(wait([&] { return state_of(web1) == "MASTER"; })) << pair().log();
  std::ifstream status_file(fmt::format("/proc/{}/status", worker(web1)));
  const std::string status_text{std::istreambuf_iterator<char>(status_file), {}};
  EXPECT_TRUE(status_text.contains("Cpus_allowed_list:\t0\n")) << status_text;
  std::ifstream stat_file(fmt::format("/proc/{}/stat", worker(web1)));
  const std::string stat_text{std::istreambuf_iterator<char>(stat_file), {}};
  std::istringstream fields(stat_text.substr(stat_text.rfind(')') + 2));  // from the state, field 3, on
  const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
  EXPECT_EQ(words.at(19 - 3), "-3");  // nice
  EXPECT_EQ(words.at(40 - 3), "7");   // rt_priority
}

TEST_F(BatonKeywords, an_instance_of_the_daemon_has_files_of_its_own) {
  stop_daemon(web1);
  configure(web1, "instance blue\n" + config_with(""));
  Pair::expect_done(lab().start_daemon(web1));
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  const auto said = baton(web1, "status --json --socket /run/baton/blue/control.sock");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 0) << said->text;
  EXPECT_NE(read_file(web1, "/run/baton/blue/batond.pid"), "");
  signal(web1, Role::guardian, SIGHUP);
  configure(web1, "instance green\n" + config_with(""));
  signal(web1, Role::guardian, SIGHUP);
  EXPECT_TRUE(wait([&] { return was_logged(web1, "net_namespace_ipvs and instance cannot change", begin()); }))
      << pair().log();
  stop_daemon(web1);
}

TEST_F(BatonKeywords, net_namespace_is_entered_before_anything_is_opened) {
  stop_daemon(web1);
  const auto made = run(web1, "ip netns add blue && ip -n blue link set lo up");
  ASSERT_TRUE(made);
  if (made->code != 0) GTEST_SKIP() << "no network namespace within this one: " << made->text;
  configure(web1, "net_namespace blue\n" + config_with(""));
  Pair::expect_done(lab().start_daemon(web1));
  // ens33 is not there, and the machine's own is left alone.
  EXPECT_TRUE(wait([&] { return was_logged(web1, "interface ens33 is not there", begin()); })) << pair().log();
  EXPECT_TRUE(wait([] {
    const auto said = baton(web1, "status --json --socket /run/baton/blue/control.sock");
    return said && said->text.contains("FAULT");
  })) << pair().log();
  EXPECT_TRUE(wait([] { return pair().owners() == std::set<NodeId>{web2}; })) << pair().log();
  stop_daemon(web1);
  ASSERT_TRUE(run(web1, "ip netns del blue"));
}

}  // namespace
}  // namespace baton::lab
