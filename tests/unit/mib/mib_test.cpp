// Rows of the MIBs from a made configuration and a status. The numbers are those that Debian's keepalived 2.2.7 shows
// for the same configuration (walked through snmpd), where it is right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "mib/notification.h"
#include "mib/settable.h"
#include "mib/view.h"

namespace baton::mib {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

config::Configuration configuration() {
  config::Configuration made;
  made.globals.router_id = "box";
  made.globals.snmp = {.vrrp = true, .rfc_v2 = true, .rfc_v3 = true, .traps = true, .socket = {}};
  made.globals.mail.relay = {.host = "127.0.0.1", .port = 2525};
  config::Instance first;
  first.name = "VI_1";
  first.interface = "v0";
  first.vrid = 51;
  first.authentication.type = config::AuthType::pass;
  first.addresses.push_back({.address = {*IpAddress::parse("10.9.0.10"), 24}, .device = "v0", .label = "v0:1"});
  first.excluded_addresses.push_back({.address = {*IpAddress::parse("fd00::99"), 64}, .device = "v0"});
  first.multicast_group = *IpAddress::parse("224.0.0.18");
  first.notifications.master = config::Command{.arguments = {"/bin/true", "m"}};
  first.trackers.scripts.push_back({.name = "chk", .weight = -7});
  config::Instance second;
  second.name = "VI_6";
  second.interface = "v0";
  second.vrid = 53;
  second.version = 3;
  second.family = Family::ipv6;
  second.priority = 110;
  second.advert_interval = 500ms;
  second.accept = false;
  second.state = config::WantedState::master;
  second.addresses.push_back({.address = {*IpAddress::parse("fe80::53"), 128}, .device = "v0"});
  second.multicast_group = *IpAddress::parse("ff02::12");
  made.instances = {first, second};
  made.groups.push_back({.name = "G", .members = {"VI_1"}});
  made.scripts.push_back(
      {.name = "chk", .command = {.arguments = {"/bin/true"}}, .interval = 2s, .rise = 2, .fall = 4});
  return made;
}

json status() {
  return {{"instances",
           {{{"name", "VI_1"},
             {"state", "MASTER"},
             {"since", 1000.0},
             {"reason", "master_down"},
             {"holds_addresses", true},
             {"advert_interface", "v0"},
             {"priority", {{"effective", 104}}},
             {"addresses", {{{"present", true}}, {{"present", false}}}},
             {"adverts", {{"accepted", 7}, {"priority_zero_sent", 1}, {"unlike_addresses", 2}}},
             {"rejected", {{"ttl", 3}, {"checksum", 4}, {"auth_password", 5}}},
             {"became_master", 2}},
            {{"name", "VI_6"}, {"state", "BACKUP"}, {"since", 1000.0}, {"master", {{"address", "fe80::1"}}}}}},
          {"groups", {{{"name", "G"}, {"state", "MASTER"}}}},
          {"scripts", {{{"name", "chk"}, {"status", "up"}}}}};
}

class Mib : public testing::Test {
 protected:
  Rows rows() { return rows_of(view()); }
  View view() {
    return {.configuration = configuration_,
            .status = Status(status_),
            .interfaces = {{"v0", {.index = 3, .mac = {{2, 0, 0, 0, 0, 9}}}}},
            .sources = {{"VI_1", *IpAddress::parse("10.9.0.1")}},
            .now = 1005.5,
            .version = "Baton"};
  }
  // nullopt: no such object.
  static std::optional<Value> at(const Rows& all, Oid head, const Oid& tail) {
    const auto found = all.find(std::move(head) + tail);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  config::Configuration configuration_ = configuration();
  json status_ = status();
};

TEST_F(Mib, globals) {
  const Rows all = rows();
  EXPECT_EQ(at(all, keepalived_mib, {1, 2, 0}), text("box"));
  EXPECT_EQ(at(all, keepalived_mib, {1, 3, 1, 0}), integer(1));
  EXPECT_EQ(at(all, keepalived_mib, {1, 3, 2, 0}), text(std::string_view("\x7f\0\0\1", 4)));
  EXPECT_EQ(at(all, keepalived_mib, {1, 3, 6, 0}), gauge(2525));
  EXPECT_EQ(at(all, keepalived_mib, {1, 3, 8, 0}), integer(3));  // not given
  EXPECT_EQ(at(all, keepalived_mib, {1, 4, 0}), truth(true));
}

TEST_F(Mib, an_instance) {
  const Rows all = rows();
  const Oid columns = keepalived_mib + Oid{2, 3, 1};
  EXPECT_EQ(at(all, columns, {2, 1}), text("VI_1"));
  EXPECT_EQ(at(all, columns, {3, 1}), gauge(51));
  EXPECT_EQ(at(all, columns, {4, 1}), integer(2));
  EXPECT_EQ(at(all, columns, {4, 2}), integer(1));
  EXPECT_EQ(at(all, columns, {5, 1}), integer(1));
  EXPECT_EQ(at(all, columns, {5, 2}), integer(2));
  EXPECT_EQ(at(all, columns, {7, 1}), integer(100));
  EXPECT_EQ(at(all, columns, {8, 1}), integer(104));
  EXPECT_EQ(at(all, columns, {12, 1}), gauge(1));   // seconds in VRRPv2
  EXPECT_EQ(at(all, columns, {12, 2}), gauge(50));  // hundredths in VRRPv3
  EXPECT_EQ(at(all, columns, {15, 1}), integer(1));
  EXPECT_EQ(at(all, columns, {18, 1}), text("G"));
  EXPECT_EQ(at(all, columns, {18, 2}), std::nullopt);
  EXPECT_EQ(at(all, columns, {22, 1}), text("'/bin/true' 'm'"));
  EXPECT_EQ(at(all, columns, {22, 2}), std::nullopt);
  EXPECT_EQ(at(all, columns, {27, 1}), integer(0));
  EXPECT_EQ(at(all, columns, {27, 2}), truth(false));
  EXPECT_EQ(at(all, columns, {35, 1}), text(std::string_view("\xe0\0\0\x12", 4)));
}

TEST_F(Mib, what_somebody_has_set_is_shown_in_place_of_the_configuration) {
  status_["instances"][0]["priority"]["base"] = 77;
  status_["instances"][0]["preempt"] = false;
  const Rows all = rows();
  EXPECT_EQ(at(all, keepalived_mib, {2, 3, 1, 7, 1}), integer(77));
  EXPECT_EQ(at(all, keepalived_mib, {2, 3, 1, 13, 1}), truth(false));
  EXPECT_EQ(at(all, vrrp_mib, {1, 3, 1, 5, 3, 51}), integer(77));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 1, 1, 1, 10, 3, 51, 1}), truth(false));
}

