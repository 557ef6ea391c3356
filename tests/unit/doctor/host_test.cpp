#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doctor/rule_table.h"
#include "patient.h"

namespace baton::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Doctor, says_nothing_of_a_sound_host) {
  EXPECT_THAT(ids(patient()), IsEmpty());
}

TEST(Doctor, has_rules_in_order_with_unique_names) {
  for (std::size_t i = 1; i < rules().size(); ++i) EXPECT_LT(rules()[i - 1].id, rules()[i].id);
  for (const Rule& rule : rules()) {
    EXPECT_EQ(find_rule(rule.id), &rule);
    EXPECT_EQ(find_rule(rule.name), &rule);
  }
  EXPECT_EQ(find_rule("D999"), nullptr);
}

struct HostCase {
  const char* fault;
  void (*cause)(Patient&);
  const char* found;
};

class HostFault : public testing::TestWithParam<HostCase> {};

TEST_P(HostFault, is_found_and_nothing_else) {
  Patient ill = patient();
  GetParam().cause(ill);
  EXPECT_THAT(ids(ill), ElementsAre(GetParam().found)) << GetParam().fault;
}

Interface& eth0(Patient& patient) {
  return patient.host.interfaces["eth0"];
}

INSTANTIATE_TEST_SUITE_P(
    Doctor, HostFault,
    testing::Values(
        HostCase{"no interface", [](Patient& p) { p.host.interfaces.clear(); }, "D001 error"},
        HostCase{"down", [](Patient& p) { eth0(p).is_enabled = eth0(p).has_carrier = false; }, "D002 error"},
        HostCase{"no carrier", [](Patient& p) { eth0(p).has_carrier = false; }, "D003 error"},
        HostCase{"no multicast", [](Patient& p) { eth0(p).has_multicast = false; }, "D004 error"},
        HostCase{"no address", [](Patient& p) { eth0(p).addresses.clear(); }, "D005 error"},
        HostCase{"no IPv6",
                 [](Patient& p) {
                   p.setup.routers[0].codec.family = Family::ipv6;
                   p.setup.routers[0].codec.multicast_group = ip("ff02::12");
                   eth0(p).has_ipv6 = false;
                 },
                 "D006 error"},
        HostCase{"dadfailed", [](Patient& p) { eth0(p).addresses.push_back({.is_duplicate = true}); }, "D007 error"},
        HostCase{"arp_ignore 8", [](Patient& p) { eth0(p).arp_ignore = 8; }, "D011 error"},
        HostCase{"a router that does not forward",
                 [](Patient& p) {
                   p.setup.configuration.groups.push_back({.name = "G", .members = {"VI_1", "VI_2"}});
                   p.setup.routers.push_back(router());
                   p.setup.routers[1].name = "VI_2";
                   p.setup.routers[1].addresses[0].device = "eth1";
                   p.host.forwards_v4 = false;
                 },
                 "D012 warning"},
        HostCase{"nonlocal bind", [](Patient& p) { p.host.binds_foreign_v4 = false; }, "D013 note"},
        HostCase{"a service on the address",
                 [](Patient& p) {
                   p.host.binds_foreign_v4 = false;
                   p.host.listened_addresses.insert(ip("10.0.20.100"));
                 },
                 "D013 warning"},
        HostCase{"capability", [](Patient& p) { p.host.may_have_raw = false; }, "D018 error"},
        HostCase{"a worker without", [](Patient& p) { p.host.daemons[0].lacks_admin = true; }, "D018 error"},
        HostCase{"keepalived beside",
                 [](Patient& p) {
                   p.host.daemons.push_back({.kind = RivalDaemon::Kind::keepalived, .name = "keepalived", .pid = 7});
                 },
                 "D019 error"},
        HostCase{"keepalived alone",
                 [](Patient& p) {
                   p.host.daemons = {{.kind = RivalDaemon::Kind::keepalived, .name = "keepalived", .pid = 7}};
                 },
                 "D019 note"},
        HostCase{"a static address",
                 [](Patient& p) {
                   p.host.daemons.clear();
                   eth0(p).addresses.push_back({.address = {.address = ip("10.0.20.100"), .length = 32}});
                 },
                 "D020 warning"},
        HostCase{"no flooding",
                 [](Patient& p) {
                   eth0(p).bridge = "br0";
                   p.host.bridges["br0"] = {.name = "br0", .ports = {{.name = "eth0", .floods_multicast = false}}};
                 },
                 "D014 error"},
        HostCase{"snooping",
                 [](Patient& p) {
                   p.setup.routers[0].codec.multicast_group = ip("239.1.1.1");
                   p.host.bridges["eth0"] = {.name = "eth0", .snoops = true};
                 },
                 "D015 warning"}));

