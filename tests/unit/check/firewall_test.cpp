#include "check/firewall.h"

#include <gtest/gtest.h>

namespace baton::check {
namespace {

ProtocolLines lines_of(const std::string& text) {
  return find_protocols({.name = "rules", .text = text});
}

TEST(Firewall, iptables_lets_in_by_name_or_number) {
  const ProtocolLines lines =
      lines_of("*filter\n:INPUT DROP [0:0]\n-A INPUT -p vrrp -j ACCEPT\n-A INPUT -p 51 -j ACCEPT\n");
  EXPECT_EQ(lines.vrrp, 3U);
  EXPECT_EQ(lines.ah, 4U);
  EXPECT_EQ(lines_of("iptables -I INPUT --protocol 112 --destination 224.0.0.0/8 -j ACCEPT").vrrp, 1U);
  EXPECT_EQ(lines_of("-A INPUT -p vrrp -j DROP").vrrp, 0U);
  EXPECT_EQ(lines_of("-A OUTPUT -p vrrp -j ACCEPT").vrrp, 0U);
}

TEST(Firewall, nft_lets_in_sets) {
  EXPECT_EQ(lines_of("ip protocol { icmp, vrrp, ah } accept").ah, 1U);
  EXPECT_EQ(lines_of("meta l4proto 112 accept").vrrp, 1U);
  EXPECT_EQ(lines_of("rule family=ipv4 protocol value=\"vrrp\" accept").vrrp, 1U);
}

TEST(Firewall, a_port_is_no_protocol) {
  EXPECT_EQ(lines_of("-A INPUT -p tcp --dport 112 -j ACCEPT").vrrp, 0U);
  EXPECT_EQ(lines_of("# -A INPUT -p vrrp -j ACCEPT").vrrp, 0U);
}

}  // namespace
}  // namespace baton::check
