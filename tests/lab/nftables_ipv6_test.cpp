// Virtual servers of IPv6 on nftables: connections through the balancer, and what it does when a real server dies.
//
//   client fd09::1 ── front ── fd09::2, fd09::100 │ lb1 │ fd08::2 ── back ── s1 fd08::11, s2 fd08::12, s3 fd08::13
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "nftables_balance.h"

namespace baton::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string vip = "[fd09::100]";

class NftablesBalanceIpv6 : public NftablesBalance {
 protected:
  NftablesBalanceIpv6() {
    network_.run("client", "for a in fd09::1 fd09::4 fd09::5; do ip addr add $a/64 dev eth0 nodad; done");
    network_.run("lb1",
                 "ip addr add fd09::2/64 dev eth0 nodad; ip addr add fd09::100/128 dev eth0 nodad; "
                 "ip addr add fd08::2/64 dev eth1 nodad; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    network_.run("lb2",
                 "ip addr add fd08::3/64 dev eth1 nodad; ip addr add fd09::3/64 dev eth0 nodad; "
                 "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    for (const char* name : {"s1", "s2", "s3"}) {
      network_.run(name, std::string("ip addr add fd08::1") + (name + 1) +
                             "/64 dev eth0 nodad; ip route add default via fd08::2");
    }
  }

  static std::string service(const std::string& words, bool are_checked) {
    std::vector<Server> servers;
    for (const char* name : {"s1", "s2", "s3"}) servers.push_back({.name = name, .is_checked = are_checked});
    return globals() + "virtual_server fd09::100 80 {\n  delay_loop 1\n  protocol TCP\n" + words +
           real_servers(servers, "fd08::1") + "}\n";
  }
  void start(const std::string& config) { network_.start_balancer("lb1", config); }

  // Until neighbours are known.
  bool answers() {
    const Instant deadline = now() + std::chrono::seconds(30);
    while (network_.ask(1, "-g", vip) == std::vector<std::string>{"-"}) {
      if (now() > deadline) return false;
    }
    return true;
  }
  // Connections each real server has got, as an operator is told; -1: not known.
  std::map<std::string, int> counters() {
    const auto status =
        nlohmann::json::parse(network_.output("lb1", BATON_PROGRAM " status --services --json"), nullptr, false);
    std::map<std::string, int> counters;
    if (!status.is_object() || status["services"].empty()) return counters;
    for (const nlohmann::json& server : status["services"][0]["servers"]) {
      counters[server["address"]] = server["traffic"].is_null() ? -1 : server["traffic"].value("connections", -1);
    }
    return counters;
  }
  bool counters_become(const std::function<bool(std::map<std::string, int>&)>& condition) {
    const Instant deadline = now() + std::chrono::seconds(30);
    do {
      auto got = counters();
      if (condition(got)) return true;
    } while (now() < deadline);
    return false;
  }
};

TEST_F(NftablesBalanceIpv6, a_dead_server_gets_nothing_until_it_returns_and_all_are_counted) {
  start(service("  lb_algo rr\n  lb_kind NAT\n", true));
  ASSERT_TRUE(network_.becomes({"s1", "s2", "s3"}, vip)) << network_.log("lb1") << network_.rules("lb1");
  EXPECT_EQ(network_.shares(30, "-g", vip), (std::map<std::string, int>{{"s1", 10}, {"s2", 10}, {"s3", 10}}));
  EXPECT_TRUE(counters_become([](auto& count) {
    return count["[fd08::11]:80"] >= 10 && count["[fd08::12]:80"] >= 10 && count["[fd08::13]:80"] >= 10;
  })) << network_.output("lb1", BATON_PROGRAM " status --services --json");

  EXPECT_THAT(network_.rules("lb1"), HasSubstr("fd08::12"));
  network_.stop_web("s2");
  ASSERT_TRUE(network_.becomes({"s1", "s3"}, vip)) << network_.log("lb1");
  EXPECT_THAT(network_.rules("lb1"), Not(HasSubstr("fd08::12")));
  auto before = counters();
  EXPECT_EQ(network_.shares(20, "-g", vip), (std::map<std::string, int>{{"s1", 10}, {"s3", 10}}));
  EXPECT_TRUE(counters_become([&](auto& count) {
    return count["[fd08::11]:80"] >= before["[fd08::11]:80"] + 10 &&
           count["[fd08::13]:80"] >= before["[fd08::13]:80"] + 10;
  }));

  network_.start_web("s2");
  EXPECT_TRUE(network_.becomes({"s1", "s2", "s3"}, vip)) << network_.log("lb1");
  EXPECT_TRUE(counters_become([](auto& count) { return count["[fd08::12]:80"] > 0; }));
  stop();
}

TEST_F(NftablesBalanceIpv6, a_hash_and_persistence_keep_a_client_at_its_server) {
  start(service("  lb_algo sh\n  lb_kind NAT\n", false));
  ASSERT_TRUE(rules_become(HasSubstr("jhash ip6 saddr mod 251"))) << network_.log("lb1");
  ASSERT_TRUE(answers()) << network_.rules("lb1");
  for (const char* client : {"fd09::1", "fd09::4", "fd09::5"}) {
    EXPECT_NE(network_.only_server(8, std::string("-g --interface ") + client, vip), "") << client;
  }
  reload(service("  lb_algo rr\n  lb_kind NAT\n  persistence_timeout 60\n", false));
  ASSERT_TRUE(rules_become(HasSubstr("@clients-")));
  std::set<std::string> servers;
  for (const char* client : {"fd09::1", "fd09::4", "fd09::5"}) {
    servers.insert(network_.only_server(8, std::string("-g --interface ") + client, vip));
    EXPECT_FALSE(servers.contains("")) << client;
  }
  EXPECT_EQ(servers.size(), 3U);  // clients are dealt out in turn
}

TEST_F(NftablesBalanceIpv6, servers_that_would_not_answer_by_us_are_masqueraded) {
  for (const char* name : {"s1", "s2", "s3"}) network_.run(name, "ip -6 route del default");
  start(service("  lb_algo rr\n  lb_kind NAT\n  lb_masquerade\n", false));
  EXPECT_TRUE(network_.becomes({"s1", "s2", "s3"}, vip)) << network_.rules("lb1");
}

TEST_F(NftablesBalanceIpv6, direct_servers_answer_without_us) {
  for (const char* name : {"s1", "s2", "s3"}) {
    network_.run(name, "ip addr add fd09::100/128 dev lo nodad; ip -6 route replace default via fd08::3");
  }
  start(service("  lb_algo rr\n  lb_kind DR\n", false));
  ASSERT_TRUE(network_.becomes({"s1", "s2", "s3"}, vip)) << network_.rules("lb1") << network_.log("lb1");
  EXPECT_EQ(network_.shares(30, "-g", vip), (std::map<std::string, int>{{"s1", 10}, {"s2", 10}, {"s3", 10}}));
}

}  // namespace
}  // namespace baton::lab
