// Interfaces of virtual routers that a reload took out: each removal holds the kernel up for a grace period, so they go
// one by one, between the adverts of who stays. Whoever ends the daemon meanwhile finds none of them afterwards.
#include <cstdlib>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr int first_vrid = 60;
constexpr int extra_routers = 40;

bool has_macvlan() {
  return std::system(
             "{ ip link add probe4 type veth peer name probe5 && ip link add link probe4 name probe6 type macvlan; "
             "r=$?; ip link del probe4; exit $r; } >/dev/null 2>&1") == 0;
}

class DroppedInterfaces : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({}); }
  void SetUp() override {
    if (!has_macvlan()) GTEST_SKIP() << "this kernel has no macvlan";
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    reload(web1, pair_config(web1, options()) + extra());
    ASSERT_TRUE(wait([] { return interfaces() == extra_routers; })) << pair().log();
  }

  static std::string extra() {
    std::string text;
    for (int vrid = first_vrid; vrid < first_vrid + extra_routers; ++vrid) {
      text += fmt::format(
          "vrrp_instance E_{0} {{\n  interface ens33\n  use_vmac\n  virtual_router_id {0}\n  priority 200\n"
          "  mcast_src_ip 10.0.20.14\n  virtual_ipaddress {{\n    10.0.20.{0}\n  }}\n}}\n",
          vrid);
    }
    return text;
  }
  static void drop_them() {
    const Instant asked = now();
    reload(web1, pair_config(web1, options()));
    ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
  }
  // They go one by one, so that some are there still; on a busy machine it may take a few tries to look in time.
  static void drop_them_and_look_in_time() {
    for (int tries = 0; tries < 5; ++tries) {
      drop_them();
      if (interfaces() > 0) return;
      reload(web1, pair_config(web1, options()) + extra());
      ASSERT_TRUE(wait([] { return interfaces() == extra_routers; })) << pair().log();
    }
    FAIL() << "they went all at once, five times";
  }
  // Without a process: while one starts, many of them go.
  static int interfaces() {
    std::ifstream list(fmt::format("/proc/{}/net/dev", lab().machine(web1).init()));
    int count = 0;
    for (std::string name; list >> name;) count += name.starts_with("vrrp.") ? 1 : 0;
    return count;
  }
  static void expect_all_gone() {
    EXPECT_TRUE(wait([] { return interfaces() == 0; })) << interfaces() << " are left\n" << pair().log();
  }
};

TEST_F(DroppedInterfaces, all_go_while_another_router_serves_on) {
  const Instant begin = now();
  drop_them();
  expect_all_gone();
  expect_no_move_since(begin);
}

TEST_F(DroppedInterfaces, are_gone_when_the_daemon_is_told_to_stop_at_once) {
  ASSERT_NO_FATAL_FAILURE(drop_them_and_look_in_time());
  stop_daemon(web1);
  EXPECT_EQ(interfaces(), 0) << pair().log();
}

TEST_F(DroppedInterfaces, are_taken_over_by_the_next_worker) {
  ASSERT_NO_FATAL_FAILURE(drop_them_and_look_in_time());
  const pid_t before = kill_worker(web1);
  ASSERT_TRUE(wait_for_other_worker(web1, before)) << pair().log();
  expect_all_gone();
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web1});
}

// The worker goes on its own then.
TEST_F(DroppedInterfaces, are_gone_when_the_guardian_is_killed) {
  ASSERT_NO_FATAL_FAILURE(drop_them_and_look_in_time());
  signal(web1, Role::guardian, SIGKILL);
  EXPECT_TRUE(wait([] { return batond_processes(web1).empty(); })) << pair().log();
  EXPECT_EQ(interfaces(), 0) << pair().log();
}

}  // namespace
}  // namespace baton::lab