TEST(Doctor, an_owner_has_its_addresses_always) {
  Patient owner = patient();
  owner.setup.node.routers[0].router.base_priority = vrrp::spec::priority_owner;
  owner.host.daemons.clear();
  eth0(owner).addresses.push_back({.address = {.address = ip("10.0.20.100"), .length = 24}});
  EXPECT_THAT(ids(owner), IsEmpty());
}

TEST(Doctor, a_blocked_port_beside_one_that_passes_is_a_note) {
  Patient bridged = patient();
  eth0(bridged).bridge = "br0";
  bridged.host.bridges["br0"] = {.name = "br0", .ports = {{.name = "eth0"}, {.name = "eth1", .is_forwarding = false}}};
  EXPECT_THAT(ids(bridged), ElementsAre("D014 note"));
  bridged.host.interfaces["eth1"] = {.name = "eth1", .has_carrier = false};
  EXPECT_THAT(ids(bridged), IsEmpty()) << "nothing is behind it";
}

TEST(Doctor, snooping_leaves_the_local_groups_alone) {
  Patient bridged = patient();
  bridged.host.bridges["eth0"] = {.name = "eth0", .snoops = true};
  EXPECT_THAT(ids(bridged), IsEmpty());
}

TEST(Doctor, rp_filter_matters_where_the_way_back_is_another) {
  Patient asymmetric = patient();
  hear(asymmetric, {advert_frame(router().codec, "10.0.20.15")});
  eth0(asymmetric).reverse_path_filter = 1;
  asymmetric.host.routes_back = {{.to = ip("10.0.20.15"), .interface = "eth0"}};
  EXPECT_THAT(ids(asymmetric), IsEmpty());
  asymmetric.host.routes_back[0].interface = "eth1";
  EXPECT_THAT(ids(asymmetric), ElementsAre("D010 error"));
  eth0(asymmetric).reverse_path_filter = 2;
  EXPECT_THAT(ids(asymmetric), IsEmpty());
  asymmetric.host.routes_back[0].interface = "";
  EXPECT_THAT(ids(asymmetric), ElementsAre("D010 error"));
}

TEST(Doctor, the_firewall_finding_names_the_rule_and_the_mend) {
  Patient walled = patient();
  walled.host.ruleset->chains.push_back({.family = kernel::FilterFamily::inet,
                                         .table = "filter",
                                         .name = "input",
                                         .type = "filter",
                                         .hook = kernel::FilterHook::input,
                                         .drops_by_policy = true});
  const Report report = examine(walled);
  ASSERT_THAT(ids(report), ElementsAre("D016 error"));
  EXPECT_EQ(report.findings[0].seen,
            "the policy of chain input of table inet filter drops protocol 112 in by eth0 to 224.0.0.18");
  EXPECT_THAT(report.findings[0].mend, HasSubstr("nft insert rule inet filter input"));
}

TEST(Doctor, without_a_configuration_it_asks_for_vrrp_as_such) {
  Patient bare = patient();
  bare.setup.routers.clear();
  EXPECT_THAT(ids(bare), IsEmpty());
  eth0(bare).has_carrier = false;
  EXPECT_THAT(ids(bare), ElementsAre("D003 error"));
}

TEST(Doctor, bounds_what_it_says) {
  Patient many = patient();
  for (int i = 0; i < 300; ++i) {
    many.setup.routers.push_back(router());
    many.setup.routers.back().interface = many.setup.routers.back().advert_interface = "none" + std::to_string(i);
  }
  const Report report = examine(many);
  EXPECT_EQ(report.findings.size(), limits::findings_of_a_rule);
  EXPECT_EQ(report.dropped, 300 - limits::findings_of_a_rule);
}

}  // namespace
}  // namespace baton::doctor
