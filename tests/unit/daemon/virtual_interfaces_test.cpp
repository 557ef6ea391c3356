#include "daemon/virtual_interfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/firewall.h"
#include "daemon/virtual_interface_setup.h"
#include "unit/daemon/made_setup.h"
#include "unit/kernel/network.h"

namespace baton::daemon {
namespace {

using kernel::run;
using testing::ElementsAre;
using testing::IsEmpty;

std::string router(const std::string& name, int vrid, const std::string& interface, const std::string& lines,
                   const std::string& addresses) {
  return fmt::format("vrrp_instance {} {{\ninterface {}\nvirtual_router_id {}\n{}\nvirtual_ipaddress {{\n{}\n}}\n}}\n",
                     name, interface, vrid, lines, addresses);
}

std::vector<std::string> names(const daemon::Setup& setup) {
  std::vector<std::string> result;
  for (const VirtualInterfaceSetup& interface : setup.virtual_interfaces) result.push_back(interface.wanted.name);
  return result;
}

TEST(VirtualInterfaceSetup, addresses_and_adverts_are_on_the_macvlan_and_the_interface_below_must_be_up) {
  const auto setup = setup_of(router("A", 51, "eth0", "use_vmac", "10.0.0.100\n10.0.1.100 dev eth1"));
  const RouterSetup& a = setup.routers.at(0);
  EXPECT_EQ(a.interface, "eth0");
  EXPECT_EQ(a.advert_interface, "vrrp.51");
  EXPECT_EQ(a.source_interface, "eth0");
  EXPECT_EQ(a.addresses.at(0).device, "vrrp.51");
  EXPECT_EQ(a.addresses.at(1).device, "eth1");
  EXPECT_THAT(setup.node.routers.at(0).links, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(to_string(*setup.virtual_interfaces.at(0).wanted.mac), "00:00:5e:00:01:33");
}

// As keepalived 2.2.7 names them.
TEST(VirtualInterfaceSetup, names_in_keepaliveds_order) {
  const auto setup = setup_of(
      router("A", 51, "eth0", "use_vmac", "10.0.0.1") + router("B", 51, "eth0", "use_vmac", "fe80::1") +
      router("C", 51, "eth1", "use_vmac", "10.0.1.1") + router("D", 55, "eth1", "use_vmac vrrp.51", "10.0.1.2"));
  EXPECT_THAT(names(setup), ElementsAre("vrrp1.51", "vrrp6.51", "vrrp2.51", "vrrp.51"));
  EXPECT_EQ(to_string(*setup.virtual_interfaces.at(1).wanted.mac), "00:00:5e:00:02:33");
}

TEST(VirtualInterfaceSetup, one_mac_on_one_interface_is_one_macvlan) {
  const auto setup = setup_of(router("A", 1, "eth0", "use_vmac shared 02:00:00:00:00:07", "10.0.0.1") +
                              router("B", 2, "eth0", "use_vmac 02:00:00:00:00:07", "10.0.0.2"));
  EXPECT_THAT(names(setup), ElementsAre("shared"));
  EXPECT_EQ(setup.routers.at(1).advert_interface, "shared");
}

TEST(VirtualInterfaceSetup, adverts_of_xmit_base_and_unicast_leave_from_the_interface_itself) {
  const auto setup = setup_of(router("A", 1, "eth0", "use_vmac\nvmac_xmit_base", "10.0.0.1") +
                              router("B", 2, "eth0", "use_vmac\nunicast_peer {\n10.0.0.9\n}", "10.0.0.2"));
  EXPECT_EQ(setup.routers.at(0).advert_interface, "eth0");
  EXPECT_EQ(setup.routers.at(0).addresses.at(0).device, "vrrp.1");
  EXPECT_EQ(setup.routers.at(1).advert_interface, "eth0");
}

TEST(VirtualInterfaceSetup, use_vmac_addr_makes_macvlans_for_addresses_elsewhere) {
  const auto setup =
      setup_of(router("A", 59, "eth1", "use_vmac_addr", "10.0.0.1\n10.0.0.2 dev eth0\n10.0.0.3 use_vmac"));
  EXPECT_THAT(names(setup), ElementsAre("vrrp.59", "vrrp1.59"));
  EXPECT_EQ(setup.routers.at(0).addresses.at(0).device, "eth1");
  EXPECT_EQ(setup.routers.at(0).addresses.at(1).device, "vrrp.59");
  EXPECT_EQ(setup.virtual_interfaces.at(1).base, "eth1");
}

TEST(FirewallRules, only_routers_that_must_not_accept_are_in_them) {
  const auto setup = setup_of(router("A", 1, "eth0", "no_accept", "10.0.0.1") + router("B", 2, "eth0", "", "10.0.0.2") +
                              router("C", 3, "eth0", "no_accept\npriority 255\nstate MASTER", "10.0.0.3") +
                              router("D", 4, "eth0", "strict_mode", "10.0.0.4") +
                              router("E", 5, "eth0", "no_accept", "fe80::5\nfd00::5"));
  const kernel::FirewallRules rules = firewall_rules(setup, {});
  EXPECT_THAT(rules.refused,
              ElementsAre(*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.4"), *IpAddress::parse("fd00::5")));
  ASSERT_EQ(rules.refused_link_local.size(), 1U);
  EXPECT_EQ(rules.refused_link_local[0].interface, "eth0");
  EXPECT_FALSE(needs_firewall(setup_of(router("A", 1, "eth0", "", "10.0.0.1"))));
}

class Made : public kernel::Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    requests = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests).value();
    interfaces = table();
  }
  VirtualInterfaces on(const daemon::Setup& setup) {
    return {setup, "", [this](const std::string& text) { said.push_back(text); }};
  }

  std::optional<kernel::NetlinkSocket> requests;
  kernel::InterfaceTable interfaces;
  std::vector<std::string> said;
};

TEST_F(Made, macvlan_is_there_with_its_settings_and_gone_at_the_end) {
  const auto setup = setup_of(router("A", 51, "ens1", "use_vmac", "10.0.0.100"));
  VirtualInterfaces made = on(setup);
  EXPECT_TRUE(made.follow(*requests, interfaces));
  EXPECT_FALSE(made.follow(*requests, interfaces));
  ASSERT_NE(interfaces.find("vrrp.51"), nullptr);
  EXPECT_TRUE(interfaces.find("vrrp.51")->is_enabled);
  EXPECT_THAT(interfaces.addresses_on(interfaces.find("vrrp.51")->index), IsEmpty());
  EXPECT_EQ(kernel::read_setting("ipv4/conf/vrrp.51/arp_ignore"), "1");
  EXPECT_EQ(kernel::read_setting("ipv4/conf/ens1/arp_ignore"), "1");
  made.remove(*requests, interfaces);
  EXPECT_EQ(table().find("vrrp.51"), nullptr);
  EXPECT_EQ(kernel::read_setting("ipv4/conf/ens1/arp_ignore"), "0");
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(Made, what_somebody_deletes_is_made_again) {
  const auto setup = setup_of(router("A", 51, "ens1", "use_vmac", "10.0.0.100"));
  VirtualInterfaces made = on(setup);
  made.follow(*requests, interfaces);
  run("ip link del vrrp.51");
  interfaces = table();
  EXPECT_TRUE(made.follow(*requests, interfaces));
  EXPECT_NE(interfaces.find("vrrp.51"), nullptr);
}

TEST_F(Made, ipv6_macvlan_has_the_link_local_address_below) {
  const auto setup = setup_of(router("A", 51, "ens1", "use_vmac", "fe80::100"));
  VirtualInterfaces made = on(setup);
  made.follow(*requests, interfaces);
  EXPECT_THAT(interfaces.addresses_on(interfaces.find("vrrp.51")->index),
              ElementsAre(IpPrefix{.address = link_local(), .length = 64}));
}

TEST_F(Made, a_name_that_somebody_else_has_is_avoided_and_an_earlier_life_is_found_again) {
  run("ip link add vrrp.51 type veth peer name other");
  auto setup = setup_of(router("A", 51, "ens1", "use_vmac", "10.0.0.100"));
  avoid_taken_names(setup, table());
  EXPECT_THAT(names(setup), ElementsAre("vrrp1.51"));
  EXPECT_EQ(setup.routers.at(0).addresses.at(0).device, "vrrp1.51");
  interfaces = table();
  on(setup).follow(*requests, interfaces);
  auto later = setup_of(router("A", 51, "ens1", "use_vmac", "10.0.0.100"));
  avoid_taken_names(later, interfaces);
  EXPECT_THAT(names(later), ElementsAre("vrrp1.51"));
  EXPECT_FALSE(on(later).follow(*requests, interfaces));
}

TEST_F(Made, what_a_reload_drops_goes_and_the_rest_stays) {
  const daemon::Setup before =
      setup_of(router("A", 51, "ens1", "use_vmac", "10.0.0.100") + router("B", 52, "ens1", "use_vmac", "10.0.0.101"));
  on(before).follow(*requests, interfaces);
  const std::uint32_t index = interfaces.find("vrrp.52")->index;
  const daemon::Setup after =
      setup_of(router("A", 51, "ens1", "", "10.0.0.100") + router("B", 52, "ens1", "use_vmac", "10.0.0.101"));
  VirtualInterfaces now = on(after);
  now.take_leftovers(before.virtual_interfaces, *requests, interfaces);
  ASSERT_TRUE(now.have_leftovers());
  now.remove_leftover(*requests, interfaces);
  EXPECT_FALSE(now.have_leftovers());
  interfaces = table();
  EXPECT_EQ(interfaces.find("vrrp.51"), nullptr);
  EXPECT_EQ(interfaces.find("vrrp.52")->index, index);
}

// Each takes the kernel a hundredth of a second: one at a time, unless ours cannot be made before they are gone.
TEST_F(Made, what_is_in_the_way_goes_at_once_and_the_rest_one_by_one) {
  const daemon::Setup before =
      setup_of(router("A", 51, "ens1", "use_vmac", "10.0.0.100") + router("B", 52, "ens1", "use_vmac", "10.0.0.101") +
               router("C", 53, "ens1", "use_vmac", "10.0.0.102"));
  on(before).follow(*requests, interfaces);
  const daemon::Setup after = setup_of(router("A", 51, "ens1", "use_vmac other", "10.0.0.100"));
  VirtualInterfaces now = on(after);
  now.take_leftovers(before.virtual_interfaces, *requests, interfaces);
  EXPECT_EQ(interfaces.find("vrrp.51"), nullptr);  // it has the MAC address
  EXPECT_TRUE(now.follow(*requests, interfaces));
  EXPECT_NE(interfaces.find("other"), nullptr);
  int turns = 0;
  for (; now.have_leftovers(); ++turns) now.remove_leftover(*requests, interfaces);
  EXPECT_EQ(turns, 2);
  interfaces = table();
  EXPECT_EQ(interfaces.find("vrrp.52"), nullptr);
  EXPECT_EQ(interfaces.find("vrrp.53"), nullptr);
}

// Whoever restores need know nothing but the record: a worker that goes on without the keyword, or the last will.
TEST_F(Made, promote_secondaries_is_restored_by_a_reload_and_by_the_last_will) {
  const std::string setting = "ipv4/conf/ens1/promote_secondaries";
  const std::string record = testing::TempDir() + "settings." + std::to_string(::getpid());
  const auto on = [&](const daemon::Setup& setup) {
    return VirtualInterfaces(setup, record, [this](const std::string& text) { said.push_back(text); });
  };
  const auto with = setup_of(router("A", 51, "ens1", "promote_secondaries", "10.0.0.100"));
  const auto without = setup_of(router("A", 51, "ens1", "", "10.0.0.100"));
  ASSERT_FALSE(kernel::write_setting(setting, "0").has_value() && kernel::read_setting(setting) != "0");
  EXPECT_FALSE(on(with).follow(*requests, interfaces));
  EXPECT_EQ(kernel::read_setting(setting), "1");
  EXPECT_FALSE(on(with).follow(*requests, interfaces));  // a worker after it takes no value of ours for somebody's
  EXPECT_FALSE(on(without).follow(*requests, interfaces));
  EXPECT_EQ(kernel::read_setting(setting), "0");
  EXPECT_FALSE(on(with).follow(*requests, interfaces));
  on(without).remove(*requests, interfaces);
  EXPECT_EQ(kernel::read_setting(setting), "0");
  EXPECT_NE(::access(record.c_str(), F_OK), 0);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(Made, what_cannot_be_made_is_said_once_and_its_router_fails) {
  const auto setup = setup_of(router("A", 51, "lo0", "use_vmac", "10.0.0.100"));
  run("ip tuntap add lo0 mode tun");
  interfaces = table();
  VirtualInterfaces made = on(setup);
  made.follow(*requests, interfaces);
  made.follow(*requests, interfaces);
  EXPECT_TRUE(made.have_failed(0));
  EXPECT_THAT(said, ElementsAre(testing::HasSubstr("lo0 is no Ethernet interface")));
}

}  // namespace
}  // namespace baton::daemon
