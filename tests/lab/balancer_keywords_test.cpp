// Keywords of load balancing, where only the whole daemon shows what they do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "balanced_network.h"

namespace baton::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string globals(const std::string& words) {
  return "global_defs {\n  router_id lab\n  lb_plane nftables\n  script_user root\n" + words + "}\n";
}

std::string server(const std::string& last) {
  return "  real_server 10.8.0." + last + " 80 {\n    notify_up \"/run/lab/told up-" + last +
         "\"\n    notify_down \"/run/lab/told down-" + last + "\"\n  }\n";
}

std::string service(const std::string& servers) {
  return "virtual_server 10.9.0.100 80 {\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n"
         "  quorum_up \"/run/lab/told quorum\"\n" +
         servers + "}\n";
}

class BalancerKeywords : public testing::Test {
 protected:
  std::string until(const std::string& commands, const testing::Matcher<std::string>& matcher) {
    const Instant deadline = now() + std::chrono::seconds(20);
    std::string said;
    do {
      said = network_.output("lb1", commands);
    } while (!matcher.Matches(said) && now() < deadline);
    return said;
  }
  std::string told(const testing::Matcher<std::string>& matcher) { return until("sort /run/lab/news", matcher); }
  // All of it: nobody is left who could tell more.
  std::string told_in_the_end() {
    ::kill(network_.daemon("lb1"), SIGTERM);
    EXPECT_EQ(until("pgrep -lx 'batond|baton-.*'; pgrep -lx told", testing::IsEmpty()), "") << network_.log("lb1");
    return network_.output("lb1", "sort /run/lab/news");
  }

  BalancedNetwork network_;
};

TEST_F(BalancerKeywords, rs_init_notifies_tells_of_servers_that_are_up_from_the_start_each_once) {
  network_.run(
      "lb1", "printf '#!/bin/sh\\necho $1 >>/run/lab/news\\n' >/run/lab/told; chmod 755 /run/lab/told; >/run/lab/news");
  network_.start_balancer("lb1", globals("  rs_init_notifies\n") + service(server("11") + server("12")));
  EXPECT_EQ(told("quorum\nup-11\nup-12\n"), "quorum\nup-11\nup-12\n") << network_.log("lb1");
  ASSERT_TRUE(network_["lb1"].write_file(
      "/run/lab/batond.conf", globals("  rs_init_notifies\n") + service(server("13") + server("12") + server("11"))));
  ::kill(network_.daemon("lb1"), SIGHUP);
  EXPECT_THAT(told(HasSubstr("up-13\n")), HasSubstr("up-13\n")) << network_.log("lb1");
  EXPECT_EQ(told_in_the_end(), "quorum\nup-11\nup-12\nup-13\n") << network_.log("lb1");
}

TEST_F(BalancerKeywords, without_rs_init_notifies_the_quorum_alone_is_told) {
  network_.run(
      "lb1", "printf '#!/bin/sh\\necho $1 >>/run/lab/news\\n' >/run/lab/told; chmod 755 /run/lab/told; >/run/lab/news");
  network_.start_balancer("lb1", globals("") + service(server("11")));
  EXPECT_THAT(told(HasSubstr("quorum")), HasSubstr("quorum")) << network_.log("lb1");
  EXPECT_EQ(told_in_the_end(), "quorum\n") << network_.log("lb1");
}

TEST_F(BalancerKeywords, net_namespace_ipvs_puts_services_into_another_namespace) {
  const std::string made = network_.output("lb1", "ip netns add blue 2>&1");
  if (!made.empty()) GTEST_SKIP() << "no network namespace within this one: " << made;
  network_.start_balancer("lb1", "net_namespace_ipvs blue\n" + globals("") + service(server("11")));
  EXPECT_THAT(until("ip netns exec blue nft list ruleset", HasSubstr("10.8.0.11")), HasSubstr("10.8.0.11"))
      << network_.log("lb1");
  EXPECT_THAT(network_.rules("lb1"), Not(HasSubstr("10.8.0.11")));
  network_.run("lb1", "ip netns del blue");
}

TEST_F(BalancerKeywords, net_namespace_ipvs_alone_is_where_the_daemon_was_started) {
  const std::string made = network_.output("lb1", "ip netns add red 2>&1 && ip -n red link set lo up");
  if (!made.empty()) GTEST_SKIP() << "no network namespace within this one: " << made;
  network_.start_balancer("lb1", "net_namespace red\nnet_namespace_ipvs\n" + globals("") + service(server("11")));
  EXPECT_THAT(until("nft list ruleset", HasSubstr("10.8.0.11")), HasSubstr("10.8.0.11")) << network_.log("lb1");
  EXPECT_THAT(network_.output("lb1", "ip netns exec red nft list ruleset"), Not(HasSubstr("10.8.0.11")));
  network_.run("lb1", "ip netns del red");
}

}  // namespace
}  // namespace baton::lab
