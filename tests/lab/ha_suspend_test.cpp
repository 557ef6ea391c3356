// ha_suspend: real servers are asked while the virtual server's address is on this host, and not while it is not. What
// reaches a real server is counted there, by its kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "balanced_network.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const std::string suspended = R"(virtual_server 10.9.0.100 80 {
  delay_loop 0.2
  protocol TCP
  lb_algo rr
  lb_kind NAT
  ha_suspend
)";

const std::string asks = R"(global_defs {
  router_id lab
  lb_plane nftables
}
)" + suspended + R"(  real_server 10.8.0.11 80 {
    TCP_CHECK {
      connect_timeout 1
      retry 0
    }
  }
}
)";

class HaSuspend : public testing::Test {
 protected:
  void SetUp() override {
    network_.run(
        "s1",
        "nft 'add table ip seen; add counter ip seen asked; add chain ip seen input { type filter hook input "
        "priority 0; }; add rule ip seen input tcp dport 80 tcp flags & (syn | ack) == syn counter name asked'");
    network_.start_balancer("lb1", config());
  }
  virtual std::string config() const { return asks; }

  int asked() {
    const std::string text = network_.output("s1", "nft list counter ip seen asked | grep -o 'packets [0-9]*'");
    return text.empty() ? -1 : std::stoi(text.substr(text.find(' ')));
  }
  bool becomes(const std::function<bool()>& condition) {
    const Instant deadline = now() + 20s;
    while (!condition()) {
      if (now() > deadline) return false;
    }
    return true;
  }
  void move_address(const std::string& how) { network_.run("lb1", "ip addr " + how + " 10.9.0.100/32 dev eth0"); }
  nlohmann::json check() {
    const auto status =
        nlohmann::json::parse(network_.output("lb1", BATON_PROGRAM " status --services --json"), nullptr, false);
    return status.is_object() ? status.value("/services/0/servers/0/checks/0"_json_pointer, nlohmann::json::object())
                              : nlohmann::json::object();
  }
  std::string state(int server = 0) {
    const auto status =
        nlohmann::json::parse(network_.output("lb1", BATON_PROGRAM " status --services --json"), nullptr, false);
    const nlohmann::json::json_pointer place("/services/0/servers/" + std::to_string(server) + "/state");
    return status.is_object() ? status.value(place, "") : "";
  }
  bool is_suspended(bool wanted) {
    return becomes([&] { return check().value("suspended", !wanted) == wanted; });
  }
  // Five intervals.
  void expect_nobody_asks() {
    const int before = asked();
    network_.run("s1", "sleep 1");
    EXPECT_EQ(asked(), before) << network_.log("lb1");
  }

  BalancedNetwork network_;
};

TEST_F(HaSuspend, checks_follow_the_address_and_servers_stay_what_they_are_without_it) {
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  expect_nobody_asks();
  EXPECT_EQ(asked(), 0);
  EXPECT_EQ(state(), "up");
  EXPECT_THAT(network_.output("lb1", BATON_PROGRAM " status --services"), HasSubstr("checks are suspended"));

  move_address("add");
  ASSERT_TRUE(is_suspended(false)) << network_.log("lb1");
  EXPECT_TRUE(becomes([&] { return asked() > 3; })) << network_.log("lb1");
  EXPECT_THAT(network_.output("lb1", BATON_PROGRAM " status --services"), Not(HasSubstr("suspended")));

  // It dies unseen, and is found dead when somebody looks.
  move_address("del");
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  network_.stop_web("s1");
  expect_nobody_asks();
  EXPECT_EQ(state(), "up");
  move_address("add");
  EXPECT_TRUE(becomes([&] { return state() == "down"; })) << network_.log("lb1");

  // It comes back unseen.
  move_address("del");
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  network_.start_web("s1");
  expect_nobody_asks();
  EXPECT_EQ(state(), "down");
  move_address("add");
  EXPECT_TRUE(becomes([&] { return state() == "up"; })) << network_.log("lb1");
}

TEST_F(HaSuspend, the_next_checker_looks_for_the_address_as_well) {
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  const auto checker = [this] { return network_.output("lb1", "pgrep -x baton-check"); };
  const std::string old = checker();
  const int before = asked();
  network_.run("lb1", "kill -9 " + old);
  ASSERT_TRUE(becomes([&] {
    const std::string is = checker();
    return !is.empty() && is != old;
  })) << network_.log("lb1");
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  expect_nobody_asks();
  EXPECT_EQ(asked(), before) << network_.log("lb1");
  move_address("add");
  EXPECT_TRUE(becomes([&] { return asked() > 3; })) << network_.log("lb1");
}

// Programs and files, which a runner beside the checker looks at.
class HaSuspendRunner : public HaSuspend {
 protected:
  void SetUp() override {
    ASSERT_TRUE(network_["lb1"].write_file("/run/lab/check", "echo x >>/run/lab/ran\n! test -e /run/lab/sick\n"));
    say_load(0);
    HaSuspend::SetUp();
  }
  std::string config() const override {
    return R"(global_defs {
  router_id lab
  lb_plane nftables
  script_user root
}
track_file load {
  file /run/lab/load
  weight 0
}
)" + suspended +
           R"(  real_server 10.8.0.11 80 {
    MISC_CHECK {
      misc_path "/bin/sh /run/lab/check"
      retry 0
    }
  }
  real_server 10.8.0.12 80 {
    FILE_CHECK {
      track_file load
      weight 0
    }
  }
}
)";
  }
  void say_load(int number) { ASSERT_TRUE(network_["lb1"].write_file("/run/lab/load", std::to_string(number) + "\n")); }
  int ran() { return std::stoi(network_.output("lb1", "cat /run/lab/ran 2>/dev/null | wc -l")); }
  void expect_nothing_runs() {
    const int before = ran();
    network_.run("lb1", "sleep 1");
    EXPECT_EQ(ran(), before) << network_.log("lb1");
  }
  bool are(const char* first, const char* second) {
    return becomes([&] { return state(0) == first && state(1) == second; });
  }
};

TEST_F(HaSuspendRunner, programs_and_files_count_while_the_address_is_here) {
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  say_load(1);
  expect_nothing_runs();
  EXPECT_EQ(ran(), 0);
  EXPECT_TRUE(are("up", "up")) << network_.log("lb1");

  move_address("add");
  EXPECT_TRUE(becomes([&] { return ran() > 3; })) << network_.log("lb1");
  EXPECT_TRUE(are("up", "down")) << network_.log("lb1");  // by what the file said before

  move_address("del");
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  network_.run("lb1", "touch /run/lab/sick");
  say_load(0);
  expect_nothing_runs();
  EXPECT_TRUE(are("up", "down")) << network_.log("lb1");

  // Another runner does not know better.
  network_.run("lb1", "kill -9 $(pgrep -x baton-checkrun)");
  ASSERT_TRUE(becomes([&] { return network_.output("lb1", "pgrep -x baton-checkrun") != ""; }));
  expect_nothing_runs();
  EXPECT_TRUE(are("up", "down")) << network_.log("lb1");

  move_address("add");
  EXPECT_TRUE(are("down", "up")) << network_.log("lb1");
  network_.run("lb1", "rm /run/lab/sick");
  say_load(2);
  EXPECT_TRUE(are("up", "down")) << network_.log("lb1");
}

}  // namespace
}  // namespace baton::lab
