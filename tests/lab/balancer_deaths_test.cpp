// A balancer that is killed, at the worst of times: what it has left in the kernel is not left there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <string>

#include "balanced_network.h"

namespace baton::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* globals = "global_defs {\n  router_id lab\n  lb_plane nftables\n}\n";

std::string services(int count, int port) {
  std::string text = globals;
  for (int i = 0; i < count; ++i) {
    text += "virtual_server 10.7." + std::to_string(i / 250) + "." + std::to_string(i % 250) + " " +
            std::to_string(port) +
            " {\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n  real_server 10.8.0.11 80 {\n  }\n}\n";
  }
  return text;
}

class BalancerDeaths : public testing::Test {
 protected:
  void reload(const std::string& config) {
    ASSERT_TRUE(network_["lb1"].write_file("/run/lab/batond.conf", config));
    ::kill(network_.daemon("lb1"), SIGHUP);
  }
  // A dead one is replaced at once: the guardian, which stands still, hears of its death and of what comes next
  // together.
  void kill_balancer_and(const std::function<void()>& next) {
    const pid_t guardian = network_.daemon("lb1");
    ASSERT_EQ(::kill(guardian, SIGSTOP), 0);
    network_.run("lb1", "kill -9 $(pgrep -x baton-balance)");
    next();
    ASSERT_EQ(::kill(guardian, SIGCONT), 0);
  }
  bool becomes(const std::string& commands, const testing::Matcher<std::string>& matcher) {
    const Instant deadline = now() + std::chrono::seconds(60);
    while (!matcher.Matches(network_.output("lb1", commands))) {
      if (now() > deadline) return false;
    }
    return true;
  }
  bool rules_become(const testing::Matcher<std::string>& matcher) { return becomes("nft list ruleset", matcher); }

  BalancedNetwork network_;
};

TEST_F(BalancerDeaths, a_stop_takes_off_what_a_dead_one_has_left) {
  network_.start_balancer("lb1", services(3, 80));
  ASSERT_TRUE(rules_become(HasSubstr("10.8.0.11"))) << network_.log("lb1");
  kill_balancer_and([&] { ::kill(network_.daemon("lb1"), SIGTERM); });
  EXPECT_TRUE(rules_become(Not(HasSubstr("baton_balance")))) << network_.log("lb1");
}

TEST_F(BalancerDeaths, so_does_a_reload_without_virtual_servers) {
  network_.start_balancer("lb1", services(3, 80));
  ASSERT_TRUE(rules_become(HasSubstr("10.8.0.11"))) << network_.log("lb1");
  kill_balancer_and([&] { reload(globals); });
  EXPECT_TRUE(rules_become(Not(HasSubstr("baton_balance")))) << network_.log("lb1");
}

TEST_F(BalancerDeaths, one_that_hangs_is_replaced) {
  network_.start_balancer("lb1", services(3, 80));
  ASSERT_TRUE(rules_become(HasSubstr("10.8.0.11"))) << network_.log("lb1");
  network_.run("lb1", "kill -STOP $(pgrep -x baton-balance); nft delete table ip baton_balance");
  EXPECT_TRUE(rules_become(HasSubstr("10.8.0.11"))) << network_.log("lb1");
  EXPECT_THAT(network_.log("lb1"), HasSubstr("baton-balance has shown no sign of life"));
}

// The first one's work takes longer than the time until the second.
TEST_F(BalancerDeaths, of_two_reloads_at_once_the_last_one_counts) {
  constexpr int count = 2'000;
  const std::string count_ports =
      "nft list map ip baton_balance services 2>/dev/null | grep -o 'tcp . 10.7.[0-9.]* . [0-9]*' | awk '{print $5}' | "
      "sort | uniq -c | tr -s ' '";
  network_.start_balancer("lb1", services(count, 80));
  ASSERT_TRUE(becomes(count_ports, " 2000 80\n")) << network_.log("lb1");
  reload(services(count, 81));
  ASSERT_TRUE(becomes("grep -c 'reload complete' /run/lab/batond.log", "1\n"));
  reload(services(count, 82));
  EXPECT_TRUE(becomes(count_ports, " 2000 82\n")) << network_.log("lb1");
  EXPECT_THAT(network_.log("lb1"), Not(HasSubstr("File exists")));
}

}  // namespace
}  // namespace baton::lab
