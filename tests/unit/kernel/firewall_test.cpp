#include "kernel/firewall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  if (pipe != nullptr) (void)::pclose(pipe);
  return text;
}

class Firewall : public Network {
 protected:
  static std::string tables() { return output_of("nft list ruleset"); }
  static void install(const FirewallRules& rules) {
    const auto done = install_firewall(rules);
    ASSERT_TRUE(done) << to_string(done.error());
  }
  // Does a datagram from the other side reach that address?
  bool reaches(const std::string& address, int timeout_ms = patience_ms) {
    const IpAddress destination = ip(address);
    sockaddr_storage name{};
    socklen_t size = sizeof(sockaddr_in);
    constexpr std::uint16_t port = 4711;
    if (destination.is_v4()) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(name);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      std::memcpy(&v4.sin_addr, destination.bytes().data(), 4);
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(name);
      size = sizeof(v6);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      std::memcpy(&v6.sin6_addr, destination.bytes().data(), 16);
      if (destination.is_link_local()) v6.sin6_scope_id = link().index;
    }
    const UniqueFd receiver(::socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(receiver.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
    there([&] {
      if (destination.is_link_local()) reinterpret_cast<sockaddr_in6&>(name).sin6_scope_id = link().index;
      const UniqueFd sender(::socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      EXPECT_EQ(::sendto(sender.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&name), size), 1);
    });
    return wait_readable(receiver.get(), timeout_ms);
  }
  bool is_dropped(const std::string& address) {
    constexpr int long_enough_ms = 300;
    return !reaches(address, long_enough_ms);
  }
};

TEST_F(Firewall, packets_to_a_refused_address_are_dropped_and_others_are_not) {
  run("ip address add 10.0.0.100/32 dev ens1");
  install({.table = "keepalived", .refused = {ip("10.0.0.100")}});
  EXPECT_TRUE(is_dropped("10.0.0.100"));
  EXPECT_TRUE(reaches("10.0.0.1"));
  ASSERT_TRUE(remove_firewall("keepalived"));
  EXPECT_TRUE(reaches("10.0.0.100"));
  EXPECT_EQ(tables(), "");
}

TEST_F(Firewall, ipv6_is_dropped_but_neighbours_still_find_the_address) {
  run("ip address add fd00::100/64 dev ens1 nodad && ip address add fe80::100/64 dev ens1 nodad");
  there([] { run("ip address add fd00::2/64 dev ens1 nodad"); });
  install({.table = "keepalived",
           .refused = {ip("fd00::100")},
           .refused_link_local = {{.address = ip("fe80::100"), .interface = "ens1"}}});
  EXPECT_TRUE(is_dropped("fd00::100"));
  EXPECT_TRUE(is_dropped("fe80::100"));
  there([] {
    EXPECT_THAT(output_of("ip neighbour show fd00::100"), HasSubstr("lladdr"));
    EXPECT_THAT(output_of("ip neighbour show fe80::100 dev ens1"), HasSubstr("lladdr"));
  });
  ASSERT_TRUE(remove_firewall("keepalived"));
  EXPECT_TRUE(reaches("fe80::100"));
}

TEST_F(Firewall, a_link_local_address_is_refused_on_its_interface_only) {
  run("ip address add fe80::100/64 dev ens1 nodad");
  install({.table = "keepalived", .refused_link_local = {{.address = ip("fe80::100"), .interface = "ens2"}}});
  EXPECT_TRUE(reaches("fe80::100"));
  install({.table = "keepalived",
           .by_index = true,
           .refused_link_local = {{.address = ip("fe80::100"), .interface = "ens1", .index = link().index}}});
  EXPECT_TRUE(is_dropped("fe80::100"));
}

TEST_F(Firewall, another_installation_takes_the_place_of_the_one_before) {
  install({.table = "fred", .priority = 10, .counters = true, .refused = {ip("10.0.0.100"), ip("fd00::1")}});
  EXPECT_THAT(tables(), HasSubstr("table ip fred"));
  EXPECT_THAT(tables(), HasSubstr("table ip6 fred"));
  EXPECT_THAT(tables(), HasSubstr("priority filter + 10"));
  EXPECT_THAT(tables(), HasSubstr("counter"));
  EXPECT_THAT(tables(), HasSubstr("10.0.0.100"));
  install({.table = "fred", .refused = {ip("10.0.0.101")}});
  EXPECT_THAT(tables(), HasSubstr("10.0.0.101"));
  EXPECT_THAT(tables(), Not(HasSubstr("10.0.0.100")));
  EXPECT_THAT(tables(), Not(HasSubstr("ip6")));
}

TEST_F(Firewall, tables_of_others_stay) {
  run("nft add table ip mine");
  install({.table = "keepalived", .refused = {ip("10.0.0.100")}});
  ASSERT_TRUE(remove_firewall("keepalived"));
  EXPECT_THAT(tables(), HasSubstr("table ip mine"));
  ASSERT_TRUE(remove_firewall("keepalived"));  // not there is removed
}

TEST_F(Firewall, ten_thousand_addresses_fit_one_transaction) {
  FirewallRules rules{.table = "keepalived"};
  for (std::uint32_t i = 0; i < 10'000; ++i) rules.refused.push_back(IpAddress::v4(0x0a010000 + i));
  install(rules);
  EXPECT_THAT(output_of("nft list set ip keepalived vips | tail -5"), HasSubstr("10.1.39.15"));
}

// A report with the virtual MAC address would move it to this node in every switch.
TEST_F(Firewall, membership_reports_of_a_macvlan_leave_with_the_mac_of_its_base) {
  run("ip link add vrrp.51 link ens1 address 00:00:5e:00:01:33 type macvlan mode private");
  install(
      {.table = "keepalived", .macvlans = {{.interface = "vrrp.51", .base_index = link().index, .carries_v6 = true}}});
  const std::string capture = "/tmp/baton-firewall-" + std::to_string(::getpid());
  there([&] {
    run("timeout 20 tcpdump -v -n -e -l -U --immediate-mode -i ens1 'igmp or (ip6 and ip6[6]=0) or icmp6' >" + capture +
        " 2>" + capture + ".err & for i in $(seq 100); do grep -q listening " + capture +
        ".err && break; sleep 0.05; done");
  });
  run("ip link set vrrp.51 up && ip maddr show dev vrrp.51 >/dev/null");
  const std::uint32_t index = link("vrrp.51").index;
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const ip_mreqn group{
      .imr_multiaddr = {.s_addr = htonl(0xe0000012)}, .imr_address = {}, .imr_ifindex = static_cast<int>(index)};
  ASSERT_EQ(::setsockopt(socket.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
  const UniqueFd socket_v6(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ipv6_mreq group_v6{.ipv6mr_multiaddr = {}, .ipv6mr_interface = index};
  std::memcpy(&group_v6.ipv6mr_multiaddr, ip("ff02::12").bytes().data(), 16);
  ASSERT_EQ(::setsockopt(socket_v6.get(), IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group_v6, sizeof(group_v6)), 0);
  run("for i in $(seq 200); do grep -q 'gaddr 224.0.0.18 ' " + capture + " && grep -q 'gaddr ff02::12 ' " + capture +
      " && break; sleep 0.05; done");
  const std::string heard = output_of("cat " + capture);
  EXPECT_THAT(heard, HasSubstr("gaddr 224.0.0.18 "));
  EXPECT_THAT(heard, HasSubstr("gaddr ff02::12 "));
  EXPECT_THAT(heard, Not(HasSubstr("00:00:5e:00:01:33 >")));
  run("rm -f " + capture + " " + capture + ".err");
}

}  // namespace
}  // namespace baton::kernel
