// A balancer that serves with nftables in the network of balanced_network.h: its configuration in a few words, and its
// rules as they become.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "balanced_network.h"

namespace baton::lab {

struct Server {
  const char* name;
  int weight = 1;
  bool is_checked = true;
};

// `hosts`: what stands before the server's number.
inline std::string real_servers(const std::vector<Server>& servers, const std::string& hosts = "10.8.0.1") {
  std::string text;
  for (const Server& server : servers) {
    text += "  real_server " + hosts + (server.name + 1) + " 80 {\n    weight " + std::to_string(server.weight) + "\n";
    if (server.is_checked) {
      text +=
          "    HTTP_GET {\n      url { path /\n status_code 200 }\n      connect_timeout 2\n      retry 1\n"
          "      delay_before_retry 1\n    }\n";
    }
    text += "  }\n";
  }
  return text;
}

inline std::string service(const std::string& words, const std::vector<Server>& servers) {
  return "virtual_server 10.9.0.100 80 {\n  delay_loop 1\n  protocol TCP\n" + words + real_servers(servers) + "}\n";
}

inline std::string globals(const std::string& words = {}) {
  return "global_defs {\n  router_id lab\n  lb_plane nftables\n" + words + "}\n";
}

class NftablesBalance : public testing::Test {
 protected:
  void start(const std::string& config) {
    network_.run("lb1", "ip addr add 10.9.0.100/32 dev eth0");
    network_.start_balancer("lb1", config);
  }
  // By another configuration; what comes of it comes in its time.
  void reload(const std::string& config) {
    ASSERT_TRUE(network_["lb1"].write_file("/run/lab/batond.conf", config));
    ::kill(network_.daemon("lb1"), SIGHUP);
  }
  bool rules_become(const testing::Matcher<std::string>& matcher, Duration bound = std::chrono::seconds(20)) {
    const Instant deadline = now() + bound;
    while (!matcher.Matches(network_.rules("lb1"))) {
      if (now() > deadline) return false;
    }
    return true;
  }
  void stop() {
    ::kill(network_.daemon("lb1"), SIGTERM);
    EXPECT_TRUE(rules_become(testing::Not(testing::HasSubstr("baton_balance")))) << network_.rules("lb1");
  }

  BalancedNetwork network_;
};

}  // namespace baton::lab
