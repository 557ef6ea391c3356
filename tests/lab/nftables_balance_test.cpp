// Virtual servers on nftables: real web servers, a real client, a kernel without IPVS or one that is told not to use
// it.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "nftables_balance.h"

namespace baton::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(NftablesBalance, round_robin_and_a_stop_that_leaves_nothing) {
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n",
                            {{"s1", 1, false}, {"s2", 1, false}, {"s3", 1, false}, {"s4", 1, false}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2", "s3", "s4"})) << network_.log("lb1") << network_.rules("lb1");
  EXPECT_EQ(network_.shares(40), (std::map<std::string, int>{{"s1", 10}, {"s2", 10}, {"s3", 10}, {"s4", 10}}));
  stop();
}

TEST_F(NftablesBalance, weights_are_shares_and_servers_have_counters) {
  start(globals() + service("  lb_algo wrr\n  lb_kind NAT\n", {{"s1", 3, false}, {"s2", 1, false}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  EXPECT_EQ(network_.shares(40), (std::map<std::string, int>{{"s1", 30}, {"s2", 10}}));
  const std::string counters = network_.output("lb1", "nft list table ip baton_balance | grep -A1 'comment.*of '");
  EXPECT_THAT(counters, testing::AllOf(HasSubstr("packets "), Not(HasSubstr("packets 0 "))));
  // A batch of whole rounds and `becomes` before it: three to one, as an operator sees it.
  const Instant deadline = now() + std::chrono::seconds(20);
  std::string said;
  int most = 0;
  do {
    said = network_.output("lb1", BATON_PROGRAM " status --services --json");
    const auto servers = nlohmann::json::parse(said)["services"][0]["servers"];
    if (!servers[0]["traffic"].is_null()) most = servers[0]["traffic"]["connections"];
  } while (most < 30 && now() < deadline);
  EXPECT_GE(most, 30) << said;
  EXPECT_THAT(network_.output("lb1", BATON_PROGRAM " status --services --all"),
              testing::AllOf(HasSubstr("served by nftables\n"), HasSubstr(" connections")));
}

TEST_F(NftablesBalance, a_hash_and_persistence_keep_a_client_at_its_server) {
  start(globals() + service("  lb_algo sh\n  lb_kind NAT\n",
                            {{"s1", 1, false}, {"s2", 1, false}, {"s3", 1, false}, {"s4", 1, false}}));
  ASSERT_TRUE(rules_become(HasSubstr("jhash ip saddr mod 251"))) << network_.log("lb1");
  for (const char* client : {"10.9.0.1", "10.9.0.4", "10.9.0.5"}) {
    EXPECT_NE(network_.only_server(8, std::string("--interface ") + client), "") << client;
  }
  reload(globals() + service("  lb_algo rr\n  lb_kind NAT\n  persistence_timeout 60\n",
                             {{"s1", 1, false}, {"s2", 1, false}, {"s3", 1, false}, {"s4", 1, false}}));
  ASSERT_TRUE(rules_become(HasSubstr("@clients-")));
  std::set<std::string> servers;
  for (const char* client : {"10.9.0.1", "10.9.0.4", "10.9.0.5"}) {
    servers.insert(network_.only_server(8, std::string("--interface ") + client));
    EXPECT_FALSE(servers.contains("")) << client;
  }
  EXPECT_EQ(servers.size(), 3U);  // clients are dealt out in turn
}

TEST_F(NftablesBalance, a_dead_server_leaves_and_returns_and_the_sorry_server_serves_when_all_are_gone) {
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n  sorry_server 10.8.0.14 80\n", {{"s1"}, {"s2"}, {"s3"}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2", "s3"})) << network_.log("lb1");
  network_.stop_web("s2");
  EXPECT_TRUE(network_.becomes({"s1", "s3"}));
  network_.start_web("s2");
  EXPECT_TRUE(network_.becomes({"s1", "s2", "s3"}));
  for (const char* server : {"s1", "s2", "s3"}) network_.stop_web(server);
  EXPECT_TRUE(network_.becomes({"s4"}));
  network_.start_web("s3");
  EXPECT_TRUE(network_.becomes({"s3"}));
}

// Twenty bytes a second: it is under way while its server is drained and the others' configuration changes.
TEST_F(NftablesBalance, an_established_connection_survives_a_drain) {
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n", {{"s1", 1, false}}));
  ASSERT_TRUE(network_.becomes({"s1"})) << network_.log("lb1");
  network_.run("client", "curl -s -m 30 http://10.9.0.100/slow >/run/lab/slow 2>&1 &");
  ASSERT_TRUE(network_.output("client",
                              "for i in $(seq 100); do ss -Htn state established | grep -q 10.9.0.100 && "
                              "echo yes && break; sleep 0.05; done") == "yes\n");
  reload(globals() + service("  lb_algo rr\n  lb_kind NAT\n", {{"s1", 0, false}, {"s2", 1, false}}));
  ASSERT_TRUE(network_.becomes({"s2"}));
  EXPECT_EQ(network_.output("client",
                            "for i in $(seq 600); do grep -q s1 /run/lab/slow && break; sleep 0.1; done; "
                            "cat /run/lab/slow"),
            "s1\n");
}

TEST_F(NftablesBalance, an_operator_drains_a_server_and_takes_it_back) {
  const std::string config = globals() + service("  lb_algo rr\n  lb_kind NAT\n", {{"s1"}, {"s2"}});
  start(config);
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  const std::string baton = BATON_PROGRAM;
  EXPECT_THAT(network_.output("lb1", baton + " drain 10.8.0.11:80"), HasSubstr("10.8.0.11:80 gets no new connections"));
  EXPECT_TRUE(network_.becomes({"s2"}));
  EXPECT_THAT(network_.output("lb1", baton + " why 10.8.0.11:80"), HasSubstr("baton undrain 10.8.0.11:80"));
  reload(config + "virtual_server 10.9.0.100 8080 {\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n" +
         "  real_server 10.8.0.11 8080 {\n  }\n}\n");
  ASSERT_TRUE(rules_become(HasSubstr("8080"))) << network_.log("lb1");
  EXPECT_TRUE(network_.becomes({"s2"}));  // it is still drained
  EXPECT_THAT(network_.output("lb1", baton + " drain 10.8.0.99:80; echo $?"), HasSubstr("3\n"));
  EXPECT_THAT(network_.output("lb1", baton + " undrain 10.8.0.11:80"), HasSubstr("takes part again"));
  EXPECT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
}

TEST_F(NftablesBalance, firewalls_of_others_come_and_go_and_a_flush_is_repaired) {
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n", {{"s1"}, {"s2"}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  network_.run("lb1", "nft add table inet mine && nft add chain inet mine in && nft delete table inet mine");
  // What it heard of that it had heard before the first order; when the second is obeyed it has dealt with it.
  EXPECT_THAT(network_.output("lb1", BATON_PROGRAM " drain 10.8.0.11:80"), HasSubstr("gets no new connections"));
  ASSERT_TRUE(network_.becomes({"s2"})) << network_.log("lb1");
  EXPECT_THAT(network_.output("lb1", BATON_PROGRAM " undrain 10.8.0.11:80"), HasSubstr("takes part again"));
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  EXPECT_THAT(network_.log("lb1"), Not(HasSubstr("put back")));
  network_.run("lb1", "nft flush ruleset");
  EXPECT_TRUE(rules_become(HasSubstr("goto service-"))) << network_.log("lb1");
  EXPECT_TRUE(network_.becomes({"s1", "s2"}));
  network_.run("lb1", "nft flush chain ip baton_balance prerouting");
  EXPECT_TRUE(rules_become(HasSubstr("vmap @services\n"), std::chrono::seconds(20)));
  EXPECT_TRUE(network_.becomes({"s1", "s2"}));
  EXPECT_THAT(network_.log("lb1"), HasSubstr("put back"));
}

TEST_F(NftablesBalance, servers_that_would_not_answer_by_us_are_masqueraded) {
  for (const char* server : {"s1", "s2"}) network_.run(server, "ip route del default");
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n  lb_masquerade\n", {{"s1", 1, false}, {"s2", 1, false}}));
  EXPECT_TRUE(network_.becomes({"s1", "s2"})) << network_.rules("lb1");
}

// The servers have the address themselves and answer by a way of their own.
TEST_F(NftablesBalance, direct_servers_answer_without_us) {
  for (const char* server : {"s1", "s2"}) {
    network_.run(server,
                 "ip addr add 10.9.0.100/32 dev lo; echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore; "
                 "ip route replace default via 10.8.0.3");
  }
  start(globals() + service("  lb_algo rr\n  lb_kind DR\n", {{"s1", 1, false}, {"s2", 1, false}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.rules("lb1") << network_.log("lb1");
  EXPECT_EQ(network_.shares(20), (std::map<std::string, int>{{"s1", 10}, {"s2", 10}}));
}

TEST_F(NftablesBalance, a_mark_is_a_service_too) {
  network_.run("lb1",
               "nft add table ip mine && nft 'add chain ip mine pre { type filter hook prerouting priority -150; }'"
               " && nft add rule ip mine pre tcp dport 80-99 meta mark set 7");
  start(globals() + "virtual_server fwmark 7 {\n  lb_algo rr\n  protocol TCP\n" +
        real_servers({{"s1", 1, false}, {"s2", 1, false}}) + "}\n");
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.rules("lb1") << network_.log("lb1");
  EXPECT_TRUE(network_.becomes({"s1", "s2"}, "10.9.0.100:81"));
}

// Sixteen steps; what nft(8) shows is what packets meet.
TEST_F(NftablesBalance, a_server_that_returns_gets_its_weight_in_steps) {
  start(globals() + service("  lb_algo wrr\n  lb_kind NAT\n  slow_start 8\n", {{"s1", 32}, {"s2", 32}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  const auto weight = [this] {
    const std::string shown = network_.output(
        "lb1", "nft list table ip baton_balance | grep -o '10.8.0.11[^,]* weight [0-9]*' | grep -o '[0-9]*$'");
    return shown.empty() ? 0 : std::stoi(shown);
  };
  EXPECT_EQ(weight(), 32);  // at a start nobody is cold
  network_.stop_web("s1");
  ASSERT_TRUE(network_.becomes({"s2"})) << network_.log("lb1");
  EXPECT_EQ(weight(), 0);
  const Instant begin = now();
  network_.start_web("s1");
  std::vector<std::pair<Instant, int>> steps;
  const Instant deadline = now() + std::chrono::seconds(60);
  while ((steps.empty() || steps.back().second < 32) && now() < deadline) {
    const int is = weight();
    if (is != 0 && (steps.empty() || steps.back().second != is)) steps.emplace_back(now(), is);
  }
  ASSERT_FALSE(steps.empty()) << network_.log("lb1");
  std::string seen;
  for (const auto& [at, step] : steps) seen += std::to_string(step) + " ";
  EXPECT_GE(steps.size(), 2U) << seen;  // a busy machine does not see each
  EXPECT_TRUE(std::ranges::is_sorted(steps, {}, &std::pair<Instant, int>::second)) << seen;
  for (const auto& [at, step] : steps) {
    EXPECT_EQ(step % 2, 0) << seen;
    EXPECT_GE(at - begin, std::chrono::milliseconds(500) * (step / 2 - 1)) << seen;  // none comes early
  }
  EXPECT_EQ(steps.back().second, 32) << seen;
}

// Under the service's three addresses and the two ports of one of them.
TEST_F(NftablesBalance, a_service_of_several_addresses_is_counted_as_one) {
  network_.run("lb1", "for i in 101 102; do ip addr add 10.9.0.$i/32 dev eth0; done");
  start(globals() +
        "virtual_server_group web {\n  10.9.0.100-101 80\n  10.9.0.102 80\n  10.9.0.102 8080\n}\n"
        "virtual_server group web {\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n" +
        real_servers({{"s1", 1, false}, {"s2", 1, false}}) + "}\n");
  int asked = 0;
  for (const char* address : {"10.9.0.100", "10.9.0.101", "10.9.0.102", "10.9.0.102:8080"}) {
    const Instant deadline = now() + std::chrono::seconds(30);
    while (network_.ask(1, {}, address).front() == "-" && now() < deadline) {
    }
    EXPECT_EQ(network_.shares(10, {}, address), (std::map<std::string, int>{{"s1", 5}, {"s2", 5}})) << address;
    asked += 10;
  }
  const auto counted = [this] {
    const auto status =
        nlohmann::json::parse(network_.output("lb1", BATON_PROGRAM " status --services --json"), nullptr, false);
    int sum = 0;
    if (!status.is_object()) return sum;
    EXPECT_EQ(status["services"].size(), 1U);
    for (const auto& server : status["services"][0]["servers"]) {
      if (!server["traffic"].is_null()) sum += server["traffic"].value("connections", 0);
    }
    return sum;
  };
  const Instant deadline = now() + std::chrono::seconds(30);
  while (counted() < asked && now() < deadline) {
  }
  EXPECT_GE(counted(), asked);
  EXPECT_LE(counted(), asked + 4);  // and the first questions
}

TEST_F(NftablesBalance, lvs_notify_fifo_hears_of_real_servers_and_the_quorum) {
  ASSERT_TRUE(
      network_["lb1"].start({"sh", "-c", "mkfifo -m 600 /run/lab/fifo; exec cat <>/run/lab/fifo >>/run/lab/heard"}));
  start(globals("  script_user root\n  lvs_notify_fifo /run/lab/fifo\n") +
        service("  lb_algo rr\n  lb_kind NAT\n", {{"s1"}, {"s2"}}));
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  const auto heard = [this] { return network_.output("lb1", "cat /run/lab/heard"); };
  const auto hears = [&](const std::string& line) {
    const Instant deadline = now() + std::chrono::seconds(30);
    while (!heard().ends_with(line)) {
      if (now() > deadline) return false;
    }
    return true;
  };
  const std::string service = "[10.9.0.100]:tcp:80";
  const std::string s1 = "RS [10.8.0.11]:tcp:80 " + service;
  const std::string s2 = "RS [10.8.0.12]:tcp:80 " + service;
  EXPECT_TRUE(hears("VS " + service + " UP\n")) << heard();  // of the start
  network_.stop_web("s2");
  EXPECT_TRUE(hears(s2 + " DOWN\n")) << heard();
  network_.stop_web("s1");
  EXPECT_TRUE(hears(s1 + " DOWN\nVS " + service + " DOWN\n")) << heard();
  network_.run("lb1", "kill -9 $(pgrep -x baton-balance)");  // the next one goes on, and repeats nothing
  network_.start_web("s2");
  EXPECT_TRUE(hears(s2 + " UP\nVS " + service + " UP\n")) << heard();
  network_.start_web("s1");
  EXPECT_TRUE(hears(s1 + " UP\n")) << heard();
  EXPECT_EQ(std::ranges::count(heard(), '\n'), 7) << heard();
}

TEST_F(NftablesBalance, a_balancer_that_dies_leaves_the_services_and_the_next_goes_on) {
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n  persistence_timeout 60\n",
                            {{"s1", 1, false}, {"s2", 1, false}, {"s3", 1, false}}));
  ASSERT_TRUE(rules_become(HasSubstr("@clients-"))) << network_.log("lb1");
  const std::string before = network_.only_server(4);
  ASSERT_NE(before, "");
  network_.run("lb1", "pgrep -x baton-balance >/run/lab/old && kill -9 $(cat /run/lab/old)");
  EXPECT_EQ(network_.only_server(4), before);
  EXPECT_EQ(network_.output("lb1",
                            "for i in $(seq 100); do pgrep -x baton-balance | grep -vqxFf /run/lab/old && echo yes && "
                            "break; sleep 0.1; done"),
            "yes\n");
  EXPECT_EQ(network_.only_server(4), before);
}

TEST_F(NftablesBalance, what_a_daemon_left_that_was_killed_is_cleaned_up) {
  start(globals() + service("  lb_algo rr\n  lb_kind NAT\n", {{"s1", 1, false}}));
  ASSERT_TRUE(network_.becomes({"s1"})) << network_.log("lb1");
  // Again and again, because one that is about to end may be gone before it is killed.
  network_.run("lb1",
               "for i in $(seq 100); do p=$(pgrep -x 'batond|baton-.*') || break; "
               "kill -STOP $p 2>/dev/null; kill -KILL $p 2>/dev/null; sleep 0.1; done; ! pgrep -x 'batond|baton-.*'");
  EXPECT_THAT(network_.rules("lb1"), HasSubstr("baton_balance"));
  EXPECT_TRUE(network_.becomes({"s1"}));  // the kernel goes on
  (void)network_.output("lb1", BATOND_PROGRAM " --clean-up -l -f /run/lab/batond.conf");
  EXPECT_THAT(network_.rules("lb1"), Not(HasSubstr("baton_balance")));
}

// Two balancers, a virtual address on each side, four servers: one balancer dies, requests go on at the other.
TEST(NftablesBalancePair, requests_go_on_when_the_balancer_dies) {
  BalancedNetwork network("10.8.0.1");
  for (const auto& [name, priority] : {std::pair("lb1", 150), std::pair("lb2", 100)}) {
    std::string config = globals("  vrrp_garp_master_refresh 1\n");
    config += "vrrp_sync_group both { group { front\n back } }\n";
    for (const auto& [instance, interface, address, vrid] :
         {std::tuple("front", "eth0", "10.9.0.100/24", 51), std::tuple("back", "eth1", "10.8.0.1/24", 52)}) {
      config += std::string("vrrp_instance ") + instance + " {\n  interface " + interface + "\n  version 3\n" +
                "  virtual_router_id " + std::to_string(vrid) + "\n  priority " + std::to_string(priority) +
                "\n  advert_int 0.2\n  virtual_ipaddress { " + address + " }\n}\n";
    }
    network.start_balancer(name, config + service("  lb_algo rr\n  lb_kind NAT\n", {{"s1"}, {"s2"}, {"s3"}, {"s4"}}));
  }
  ASSERT_TRUE(network.becomes({"s1", "s2", "s3", "s4"})) << network.log("lb1") << network.rules("lb1");
  network["lb1"].power_off();
  EXPECT_TRUE(network.becomes({"s1", "s2", "s3", "s4"})) << network.log("lb2") << network.rules("lb2");
}

}  // namespace
}  // namespace baton::lab
