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

constexpr std::string_view config = R"(global_defs {
  router_id lab
  lb_plane nftables
}
virtual_server 10.9.0.100 80 {
  delay_loop 0.2
  protocol TCP
  lb_algo rr
  lb_kind NAT
  ha_suspend
  real_server 10.8.0.11 80 {
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
    network_.start_balancer("lb1", std::string(config));
  }

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
  std::string state() {
    const auto status =
        nlohmann::json::parse(network_.output("lb1", BATON_PROGRAM " status --services --json"), nullptr, false);
    return status.is_object() ? status.value("/services/0/servers/0/state"_json_pointer, "") : "";
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
  network_.run("lb1", "kill -9 $(pgrep -x baton-check)");
  expect_nobody_asks();
  ASSERT_TRUE(becomes([&] { return network_.output("lb1", "pgrep -x baton-check") != ""; })) << network_.log("lb1");
  ASSERT_TRUE(is_suspended(true)) << network_.log("lb1");
  move_address("add");
  EXPECT_TRUE(becomes([&] { return asked() > 3; })) << network_.log("lb1");
}

}  // namespace
}  // namespace baton::lab