// What keepalived 2.2.7 answers to snmpset.
TEST_F(Mib, base_priority_and_preempt_are_what_can_be_written) {
  const Rows all = rows();
  const auto write = [&](const Oid& tail, const std::optional<Value>& value) {
    return setting_of(keepalived_mib + Oid{2, 3, 1} + tail, value, all);
  };
  EXPECT_EQ(write({7, 1}, integer(255)), (Setting{.instance = "VI_1", .base_priority = 255, .preempt = {}}));
  EXPECT_EQ(write({13, 2}, integer(2)), (Setting{.instance = "VI_6", .base_priority = {}, .preempt = false}));
  EXPECT_EQ(write({7, 1}, integer(0)).error(), SetError::wrong_value);
  EXPECT_EQ(write({7, 1}, integer(256)).error(), SetError::wrong_value);
  EXPECT_EQ(write({13, 1}, integer(3)).error(), SetError::wrong_value);
  EXPECT_EQ(write({7, 1}, gauge(100)).error(), SetError::wrong_type);
  EXPECT_EQ(write({7, 1}, std::nullopt).error(), SetError::wrong_type);
  EXPECT_EQ(write({7, 3}, integer(100)).error(), SetError::not_writable);  // no such instance
  EXPECT_EQ(write({27, 1}, integer(1)).error(), SetError::not_writable);   // VRRPv2
  EXPECT_EQ(write({27, 2}, integer(1)).error(), SetError::no_access);      // VRRPv3
  EXPECT_EQ(write({28, 1}, integer(1)).error(), SetError::not_writable);
  EXPECT_EQ(setting_of(vrrp_mib + Oid{1, 3, 1, 5, 3, 51}, integer(9), all).error(), SetError::not_writable);
  EXPECT_EQ(setting_back(keepalived_mib + Oid{2, 3, 1, 7, 2}, all)->base_priority, 110);
}

TEST_F(Mib, addresses_group_members_and_scripts) {
  const Rows all = rows();
  EXPECT_EQ(at(all, keepalived_mib, {2, 6, 1, 10, 1, 1}), truth(true));  // present
  EXPECT_EQ(at(all, keepalived_mib, {2, 6, 1, 10, 1, 2}), truth(false));
  EXPECT_EQ(at(all, keepalived_mib, {2, 6, 1, 11, 1, 2}), truth(false));  // excluded
  EXPECT_EQ(at(all, keepalived_mib, {2, 6, 1, 6, 1, 1}), integer(14));
  EXPECT_EQ(at(all, keepalived_mib, {2, 6, 1, 9, 1, 1}), text("v0:1"));
  EXPECT_EQ(at(all, keepalived_mib, {2, 2, 1, 2, 1, 1}), text("VI_1"));
  EXPECT_EQ(at(all, keepalived_mib, {2, 1, 1, 3, 1}), integer(2));
  EXPECT_EQ(at(all, keepalived_mib, {2, 5, 1, 3, 1, 1}), integer(-7));
  EXPECT_EQ(at(all, keepalived_mib, {2, 9, 1, 6, 1}), integer(3));  // good
  EXPECT_EQ(at(all, keepalived_mib, {2, 9, 1, 8, 1}), gauge(4));
}

