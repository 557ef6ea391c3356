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
    for (const char* program : {"/usr/sbin/snmpd", "/usr/sbin/snmptrapd", "/usr/bin/snmpget"}) {
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
  static std::string get(NodeId node, std::string_view tail) {
    return ask(node, "get", fmt::format("{}{}", keepalived_mib, tail));
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
