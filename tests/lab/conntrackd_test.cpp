// conntrackd_sync (docs/decisions/0029), with Debian's conntrackd: a connection through a pair of NAT routers that has
// seen one of them survives its death. The pair is balanced_network.h's, s1 the server behind it:
//
//   client ── 10.9.0.100 ── lb1, lb2 ── 10.8.0.1 ── s1 10.8.0.11
//
// The addresses move together. What goes to the servers has 10.8.0.1 as its source; only what begins with a SYN begins
// a connection, so that a router which knows nothing of one lets it through no more.
#include <signal.h>
#include <unistd.h>

#include "balanced_network.h"
#include "lab/clock.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr const char* rules = R"(table ip pair {
  chain nat { type nat hook postrouting priority srcnat; oifname "eth1" ip saddr 10.9.0.0/24 snat to 10.8.0.1; }
  chain guard {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "eth0" ct state new tcp flags & (syn|ack) == syn accept
  }
})";

std::string conntrackd_config(const std::string& own, const std::string& other) {
  return "Sync { Mode FTFW { } UDP { IPv4_address " + own + "\n IPv4_Destination_Address " + other +
         "\n Port 3780\n Interface eth1\n Checksum on } }\n"
         "General { HashSize 1024\n HashLimit 8192\n LogFile /run/lab/conntrackd.log\n"
         " LockFile /run/lab/conntrackd.lock\n UNIX { Path /run/lab/conntrackd.ctl }\n"
         " NetlinkBufferSize 2097152\n NetlinkBufferSizeMaxGrowth 8388608\n"
         " Filter From Userspace { Protocol Accept { TCP } } }\n";
}

std::string vrrp_config(int priority, const std::string& sync) {
  const auto instance = [&](const char* name, const char* interface, int vrid, const char* address) {
    return std::string("vrrp_instance ") + name + " {\n  interface " + interface + "\n  virtual_router_id " +
           std::to_string(vrid) + "\n  priority " + std::to_string(priority) +
           "\n  advert_int 0.2\n  virtual_ipaddress {\n    " + address + "/24\n  }\n}\n";
  };
  return "global_defs {\n  vrrp_version 3\n}\n" + instance("FRONT", "eth0", 60, "10.9.0.100") +
         instance("BACK", "eth1", 61, "10.8.0.1") + "vrrp_sync_group NAT {\n  group {\n    FRONT\n    BACK\n  }\n" +
         sync + "}\n";
}

class NatPair : public testing::Test {
 protected:
  void SetUp() override {
    if (::access(BATOND_PROGRAM, X_OK) != 0) GTEST_SKIP() << "batond is not built";
    if (::access("/usr/sbin/conntrackd", X_OK) != 0) GTEST_SKIP() << "conntrackd is not installed";
  }
  void TearDown() override {
    if (net_) net_->run("client", "rm -f /run/lab/go; true");
  }

  void open(const std::string& sync) {
    net_ = std::make_unique<BalancedNetwork>("10.8.0.1");
    for (const auto& [name, number, other] : {std::tuple("lb1", "2", "3"), std::tuple("lb2", "3", "2")}) {
      const std::string own = std::string("10.8.0.") + number;
      EXPECT_TRUE((*net_)[name].write_file("/run/lab/rules", rules));
      EXPECT_TRUE(
          (*net_)[name].write_file("/run/lab/conntrackd.conf", conntrackd_config(own, std::string("10.8.0.") + other)));
      net_->run(name,
                "nft -f /run/lab/rules && echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose && "
                "conntrackd -d -C /run/lab/conntrackd.conf 2>/run/lab/conntrackd.out");
      net_->start_balancer(name, vrrp_config(name == std::string("lb1") ? 200 : 100, sync));
    }
    net_->run("client", "ip route add default via 10.9.0.100");
    ASSERT_TRUE(becomes("lb1", "ip addr show dev eth1", "10.8.0.1/24")) << net_->log("lb1");
  }
  bool becomes(const std::string& name, const std::string& command, const std::string& text) {
    const Instant deadline = now() + 30s;
    while (now() < deadline) {
      if (net_->output(name, command).contains(text)) return true;
      net_->run(name, "sleep 0.05");
    }
    return false;
  }
  // Two requests on one connection: one before, and one when /run/lab/go is there.
  void connect() {
    auto client = (*net_)["client"].start(
        {"bash", "-c",
         "exec 3<>/dev/tcp/10.8.0.11/80 || exit 1\n"
         "ask() { printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; while read -r -t 10 -u 3 line; do "
         "case $line in s1*) return 0;; esac; done; return 1; }\n"
         "ask && echo first >/run/lab/answers\n"
         "while [ ! -e /run/lab/go ]; do sleep 0.05; done\n"
         "if ask; then echo second; else echo lost; fi >>/run/lab/answers\n"});
    ASSERT_TRUE(client);
    ASSERT_TRUE(becomes("client", "cat /run/lab/answers 2>/dev/null", "first"));
    ASSERT_TRUE(becomes("lb2", "conntrackd -C /run/lab/conntrackd.conf -e", "dst=10.8.0.11"))
        << "lb2 has not heard of the connection";
  }
  void cut_lb1() { net_->run("lb1", "ip link set eth0 down; ip link set eth1 down"); }
  // What the client got on the connection after the move.
  std::string answer_after_move() {
    EXPECT_TRUE(becomes("lb2", "ip addr show dev eth1", "10.8.0.1/24")) << net_->log("lb2");
    net_->run("client", "touch /run/lab/go");
    EXPECT_TRUE(becomes("client", "wc -l </run/lab/answers", "2"));
    return net_->output("client", "tail -n 1 /run/lab/answers");
  }

  std::unique_ptr<BalancedNetwork> net_;
};

TEST_F(NatPair, a_connection_survives_the_death_of_the_router_that_it_went_through) {
  open("  conntrackd_sync /run/lab/conntrackd.conf\n  hook_timeout 10\n");
  connect();
  cut_lb1();
  EXPECT_EQ(answer_after_move(), "second\n") << net_->log("lb2");
  const std::string log = net_->log("lb2");
  EXPECT_TRUE(log.contains("(NAT) before_announce has ended")) << log;
  EXPECT_TRUE(becomes("lb2", "cat /run/lab/conntrackd.log", "sending bulk update"));
}

// Else the test above would show nothing.
TEST_F(NatPair, without_it_the_connection_is_lost) {
  open("");
  connect();
  cut_lb1();
  EXPECT_EQ(answer_after_move(), "lost\n") << net_->log("lb2");
}

TEST_F(NatPair, a_planned_move_keeps_it_as_well) {
  open("  conntrackd_sync /run/lab/conntrackd.conf\n  hook_timeout 10\n");
  connect();
  EXPECT_EQ(::kill(net_->daemon("lb1"), SIGTERM), 0);
  EXPECT_EQ(answer_after_move(), "second\n") << net_->log("lb2");
}

}  // namespace
}  // namespace baton::lab
