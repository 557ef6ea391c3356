#include "daemon/connection_sync.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using enum kernel::IpvsSyncDaemon::Role;
using testing::ElementsAre;
using testing::HasSubstr;

const IpAddress vip = *IpAddress::parse("10.0.20.100");

ConnectionSync sync_of(const std::string& words) {
  const auto setup = setup_of("global_defs {\nlvs_sync_daemon " + words +
                              "\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\npriority 100\n"
                              "virtual_ipaddress {\n10.0.20.100\n}\n}\n");
  const auto sync = ConnectionSync::of(setup.configuration);
  EXPECT_TRUE(sync);
  return sync.value_or(ConnectionSync());
}
std::vector<kernel::IpvsSyncDaemon::Role> roles(const ConnectionSync& sync, bool is_here) {
  std::vector<kernel::IpvsSyncDaemon::Role> roles;
  for (const auto& each : sync.wanted([&](const IpAddress& address) { return is_here && address == vip; })) {
    roles.push_back(each.role);
  }
  return roles;
}

TEST(ConnectionSync, tells_while_the_instances_address_is_here_and_hears_else) {
  const ConnectionSync sync = sync_of("eth1 inst VI_1 port 9000");
  EXPECT_THAT(roles(sync, true), ElementsAre(master));
  EXPECT_THAT(roles(sync, false), ElementsAre(backup));
  EXPECT_EQ(sync.problem(), "");
  const auto daemon = sync.wanted([](const IpAddress&) { return true; }).front();
  EXPECT_EQ(daemon.interface, "eth1");
  EXPECT_EQ(daemon.id, 51);  // the VRID
  EXPECT_EQ(daemon.port, 9000);
}

TEST(ConnectionSync, without_an_instance_does_both) {
  EXPECT_THAT(roles(sync_of("eth1 id 7"), false), ElementsAre(master, backup));
}

TEST(ConnectionSync, an_instance_that_is_not_there_is_said_and_others_are_heard) {
  const ConnectionSync sync = sync_of("eth1 inst VI_2");
  EXPECT_THAT(sync.problem(), HasSubstr("no vrrp_instance VI_2"));
  EXPECT_THAT(roles(sync, true), ElementsAre(backup));
}

TEST(ConnectionSync, what_the_kernel_chose_is_as_wanted) {
  const kernel::IpvsSyncDaemon wanted{.role = master, .interface = "eth1", .id = 7};
  kernel::IpvsSyncDaemon running = wanted;
  running.port = 8848;
  running.most_bytes = 1460;
  running.ttl = 1;
  running.group = IpAddress::parse("224.0.0.81");
  EXPECT_TRUE(is_as_wanted(running, wanted));
  running.id = 8;
  EXPECT_FALSE(is_as_wanted(running, wanted));
  running = wanted;
  running.port = 9000;
  kernel::IpvsSyncDaemon other_port = wanted;
  other_port.port = 9001;
  EXPECT_FALSE(is_as_wanted(running, other_port));
}

TEST(ConnectionSync, is_none_where_none_is_configured) {
  EXPECT_FALSE(ConnectionSync::of(config::Configuration{}));
}

}  // namespace
}  // namespace baton::daemon
