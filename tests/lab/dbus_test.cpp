// What the system bus is told: a bus of the machine's own, two servers with Baton, and busctl and gdbus as anybody uses
// them. Skipped where no dbus-daemon is installed.
#include <gmock/gmock.h>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view bus_config = R"(<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
)";

constexpr std::string_view bus_program = "dbus-daemon --config-file=/run/lab/bus.conf --nofork --nopidfile";
constexpr std::string_view instance_path = "/org/keepalived/Vrrp1/Instance/ens33/50/IPv4";

class DbusTest : public ServedPair {
 protected:
  static bool is_installed() {
    return access("/usr/bin/dbus-daemon", X_OK) == 0 && access("/usr/bin/busctl", X_OK) == 0;
  }
  static void SetUpTestSuite() {
    if (is_installed()) open({.head = "global_defs {\n  enable_dbus\n}\n", .prepare = prepare});
  }
  static void prepare(Lab& lab) {
    for (const NodeId node : {web1, web2}) {
      std::ofstream(lab.machine(node).outside_path("/run/lab/bus.conf")) << bus_config;
      // The listener hears everything from the first moment on.
      Pair::expect_done(lab.start_program(
          node,
          {"sh", "-c",
           fmt::format("mkdir -p /run/dbus; {} & exec 2>/dev/null; until [ -S /run/dbus/system_bus_socket ]; do :; "
                       "done; exec dbus-monitor --system >/run/lab/heard",
                       bus_program)}));
      const std::string heard = lab.machine(node).outside_path("/run/lab/heard");
      EXPECT_TRUE(lab.wait_until([&] { return access(heard.c_str(), F_OK) == 0 && !is_empty(heard); }, 20s));
    }
  }
  static bool is_empty(const std::string& path) {
    struct stat about{};
    return ::stat(path.c_str(), &about) != 0 || about.st_size == 0;
  }
  void SetUp() override {
    if (!is_installed()) GTEST_SKIP() << "dbus-daemon and busctl are not installed (tools/packages test)";
    ServedPair::SetUp();
  }

  // Words of a property, as busctl prints them.
  static std::string state(NodeId node) {
    const auto said = run(
        node,
        fmt::format("busctl get-property org.keepalived.Vrrp1 {} org.keepalived.Vrrp1.Instance State", instance_path));
    return said ? said->text : "";
  }
  // The numbers of VrrpStatusChange in order, among the other signals of ours: "VrrpStarted 1 2".
  static std::string told(NodeId node) {
    std::istringstream text(read_file(node, "/run/lab/heard"));
    std::string result;
    bool is_change = false;
    for (std::string line; std::getline(text, line);) {
      const std::size_t member = line.find("member=Vrrp");
      const std::size_t number = line.find("uint32 ");
      if (is_change && number != line.npos) result += (result.empty() ? "" : " ") + line.substr(number + 7);
      is_change = line.starts_with("signal") && line.contains("member=VrrpStatusChange");
      if (line.starts_with("signal") && member != line.npos && !is_change) {
        result += (result.empty() ? "" : " ") + line.substr(member + 7);
      }
    }
    return result;
  }
  static bool wait_until_told(NodeId node, std::string_view what) {
    return wait([&] { return told(node).ends_with(what); });
  }
};

TEST_F(DbusTest, objects_and_states_are_those_of_keepalived) {
  ASSERT_TRUE(wait([&] { return state(web1) == "(us) 2 \"Master\"\n"; })) << state(web1) << pair().log();
  EXPECT_TRUE(wait([&] { return state(web2) == "(us) 1 \"Backup\"\n"; })) << state(web2) << pair().log();
  const auto tree = run(web1, "busctl tree --list org.keepalived.Vrrp1");
  ASSERT_TRUE(tree);
  EXPECT_THAT(tree->text, HasSubstr(instance_path));
  EXPECT_THAT(tree->text, HasSubstr("/org/keepalived/Vrrp1/Vrrp\n"));
  const auto name =
      run(web1,
          fmt::format("busctl get-property org.keepalived.Vrrp1 {} org.keepalived.Vrrp1.Instance Name", instance_path));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->text, "(s) \"VI_1\"\n");
}

TEST_F(DbusTest, a_stop_and_a_takeover_are_told) {
  ASSERT_TRUE(wait_until_told(web1, "VrrpStarted 1 2")) << told(web1);
  ASSERT_TRUE(wait_until_told(web2, " 1")) << told(web2);
  stop_daemon(web1);
  EXPECT_TRUE(wait_until_told(web1, "1 2 98 VrrpStopped")) << told(web1);
  EXPECT_TRUE(wait_until_told(web2, "1 2")) << told(web2);
}

TEST_F(DbusTest, methods_reload_and_announce) {
  const auto call = [](NodeId node, std::string_view path, std::string_view interface, std::string_view method) {
    return run(node,
               fmt::format("busctl call org.keepalived.Vrrp1 {} org.keepalived.Vrrp1.{} {}", path, interface, method));
  };
  ASSERT_TRUE(wait([&] { return state(web1).contains("Master") && state(web2).contains("Backup"); }));
  const auto announced = call(web1, instance_path, "Instance", "SendGarp");
  ASSERT_TRUE(announced);
  EXPECT_EQ(announced->code, 0) << announced->text;
  const auto refused = call(web2, instance_path, "Instance", "SendGarp");
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->code, 0);
  EXPECT_THAT(refused->text, HasSubstr("BACKUP here"));
  const auto reloaded = call(web1, "/org/keepalived/Vrrp1/Vrrp", "Vrrp", "ReloadConfig");
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(reloaded->code, 0) << reloaded->text;
  EXPECT_TRUE(wait_until_told(web1, "VrrpReloaded")) << told(web1);
}

TEST_F(DbusTest, its_role_has_no_power_over_the_machine) {
  ASSERT_TRUE(wait([&] { return state(web1).contains("Master"); }));
  const auto said = run(web1, "grep -E '^(CapPrm|CapEff|NoNewPrivs)' /proc/$(pgrep -x baton-dbus)/status");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->text, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST_F(DbusTest, a_role_that_was_killed_comes_again_and_says_nothing_twice) {
  start_anew(web1);
  ASSERT_TRUE(wait_until_told(web1, "VrrpStarted 1 2")) << told(web1);
  const Instant begin = now();
  const std::string before = told(web1);
  const auto role = [] {
    for (const ProcessInfo& process : batond_processes(web1)) {
      if (process.name == "baton-dbus") return process.pid;
    }
    return pid_t{0};
  };
  const pid_t old = role();
  ASSERT_GT(old, 0);
  kill(old, SIGKILL);
  ASSERT_TRUE(wait([&] { return role() != old && state(web1).contains("Master"); })) << pair().log();
  // What it has to say of its start it has said before it says anything of a reload.
  const auto reloaded =
      run(web1, "busctl call org.keepalived.Vrrp1 /org/keepalived/Vrrp1/Vrrp org.keepalived.Vrrp1.Vrrp ReloadConfig");
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(reloaded->code, 0) << reloaded->text;
  EXPECT_TRUE(wait_until_told(web1, "VrrpReloaded")) << told(web1);
  EXPECT_EQ(told(web1), before + " VrrpStarted VrrpReloaded");
  expect_no_move_since(begin);
}

}  // namespace
}  // namespace baton::lab
