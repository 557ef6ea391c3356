// What SNMP managers see: a machine's own snmpd and snmptrapd, an AgentX socket, and Baton beside them. Skipped where
// they are not installed.
#include <gmock/gmock.h>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view snmpd_config = R"(agentAddress udp:127.0.0.1:1161
rocommunity public 127.0.0.1
rwcommunity secret 127.0.0.1
master agentx
agentXSocket unix:/run/lab/agentx
trap2sink 127.0.0.1:1162 public
)";
constexpr std::string_view trapd_config = "snmpTrapdAddr udp:127.0.0.1:1162\nauthCommunity log public\n";
constexpr std::string_view head = R"(global_defs {
  enable_snmp_vrrp
  enable_snmp_rfc
  enable_traps
  snmp_socket unix:/run/lab/agentx
}
)";
constexpr std::string_view keepalived_mib = ".1.3.6.1.4.1.9586.100.5";

class SnmpTest : public ServedPair {
 protected:
  static bool is_installed() {
    for (const char* program : {"/usr/sbin/snmpd", "/usr/sbin/snmptrapd", "/usr/bin/snmpget", "/usr/bin/snmpset"}) {
      if (access(program, X_OK) != 0) return false;
    }
    return access(BATON_SNMP_PROGRAM, X_OK) == 0;
  }
  static void SetUpTestSuite() {
    if (is_installed()) open({.head = std::string(head), .prepare = prepare});
  }
  static void prepare(Lab& lab) {
    for (const NodeId node : {web1, web2}) {
      std::ofstream(lab.machine(node).outside_path("/run/lab/snmpd.conf")) << snmpd_config;
      std::ofstream(lab.machine(node).outside_path("/run/lab/trapd.conf")) << trapd_config;
      const auto start = [&](const std::string& command) {
        Pair::expect_done(lab.start_program(
            node, {"sh", "-c", "export MIBS= SNMP_PERSISTENT_DIR=/run/lab/snmp; exec " + command + " 2>/dev/null"}));
      };
      start("snmptrapd -f -n -On -Lf /run/lab/traps -C -c /run/lab/trapd.conf -p /run/lab/trapd.pid");
      start("snmpd -f -Lf /run/lab/snmpd.log -C -c /run/lab/snmpd.conf -p /run/lab/snmpd.pid");
      const std::string socket = lab.machine(node).outside_path("/run/lab/agentx");
      EXPECT_TRUE(lab.wait_until([&] { return access(socket.c_str(), F_OK) == 0; }, 20s));
    }
  }
  void SetUp() override {
    if (!is_installed()) GTEST_SKIP() << "snmpd, snmptrapd, snmp or baton-snmp are missing (tools/packages test)";
    ServedPair::SetUp();
  }

  // What a manager is answered: `get` or `walk`.
  static std::string ask(NodeId node, std::string_view how, const std::string& oid) {
    const auto said = run(node, fmt::format("MIBS= snmp{} -v2c -c public -Onq -t 3 127.0.0.1:1161 {}", how, oid));
    return said ? said->text : "";
  }
  // What snmpset prints with the community that may write.
  static std::string set(NodeId node, const std::string& bindings) {
    const auto said = run(node, fmt::format("MIBS= snmpset -v2c -c secret -Onq -t 3 127.0.0.1:1161 {} 2>&1", bindings));
    return said ? said->text : "";
  }
  static std::string get(NodeId node, std::string_view tail) {
    return ask(node, "get", fmt::format("{}{}", keepalived_mib, tail));
  }
  // The one number below an OID.
  static std::uint64_t get_counter(NodeId node, const std::string& oid) {
    const std::string said = ask(node, "walk", oid);
    return said.contains(' ') ? std::strtoull(said.c_str() + said.rfind(' '), nullptr, 10) : 0;
  }
  static bool shows_state(NodeId node, int state) {
    return wait([&] { return get(node, ".2.3.1.4.1").ends_with(fmt::format(".4.1 {}\n", state)); }, 20s);
  }
};

TEST_F(SnmpTest, the_three_mibs_say_who_is_master) {
  ASSERT_TRUE(shows_state(web1, 2)) << get(web1, ".2.3.1.4.1") << pair().log();
  ASSERT_TRUE(shows_state(web2, 1)) << get(web2, ".2.3.1.4.1");
  EXPECT_THAT(get(web1, ".2.3.1.2.1"), HasSubstr("\"VI_1\""));
  const std::string all = ask(web1, "walk", std::string(keepalived_mib));
  EXPECT_THAT(all, HasSubstr(".2.3.1.7.1 200\n"));
  EXPECT_THAT(all, HasSubstr(".2.6.1.3.1.1 \"0A 00 14 64 \"\n"));
  EXPECT_THAT(all, HasSubstr(".2.6.1.10.1.1 1\n"));
  const std::string v2 = ask(web1, "walk", ".1.3.6.1.2.1.68");
  EXPECT_THAT(v2, testing::ContainsRegex(R"(\.68\.1\.3\.1\.3\.[0-9]+\.50 3)"));
  const std::string v3 = ask(web2, "walk", ".1.3.6.1.2.1.207");
  EXPECT_THAT(v3, testing::ContainsRegex(R"(\.207\.1\.1\.1\.1\.6\.[0-9]+\.50\.1 2)"));
}

