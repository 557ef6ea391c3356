#include "daemon/check_list.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

const std::string base =
    "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\nha_suspend\n"
    "real_server 10.0.0.11 80 {\nweight 1\nTCP_CHECK {\nconnect_port 80\n}\n}\n"
    "real_server 10.0.0.12 80 {\nweight 1\n}\n}\n"
    "vrrp_check web {\nTCP_CHECK {\nconnect_ip 127.0.0.1\nconnect_port 81\n}\n}\n"
    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\ntrack_check "
    "{\nweb\n}\n}\n";

bool same_as_base(const std::string& what, const std::string& with) {
  std::string text = base;
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  for (std::size_t next = at; next != std::string::npos; next = text.find(what, next + with.size())) {
    text.replace(next, what.size(), with);
  }
  return list_the_same_checks(setup_of(base).configuration, setup_of(text).configuration);
}

TEST(CheckList, is_the_same_whatever_is_served) {
  EXPECT_TRUE(same_as_base("lb_algo rr", "lb_algo wlc"));
  EXPECT_TRUE(same_as_base("10.0.0.11 80 {\nweight 1", "10.0.0.11 80 {\nweight 7"));
  EXPECT_TRUE(same_as_base("vrrp_check web", "\n\nvrrp_check web"));  // another line
}

TEST(CheckList, is_another_one_with_anything_that_a_check_is_told) {
  EXPECT_FALSE(same_as_base("connect_port 80", "connect_port 8080"));
  EXPECT_FALSE(same_as_base("connect_port 80", "retry 7"));
  EXPECT_FALSE(same_as_base("virtual_server 10.0.0.1", "virtual_server 10.0.0.2"));  // the name of the service
  EXPECT_FALSE(same_as_base("10.0.0.11 80", "10.0.0.13 80"));                        // of the server
  EXPECT_FALSE(same_as_base("10.0.0.12 80 {", "10.0.0.12 80 {\nTCP_CHECK {\n}"));
  EXPECT_FALSE(same_as_base("ha_suspend\n", ""));
  EXPECT_FALSE(same_as_base("connect_port 81", "connect_port 82"));
  EXPECT_FALSE(same_as_base("web", "www"));
}

// What a session was with one neighbour says nothing about the next one, whatever they are called.
TEST(CheckList, a_check_that_follows_another_session_is_another_one) {
  const auto key_with = [](const std::string& session) {
    const std::string text = "bfd_instance gw {\n" + session +
                             "\n}\nvirtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n"
                             "real_server 10.0.0.11 80 {\nweight 1\nBFD_CHECK {\nname gw\n}\n}\n}\n";
    log::Logger log({.console = false, .syslog = false});
    const auto listed = list_checks(setup_of(text).configuration, log);
    EXPECT_EQ(listed.size(), 1U);
    return listed.empty() ? CheckKey() : listed.front().key;
  };
  const CheckKey key = key_with("neighbor_ip 192.0.2.1");
  EXPECT_EQ(key_with("neighbor_ip 192.0.2.1\nmin_rx 100"), key);
  EXPECT_NE(key_with("neighbor_ip 192.0.2.2"), key);
}

}  // namespace
}  // namespace baton::daemon
