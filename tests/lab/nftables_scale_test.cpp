// A table of nftables that is large: thousands of real servers, some under one service. While it is made, changed and
// taken off VRRP goes on, and nobody is taken for hanging.
#include "nftables_balance.h"

namespace baton::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int crowd = 1'500;  // more than a transaction holds
constexpr int services = 250;
constexpr int servers_each = 16;

std::string crowded_service(int first, int count, const std::string& scheduler) {
  std::string text = "virtual_server 10.9.0.100 81 {\n  protocol TCP\n  lb_algo " + scheduler + "\n  lb_kind NAT\n";
  for (int i = first; i < first + count; ++i) {
    text += "  real_server 10.7." + std::to_string(i / 200) + "." + std::to_string(1 + i % 200) + " 80 {\n  }\n";
  }
  return text + "}\n";
}

std::string small_services(int count, int servers) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text +=
        "virtual_server 10.9.0.100 " + std::to_string(1'000 + i) + " {\n  protocol TCP\n  lb_algo wrr\n  lb_kind NAT\n";
    for (int server = 1; server <= servers; ++server) {
      text += "  real_server 10.6." + std::to_string(i) + "." + std::to_string(server) + " 80 {\n  }\n";
    }
    text += "}\n";
  }
  return text;
}

class NftablesScale : public NftablesBalance {
 protected:
  // Beside what is many, a service that a client asks and an instance that nobody else has.
  static std::string with(const std::string& many) {
    return globals() +
           "vrrp_instance VI {\n  interface eth0\n  version 3\n  virtual_router_id 51\n  priority 150\n"
           "  advert_int 0.1\n  virtual_ipaddress {\n    10.9.0.100/24\n  }\n}\n" +
           service("  lb_algo rr\n  lb_kind NAT\n", {{"s1", 1, false}, {"s2", 1, false}}) + many;
  }
  int server_chains() {
    return std::stoi(network_.output("lb1", "nft list chains ip 2>/dev/null | grep -c 'chain server-'"));
  }
  bool server_chains_become(int count) {
    const Instant deadline = now() + std::chrono::seconds(90);
    while (server_chains() != count) {
      if (now() > deadline) return false;
    }
    return true;
  }
};

TEST_F(NftablesScale, thousands_of_servers_are_set_changed_and_removed) {
  constexpr int few = 2;  // of the service that is asked
  network_.start_balancer("lb1", with(crowded_service(0, crowd, "rr") + small_services(services, servers_each)));
  ASSERT_TRUE(server_chains_become(few + crowd + services * servers_each)) << network_.log("lb1");
  ASSERT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");

  // A third of the crowd is exchanged, it is hashed from now on, and each small service loses a server.
  reload(with(crowded_service(crowd / 3, crowd, "sh") + small_services(services, servers_each - 1)));
  ASSERT_TRUE(server_chains_become(few + crowd + services * (servers_each - 1))) << network_.log("lb1");
  EXPECT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");
  EXPECT_THAT(network_.output("lb1", "nft list ruleset | grep -c 'jhash ip saddr mod 4093'"), "1\n");

  // By weights, and with clients that are kept, each of which is looked for at each server.
  reload(with(crowded_service(crowd / 3, crowd, "wrr\n  persistence_timeout 60") + small_services(3, servers_each)));
  ASSERT_TRUE(server_chains_become(few + crowd + 3 * servers_each)) << network_.log("lb1");
  EXPECT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");

  reload(with(""));
  ASSERT_TRUE(server_chains_become(few)) << network_.log("lb1");
  EXPECT_TRUE(network_.becomes({"s1", "s2"})) << network_.log("lb1");

  const std::string log = network_.log("lb1");
  EXPECT_THAT(log, Not(HasSubstr("no sign of life")));
  EXPECT_THAT(log, Not(HasSubstr("killed")));
  EXPECT_THAT(log, Not(HasSubstr("error")));
  stop();
}

}  // namespace
}  // namespace baton::lab