// Debian's keepalived 2.2.7 answers the same.
TEST_F(SnmpTest, what_cannot_be_written_is_refused_as_keepalived_does) {
  ASSERT_TRUE(shows_state(web1, 2));
  const std::string instance = std::string(keepalived_mib) + ".2.3.1";
  EXPECT_THAT(set(web1, instance + ".7.1 i 0"), HasSubstr("wrongValue"));
  EXPECT_THAT(set(web1, instance + ".7.1 i 256"), HasSubstr("wrongValue"));
  EXPECT_THAT(set(web1, instance + ".7.1 s x"), HasSubstr("wrongType"));
  EXPECT_THAT(set(web1, instance + ".7.9 i 100"), HasSubstr("notWritable"));
  EXPECT_THAT(set(web1, instance + ".13.1 i 3"), HasSubstr("wrongValue"));
  EXPECT_THAT(set(web1, instance + ".28.1 i 1"), HasSubstr("notWritable"));
  EXPECT_THAT(set(web1, instance + ".7.1 i 60 " + instance + ".13.1 i 7"), HasSubstr("wrongValue"));
  EXPECT_THAT(set(web1, ".1.3.6.1.2.1.68.1.2.0 i 2"), HasSubstr("notWritable"));
  EXPECT_THAT(ask(web1, "set", instance + ".7.1 i 60"), HasSubstr("noAccess"));  // the community that may only read
  EXPECT_THAT(get(web1, ".2.3.1.7.1"), HasSubstr(".7.1 200"));
}

TEST_F(SnmpTest, a_base_priority_that_is_set_moves_the_address_and_outlives_a_worker_but_no_reload) {
  ASSERT_TRUE(shows_state(web1, 2) && shows_state(web2, 1));
  const std::string instance = std::string(keepalived_mib) + ".2.3.1";
  EXPECT_THAT(set(web1, instance + ".7.1 i 20 " + instance + ".13.1 i 2"), HasSubstr(".7.1 20\n"));
  EXPECT_THAT(get(web1, ".2.3.1.7.1") + get(web1, ".2.3.1.13.1"), testing::ContainsRegex("7.1 20\n.*13.1 2\n"));
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(shows_state(web1, 1));

  const pid_t before = kill_worker(web1);
  ASSERT_TRUE(wait_for_other_worker(web1, before));
  EXPECT_TRUE(wait([&] { return get(web1, ".2.3.1.8.1").ends_with(".8.1 20\n"); })) << get(web1, ".2.3.1.8.1");
  EXPECT_THAT(get(web1, ".2.3.1.7.1"), HasSubstr(".7.1 20"));

  signal(web1, Role::guardian, SIGHUP);
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_TRUE(wait([&] { return get(web1, ".2.3.1.7.1").ends_with(".7.1 200\n"); }));
  EXPECT_THAT(get(web1, ".2.3.1.13.1"), HasSubstr(".13.1 1"));
}

// Both are MASTER then, and take no notice of each other.
TEST_F(SnmpTest, adverts_that_fail_authentication_are_trapped_once_and_not_each) {
  ASSERT_TRUE(shows_state(web1, 2) && shows_state(web2, 1));
  write_file(web1, "/run/lab/traps", "");
  std::string other = read_file(web2, config_path(web2));
  const std::string vrid = "virtual_router_id 50\n";
  ASSERT_TRUE(other.contains(vrid)) << other;
  other.replace(other.find(vrid), vrid.size(), vrid + "  authentication {\n    auth_type PASS\n    auth_pass x\n  }\n");
  configure(web2, other);
  signal(web2, Role::guardian, SIGHUP);
  const auto traps = [] {
    std::string text = read_file(web1, "/run/lab/traps");
    std::erase(text, '\0');  // it was emptied under who writes it
    return text;
  };
  const auto failures = [] { return get_counter(web1, ".1.3.6.1.2.1.68.2.4.1.11"); };
  ASSERT_TRUE(wait([&] { return failures() >= 4; }, 20s)) << failures() << pair().log();
  EXPECT_TRUE(wait([&] { return traps().contains(".1.3.6.1.2.1.68.0.2"); })) << traps();
  EXPECT_THAT(traps(), testing::ContainsRegex("68\\.1\\.6\\.[0-9]+\\.50 = INTEGER: 2"));
  EXPECT_THAT(traps(), testing::ContainsRegex("68\\.1\\.5\\.[0-9]+\\.50 = IpAddress: 10\\.0\\."));
  const std::string all = traps();
  EXPECT_EQ(all.find(".68.0.2"), all.rfind(".68.0.2")) << all;
}

TEST_F(SnmpTest, a_takeover_is_trapped) {
  ASSERT_TRUE(shows_state(web1, 2) && shows_state(web2, 1));
  write_file(web2, "/run/lab/traps", "");
  stop_daemon(web1);
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  const auto traps = [] { return read_file(web2, "/run/lab/traps"); };
  EXPECT_TRUE(wait([&] { return traps().contains(".1.3.6.1.2.1.207.0.1"); })) << traps();
  EXPECT_THAT(traps(), HasSubstr(".1.3.6.1.4.1.9586.100.5.2.10.0.2"));
  EXPECT_THAT(traps(), HasSubstr("100.5.2.3.1.4 = INTEGER: 2"));
  EXPECT_THAT(traps(), HasSubstr(".1.3.6.1.2.1.68.0.1"));
  EXPECT_TRUE(shows_state(web2, 2));
}

}  // namespace
}  // namespace baton::lab