TEST_F(Mib, vrrp_mib_has_the_vrrpv2_routers) {
  const Rows all = rows();
  EXPECT_EQ(at(all, vrrp_mib, {1, 3, 1, 3, 3, 51}), integer(3));
  EXPECT_EQ(at(all, vrrp_mib, {1, 3, 1, 3, 3, 53}), std::nullopt);
  EXPECT_EQ(at(all, vrrp_mib, {1, 3, 1, 9, 3, 51}), integer(2));
  EXPECT_EQ(at(all, vrrp_mib, {1, 4, 1, 2, 3, 51, 10, 9, 0, 10}), integer(1));
  EXPECT_EQ(at(all, vrrp_mib, {2, 1, 0}), counter(4));
  EXPECT_EQ(at(all, vrrp_mib, {2, 4, 1, 1, 3, 51}), counter(2));
  EXPECT_EQ(at(all, vrrp_mib, {2, 4, 1, 2, 3, 51}), counter(7));
  EXPECT_EQ(at(all, vrrp_mib, {2, 4, 1, 4, 3, 51}), counter(5));
  EXPECT_EQ(at(all, vrrp_mib, {2, 4, 1, 9, 3, 51}), counter(2));
}

TEST_F(Mib, vrrpv3_mib_has_all_of_them) {
  const Rows all = rows();
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 1, 1, 1, 6, 3, 51, 1}), integer(3));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 1, 1, 1, 6, 3, 53, 2}), integer(2));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 1, 1, 1, 3, 3, 53, 2}), octets(IpAddress::parse("fe80::1")->bytes()));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 1, 1, 1, 9, 3, 53, 2}), integer(50));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 1, 1, 1, 12, 3, 51, 1}), ticks(5.5));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 2, 5, 1, 2, 3, 51, 1}), integer(3));  // the master did not answer
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 2, 5, 1, 5, 3, 51, 1}), counter64(3));
  EXPECT_EQ(at(all, vrrpv3_mib, {1, 2, 5, 1, 13, 3, 53, 2}), gauge(500));
}

TEST_F(Mib, only_what_is_asked_for_is_shown) {
  configuration_.globals.snmp = {.rfc_v3 = true};
  for (const auto& [oid, value] : rows()) EXPECT_EQ(Oid(oid.begin(), oid.begin() + 7), vrrpv3_mib) << to_string(oid);
  configuration_.globals.snmp = {};
  EXPECT_THAT(rows(), IsEmpty());
}

// Of the processor, for rows of so many instances in groups of five; the status has them the other way round.
class ManyInstances : public Mib {
 protected:
  double seconds_for(unsigned count) {
    make(count);
    const std::clock_t start = std::clock();
    all_ = rows();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }
  Rows all_;

 private:
  void make(unsigned count) {
    configuration_.instances.assign(count, configuration().instances[0]);
    configuration_.groups.assign(count / 5, {});
    status_["instances"] = json::array();
    for (unsigned i = 0; i < count; ++i) {
      config::Instance& it = configuration_.instances[i];
      it.name = "V" + std::to_string(i);
      it.interface = "v" + std::to_string(i / 250);
      it.vrid = static_cast<std::uint8_t>(i % 250 + 1);
      configuration_.groups[i / 5].name = "G" + std::to_string(i / 5);
      configuration_.groups[i / 5].members.push_back(it.name);
      const unsigned other = count - 1 - i;
      status_["instances"].push_back({{"name", "V" + std::to_string(other)},
                                      {"state", other % 2 == 0 ? "MASTER" : "BACKUP"},
                                      {"became_master", other},
                                      {"rejected", {{"checksum", 1}}}});
    }
  }
};

