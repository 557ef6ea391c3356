#include "dbus/objects.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::dbus {
namespace {

using nlohmann::json;

json instance(const std::string& interface, int vrid, const std::string& family, const std::string& state) {
  return {{"name", "VI"}, {"interface", interface}, {"vrid", vrid}, {"family", family}, {"state", state}};
}

std::string path_of(const json& one, const Naming& naming = {}) {
  const auto found = instances({{"instances", {one}}}, naming);
  return found.size() == 1 ? found.begin()->first : "";
}

TEST(DbusObjects, an_instance_has_the_path_that_keepalived_gives_it) {
  EXPECT_EQ(path_of(instance("v0", 51, "IPv4", "MASTER")), "/org/keepalived/Vrrp1/Instance/v0/51/IPv4");
  EXPECT_EQ(path_of(instance("br-lan.7", 53, "IPv6", "BACKUP")), "/org/keepalived/Vrrp1/Instance/br_lan_7/53/IPv6");
}

TEST(DbusObjects, an_instance_without_an_interface_has_a_name_in_its_place) {
  EXPECT_EQ(path_of(instance("", 5, "IPv4", "FAULT")), "/org/keepalived/Vrrp1/Instance/none/5/IPv4");
  EXPECT_EQ(path_of(instance("", 5, "IPv4", "FAULT"), {.no_interface = "no if"}),
            "/org/keepalived/Vrrp1/Instance/no_if/5/IPv4");
}

TEST(DbusObjects, namespace_and_daemon_stand_behind_the_root) {
  const Naming naming{.net_namespace = "blue", .instance = "two"};
  EXPECT_EQ(vrrp_path(naming), "/org/keepalived/Vrrp1/blue/two/Vrrp");
  EXPECT_EQ(path_of(instance("v0", 1, "IPv4", "INIT"), naming), "/org/keepalived/Vrrp1/blue/two/Instance/v0/1/IPv4");
  EXPECT_EQ(vrrp_path({}), "/org/keepalived/Vrrp1/Vrrp");
}

TEST(DbusObjects, states_have_keepaliveds_numbers) {
  EXPECT_EQ(to_state("INIT"), (State{0, "Init"}));
  EXPECT_EQ(to_state("BACKUP"), (State{1, "Backup"}));
  EXPECT_EQ(to_state("MASTER"), (State{2, "Master"}));
  EXPECT_EQ(to_state("FAULT"), (State{3, "Fault"}));
  EXPECT_EQ(to_state("DELETED"), (State{97, "Deleted"}));
  EXPECT_EQ(to_state("STOP"), (State{98, "Stop"}));
  EXPECT_EQ(to_state("MASTER_RX_LOWER_PRI"), std::nullopt);
}

TEST(DbusObjects, a_status_without_instances_has_no_objects) {
  EXPECT_TRUE(instances(json::object(), {}).empty());
}

}  // namespace
}  // namespace baton::dbus
