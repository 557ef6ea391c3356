// vrrp_check and track_check (docs/decisions/0037): nginx itself is asked, by the role that asks real servers, and the
// address follows who has one that answers. No virtual server, no script.
#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view check = R"(vrrp_check nginx {
  HTTP_GET {
    url {
      path /
    }
  }
  interval 0.2
  fall 2
  rise 2
  weight -150
}
)";

class TrackedCheck : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.has_web = true, .head = std::string(check), .extra = "  track_check {\n    nginx\n  }\n"});
  }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([] { return verdict(web1) == "up" && verdict(web2) == "up"; })) << pair().log();
  }

  static std::string verdict(NodeId node) { return status(node).value("/checks/0/status"_json_pointer, ""); }
  static int priority(NodeId node) { return status(node).value("/instances/0/priority/effective"_json_pointer, 0); }
  // 0: none.
  static pid_t checker(NodeId node) {
    for (const ProcessInfo& process : batond_processes(node)) {
      if (process.name == "baton-check") return process.pid;
    }
    return 0;
  }
  static std::string with(std::string text, std::string_view old, std::string_view next) {
    const std::size_t at = text.find(old);
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, old.size(), next);
  }
};

TEST_F(TrackedCheck, the_address_goes_with_nginx_and_comes_back_with_it) {
  Pair::expect_done(lab().stop_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  const auto ours = status(web1);
  EXPECT_EQ(ours.value("/checks/0/status"_json_pointer, ""), "down");
  EXPECT_EQ(ours.value("/checks/0/text"_json_pointer, ""), "connection refused") << ours.dump(2);
  EXPECT_EQ(ours.value("/instances/0/priority/effective"_json_pointer, 0), 50);
  EXPECT_EQ(ours.value("/instances/0/priority/parts/1/name"_json_pointer, ""), "nginx");
  EXPECT_EQ(ours.value("/instances/0/priority/parts/1/amount"_json_pointer, 0), -150);
  EXPECT_TRUE(was_logged(web1, "vrrp_check nginx (HTTP_GET of 127.0.0.1 port 80) is down: connection refused", begin()))
      << pair().log();
  const auto why = baton(web1, "why VI_1");
  ASSERT_TRUE(why);
  EXPECT_TRUE(why->text.contains("nginx")) << why->text;
  EXPECT_TRUE(why->text.contains("connection refused")) << why->text;

  Pair::expect_done(lab().start_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_EQ(priority(web1), 200);
}

TEST_F(TrackedCheck, a_reload_keeps_what_is_known) {
  Pair::expect_done(lab().stop_web(web1));
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  // Another schedule, which would take half a minute to find out anything.
  const Instant asked = now();
  reload(web1, with(pair_config(web1, options()), "interval 0.2", "interval 30"));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
  EXPECT_TRUE(wait([] { return verdict(web1) == "down"; })) << pair().log();
  EXPECT_EQ(priority(web1), 50);
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web2}) << pair().log();
  Pair::expect_done(lab().start_web(web1));
}

TEST_F(TrackedCheck, a_checker_role_that_dies_moves_nothing) {
  const pid_t before = checker(web1);
  ASSERT_NE(before, 0);
  ASSERT_EQ(::kill(before, SIGKILL), 0);
  ASSERT_TRUE(wait([&] { return was_logged(web1, "baton-check", begin()); })) << pair().log();
  ASSERT_TRUE(wait([&] { return checker(web1) != 0 && checker(web1) != before; })) << pair().log();
  ASSERT_TRUE(wait([] { return status(web1).value("/checks/0/checked"_json_pointer, false); })) << pair().log();
  EXPECT_EQ(verdict(web1), "up");
  EXPECT_EQ(priority(web1), 200);
  expect_no_move_since(begin());
  expect_hardly_missed_since(begin());
}

TEST_F(TrackedCheck, while_nobody_checks_the_last_verdict_stands_and_the_status_says_so) {
  const pid_t before = checker(web1);
  ASSERT_NE(before, 0);
  ASSERT_EQ(::kill(before, SIGSTOP), 0);  // neither gone nor at work: nginx may die unseen
  Pair::expect_done(lab().stop_web(web1));
  lab().run_for(1s);
  EXPECT_EQ(verdict(web1), "up");
  expect_no_move_since(begin());
  signal(web1, Role::guardian, SIGSTOP);  // which would replace it at once
  ASSERT_EQ(::kill(before, SIGKILL), 0);
  EXPECT_TRUE(wait([] { return !status(web1).value("/checks/0/checked"_json_pointer, true); })) << pair().log();
  signal(web1, Role::guardian, SIGCONT);
  // The next one sees it.
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  Pair::expect_done(lab().start_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

TEST_F(TrackedCheck, a_checker_role_that_hangs_is_replaced) {
  const pid_t before = checker(web1);
  ASSERT_NE(before, 0);
  ASSERT_EQ(::kill(before, SIGSTOP), 0);
  Pair::expect_done(lab().stop_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web2, 30s)) << pair().log();  // the next one sees it
  EXPECT_NE(checker(web1), before);
  EXPECT_TRUE(was_logged(web1, "baton-check has shown no sign of life", begin())) << pair().log();
  Pair::expect_done(lab().start_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

TEST_F(TrackedCheck, of_weight_zero_is_a_fault_and_a_start_waits_for_the_first_result) {
  Pair::expect_done(lab().stop_web(web1));
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  stop_daemon(web1);
  configure(web1, with(pair_config(web1, options()), "weight -150", "weight 0"));
  const Instant started = now();
  Pair::expect_done(lab().start_daemon(web1));
  EXPECT_TRUE(wait([] { return status(web1).value("/instances/0/state"_json_pointer, "") == "FAULT"; }))
      << pair().log();
  EXPECT_TRUE(adverts(web1, started).empty()) << pair().log();  // never MASTER, not for a moment
  Pair::expect_done(lab().start_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

}  // namespace
}  // namespace baton::lab