TEST_F(ManyInstances, have_rows_of_their_own_and_at_once) {
  constexpr unsigned few = 500;
  constexpr double too_much = 32;  // eight times as many, each looked for among all: 50
  double factor = too_much;
  double needed_for_many = 1e9;
  for (int tries = 0; tries < 8 && factor >= too_much; ++tries) {  // the least, for others take caches away
    const double needed = seconds_for(few);
    needed_for_many = std::min(needed_for_many, seconds_for(8 * few));
    factor = needed_for_many / needed;
  }
  EXPECT_LT(factor, too_much);
  EXPECT_EQ(at(all_, keepalived_mib, {2, 3, 1, 4, 4'000}), integer(1));
  EXPECT_EQ(at(all_, keepalived_mib, {2, 3, 1, 4, 3'999}), integer(2));
  EXPECT_EQ(at(all_, keepalived_mib, {2, 3, 1, 18, 3'999}), text("G799"));
  EXPECT_EQ(at(all_, vrrp_mib, {2, 1, 0}), counter(4'000));
  EXPECT_EQ(at(all_, vrrpv3_mib, {1, 2, 1, 0}), counter64(4'000));
  EXPECT_EQ(at(all_, vrrp_mib, {2, 4, 1, 1, 3, 100}), counter(99));
}

TEST_F(Mib, a_status_that_knows_nothing_still_has_rows) {
  status_ = json::object();
  EXPECT_EQ(at(rows(), keepalived_mib, {2, 3, 1, 4, 1}), integer(4));  // unknown
}

TEST_F(Mib, what_goes_to_the_agent_comes_back_as_it_was) {
  const Shown shown{.rows = rows(), .indices = indices_of(view())};
  EXPECT_EQ(shown_from_json(json::parse(to_json(shown).dump())), shown);
  EXPECT_EQ(rows_from_json(json::parse(R"([["1.3.x","i",2]])")), std::nullopt);
  EXPECT_EQ(rows_from_json(json::parse(R"([["1.3","s","0"]])")), std::nullopt);
  EXPECT_EQ(rows_from_json(json::parse(R"([["1.3","?",0]])")), std::nullopt);
  EXPECT_EQ(shown_from_json(json::object()), std::nullopt);
}

// What keepalived 2.2.7 sends for crafted packets, caught by snmptrapd.
TEST_F(Mib, a_rejected_advert_is_told_where_keepalived_tells_it) {
  const Shown shown{.rows = rows(), .indices = indices_of(view())};
  const Value source{.type = Value::Type::ip_address, .octets = std::string("\x0a\x09\0\x02", 4)};
  EXPECT_THAT(of_rejection("VI_1", "auth_password", "10.9.0.2", shown),
              ElementsAre(Notification{
                  .oid = vrrp_mib + Oid{0, 2},
                  .objects = {{vrrp_mib + Oid{1, 5, 3, 51}, source}, {vrrp_mib + Oid{1, 6, 3, 51}, integer(3)}}}));
  EXPECT_EQ(of_rejection("VI_1", "auth_type_mismatch", "10.9.0.2", shown)[0].objects[1].second, integer(2));
  EXPECT_THAT(of_rejection("VI_6", "checksum", "fe80::2", shown),
              ElementsAre(Notification{.oid = vrrpv3_mib + Oid{0, 2},
                                       .objects = {{vrrpv3_mib + Oid{1, 2, 5, 1, 6, 3, 53, 2}, integer(3)}}}));
  EXPECT_THAT(of_rejection("VI_6", "auth_password", "10.9.0.2", shown), IsEmpty());  // no row of VRRP-MIB
  EXPECT_THAT(of_rejection("VI_1", "interval", "10.9.0.2", shown), IsEmpty());
  EXPECT_THAT(of_rejection("VI_9", "ttl", "10.9.0.2", shown), IsEmpty());
  EXPECT_THAT(of_rejection("VI_1", "auth_password", "nonsense", shown), IsEmpty());
}

TEST_F(Mib, a_new_master_is_told_as_three_mibs_have_it) {
  const auto sent = of_instance("VI_1", "MASTER", {.rows = rows(), .indices = indices_of(view())});
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].oid, keepalived_mib + Oid({2, 10, 0, 2}));
  EXPECT_THAT(sent[0].objects, ElementsAre(std::pair(keepalived_mib + Oid({2, 3, 1, 2}), text("VI_1")),
                                           std::pair(keepalived_mib + Oid({2, 3, 1, 4}), integer(2)),
                                           std::pair(keepalived_mib + Oid({2, 3, 1, 5}), integer(1)),
                                           std::pair(keepalived_mib + Oid({1, 2, 0}), text("box"))));
  EXPECT_EQ(sent[1].oid, vrrp_mib + Oid({0, 1}));
  EXPECT_EQ(sent[2].oid, vrrpv3_mib + Oid({0, 1}));
  ASSERT_EQ(sent[2].objects.size(), 2U);
  EXPECT_EQ(sent[2].objects[1].second, integer(3));
}

TEST_F(Mib, other_states_are_told_by_one) {
  const Shown shown{.rows = rows(), .indices = indices_of(view())};
  EXPECT_EQ(of_instance("VI_1", "FAULT", shown).size(), 1U);
  const auto group = of_group("G", "BACKUP", shown.rows);
  ASSERT_EQ(group.size(), 1U);
  EXPECT_EQ(group[0].oid, keepalived_mib + Oid({2, 10, 0, 1}));
  EXPECT_EQ(group[0].objects.size(), 3U);
  EXPECT_THAT(of_group("G", "BACKUP", {}), IsEmpty());
}

}  // namespace
}  // namespace baton::mib
