#include "lab/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace baton::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

config::Instance instance(std::string interface, std::string_view address, std::uint8_t length = 32) {
  config::Instance one;
  one.name = "VI_1";
  one.interface = std::move(interface);
  one.vrid = 50;
  one.family = ip(address).family();
  config::VirtualAddress virtual_address;
  virtual_address.address = {.address = ip(address), .length = length};
  one.addresses = {virtual_address};
  return one;
}

NodeInput node(std::string name, std::vector<config::Instance> instances) {
  NodeInput input{.name = std::move(name), .configuration = {}};
  input.configuration.instances = std::move(instances);
  return input;
}

Topology planned(const std::vector<NodeInput>& nodes) {
  auto topology = plan_topology(nodes);
  if (!topology) ADD_FAILURE() << to_string(topology.error());
  return topology.value_or(Topology{});
}

TEST(Topology, a_node_has_the_source_address_of_its_file) {
  config::Instance one = instance("ens33", "10.0.20.100");
  one.source = ip("10.0.20.14");
  config::Instance two = one;
  two.source = ip("10.0.20.15");
  const Topology topology = planned({node("web1", {one}), node("web2", {two})});
  const InterfacePlan& interface = topology.nodes[0].interfaces.front();
  EXPECT_EQ(interface.name, "ens33");
  EXPECT_THAT(interface.addresses, ElementsAre(IpPrefix{.address = ip("10.0.20.14"), .length = 24}));
  EXPECT_EQ(topology.lans.size(), 1U);
}

TEST(Topology, a_node_without_a_source_gets_an_address_beside_the_virtual_one) {
  const Topology topology =
      planned({node("a", {instance("eth0", "192.168.7.1", 24)}), node("b", {instance("eth0", "192.168.7.1", 24)})});
  const IpPrefix first = topology.nodes[0].interfaces.front().addresses.front();
  const IpPrefix second = topology.nodes[1].interfaces.front().addresses.front();
  EXPECT_TRUE(contains({.address = ip("192.168.7.0"), .length = 24}, first.address));
  EXPECT_NE(first.address, second.address);
  EXPECT_NE(first.address, ip("192.168.7.1"));
}

TEST(Topology, a_unicast_node_is_what_the_others_call_their_peer) {
  config::Instance one = instance("eth0", "10.0.0.100");
  one.peers = {{.address = ip("10.0.0.2")}, {.address = ip("10.0.0.3")}};
  config::Instance two = instance("eth0", "10.0.0.100");
  two.peers = {{.address = ip("10.0.0.1")}, {.address = ip("10.0.0.3")}};
  config::Instance three = instance("eth0", "10.0.0.100");
  three.peers = {{.address = ip("10.0.0.1")}, {.address = ip("10.0.0.2")}};
  const Topology topology = planned({node("a", {one}), node("b", {two}), node("c", {three})});
  EXPECT_EQ(topology.nodes[0].interfaces.front().addresses.front().address, ip("10.0.0.1"));
  EXPECT_EQ(topology.nodes[1].interfaces.front().addresses.front().address, ip("10.0.0.2"));
  EXPECT_EQ(topology.nodes[2].interfaces.front().addresses.front().address, ip("10.0.0.3"));
}

TEST(Topology, one_virtual_router_is_one_lan_whatever_its_interfaces_are_called) {
  const Topology topology =
      planned({node("a", {instance("ens33", "10.0.0.100")}), node("b", {instance("eth0", "10.0.0.100")})});
  EXPECT_EQ(topology.nodes[0].interfaces.front().lan, topology.nodes[1].interfaces.front().lan);
}

TEST(Topology, tracked_interfaces_exist_and_are_lans_by_name) {
  config::Instance one = instance("eth0", "10.0.0.100");
  config::Tracking tracking;
  tracking.name = "eth1";
  one.trackers.interfaces = {tracking};
  const Topology topology = planned({node("a", {one}), node("b", {one})});
  ASSERT_EQ(topology.nodes[0].interfaces.size(), 2U);
  EXPECT_EQ(topology.lans.size(), 2U);
  EXPECT_EQ(topology.nodes[0].interfaces[1].lan, topology.nodes[1].interfaces[1].lan);
  EXPECT_NE(topology.nodes[0].interfaces[0].lan, topology.nodes[0].interfaces[1].lan);
}

TEST(Topology, the_client_reaches_addresses_outside_its_prefix) {
  config::Instance one = instance("eth0", "203.0.113.9");
  one.source = ip("10.0.0.1");
  const Topology topology = planned({node("a", {one})});
  const LanPlan& lan = topology.lans.front();
  const bool on_link =
      std::ranges::any_of(lan.client_addresses, [](const IpPrefix& own) { return contains(own, ip("203.0.113.9")); });
  EXPECT_TRUE(on_link || std::ranges::find(lan.off_link, ip("203.0.113.9")) != lan.off_link.end());
}

TEST(Topology, the_best_contender_counts_the_weights_of_checks_that_are_well) {
  config::Instance one = instance("ens33", "10.0.20.100");
  one.priority = 98;
  config::Tracking tracking;
  tracking.name = "check";
  tracking.weight = 4;
  one.trackers.scripts = {tracking};
  config::Script script;
  script.name = "check";
  script.interval = 2s;
  script.fall = 2;
  NodeInput checked = node("web2", {one});
  checked.configuration.scripts = {script};
  const Topology topology = planned({node("web1", {instance("ens33", "10.0.20.100")}), checked});
  const Target& target = topology.targets.front();
  EXPECT_EQ(target.contenders.front().node, 1U);
  EXPECT_EQ(target.contenders.front().priority, 102);
  EXPECT_EQ(target.detection, 4s);
}

TEST(Topology, a_check_without_a_weight_is_fatal) {
  config::Instance one = instance("ens33", "10.0.20.100");
  one.trackers.scripts.resize(2);
  one.trackers.scripts[0].name = "light";
  one.trackers.scripts[0].weight = -20;
  one.trackers.scripts[1].name = "fatal";
  NodeInput checked = node("web1", {one});
  checked.configuration.scripts.resize(2);
  checked.configuration.scripts[0].name = "light";
  checked.configuration.scripts[1].name = "fatal";
  const std::vector<Check> checks = planned({checked}).nodes.front().checks;
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_FALSE(checks[0].is_fatal);
  EXPECT_TRUE(checks[1].is_fatal);
}

TEST(Topology, two_nodes_with_one_address_are_refused) {
  config::Instance one = instance("ens33", "10.0.20.100");
  one.source = ip("10.0.20.14");
  const auto topology = plan_topology({node("web1", {one}), node("web2", {one})});
  ASSERT_FALSE(topology);
  EXPECT_THAT(topology.error().message, HasSubstr("web1 and web2 both have the address 10.0.20.14"));
}

TEST(Topology, files_without_a_virtual_router_are_refused) {
  EXPECT_FALSE(plan_topology({node("a", {})}));
}

}  // namespace
}  // namespace baton::lab
