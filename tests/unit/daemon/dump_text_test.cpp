// The files that monitoring around keepalived reads. What is expected here was written by keepalived 2.2.7 for the same
// configuration, but for the counters of auth_hmac and the masked password.
#include "daemon/dump_text.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "daemon/dump_file.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string configuration = R"(
global_defs {
  router_id me
  enable_script_security
  script_user root
}
vrrp_script chk { 
  script "/usr/bin/true"
  weight 5
}
vrrp_instance VI_1 {
  state MASTER
  interface v0
  virtual_router_id 51
  priority 100
  advert_int 1
  authentication { 
    auth_type PASS
    auth_pass 1234
  }
  virtual_ipaddress { 
    10.0.0.1/24 
    10.0.0.2/32 dev v0 label v0:1
  }
  virtual_ipaddress_excluded { 
    10.0.1.1/24
    fd00::9/64
  }
  track_interface { 
    v1 weight 3
  }
  track_script { 
    chk
  }
  notify_master "/usr/bin/true m"
  notify /usr/bin/true
  smtp_alert
}
vrrp_instance VI_3 {
  interface v1
  virtual_router_id 53
  priority 90
  nopreempt
  advert_int 0.5
  version 3
  unicast_src_ip 10.1.0.100
  unicast_peer { 
    10.1.0.2
  }
  virtual_ipaddress { 
    10.1.0.1
  }
  notify_master_rx_lower_pri /usr/bin/true
}
)";

json master() {
  return {{"name", "VI_1"},
          {"state", "MASTER"},
          {"since", 1795739149.1400211},
          {"holds_addresses", true},
          {"priority", {{"effective", 105}}},
          {"master", nullptr},
          {"adverts",
           {{"sent", 3},
            {"accepted", 5},
            {"priority_zero_sent", 1},
            {"priority_zero_accepted", 2},
            {"unlike_addresses", 4}}},
          {"became_master", 1},
          {"released_master", 0},
          {"rejected",
           {{"ttl", 6},
            {"packet_length", 7},
            {"truncated", 1},
            {"checksum", 50},
            {"auth_password", 8},
            {"hmac_stale", 9}}}};
}

json backup() {
  return {{"name", "VI_3"},
          {"state", "BACKUP"},
          {"since", 1795739145.0},
          {"holds_addresses", false},
          {"priority", {{"effective", 90}}},
          {"master", {{"address", "10.1.0.2"}, {"priority", 200}, {"advert_int", 2.0}}},
          {"adverts", json::object()},
          {"rejected", json::object()}};
}

json status() {
  return {{"version", "1.2.3"},
          {"instances", {master(), backup()}},
          {"groups", {{{"name", "G"}, {"state", "BACKUP"}, {"members", {"VI_3"}}}}},
          {"scripts", {{{"name", "chk"}, {"status", "up"}}}},
          {"processes", json::array()}};
}

// ---- .stats

TEST(DumpText, statistics_as_keepalived_writes_them) {
  EXPECT_EQ(stats_text({{"instances", {master()}}}), R"(VRRP Instance: VI_1
  Advertisements:
    Received: 5
    Sent: 3
  Became master: 1
  Released master: 0
  Packet Errors:
    Length: 8
    TTL: 6
    Invalid Type: 0
    Advertisement Interval: 0
    Address List: 4
  Authentication Errors:
    Invalid Type: 0
    Type Mismatch: 0
    Failure: 8
  Priority Zero:
    Received: 2
    Sent: 1
)");
}

// ---- .json

TEST(DumpText, json_as_keepalived_writes_it) {
  const std::string text = json_text(setup_of(configuration), status());
  const std::string first =
      R"([{"data":{"iname":"VI_1","dont_track_primary":0,"skip_check_adv_addr":0,"strict_mode":0,"vmac_ifname":"",)"
      R"("ifp_ifname":"v0","master_priority":0,"last_transition":1795739149.140021,"garp_delay":5,"garp_refresh":0,)"
      R"("garp_rep":5,"garp_refresh_rep":1,"garp_lower_prio_delay":5,"garp_lower_prio_rep":5,"lower_prio_no_advert":0,)"
      R"("higher_prio_send_advert":0,"vrid":51,"base_priority":100,"effective_priority":105,"vipset":true,)"
      R"("promote_secondaries":false,"adver_int":1,"master_adver_int":1,"accept":1,"nopreempt":false,)"
      R"("preempt_delay":0,"state":2,"wantstate":2,"version":2,"smtp_alert":true,"notify_deleted":false,)"
      R"("script_master":"'\/usr\/bin\/true' 'm'","script":"'\/usr\/bin\/true'",)"
      R"("vips":["10.0.0.1\/24 dev v0 scope global set","10.0.0.2 dev v0 scope global label v0:1 set"],)"
      R"("evips":["10.0.1.1\/24 dev v0 scope global set","fd00::9\/64 dev v0 scope global preferred_lft forever set"],)"
      R"("track_ifp":["v1"],"track_script":["'\/usr\/bin\/true'"],"auth_type":1,"auth_data":"****"},)"
      R"("stats":{"advert_rcvd":5,"advert_sent":3,"become_master":1,"release_master":0,"packet_len_err":8,)"
      R"("advert_interval_err":0,"ip_ttl_err":6,"invalid_type_rcvd":0,"addr_list_err":4,"invalid_authtype":0,)"
      R"("authtype_mismatch":0,"auth_failure":8,"auth_ext_missing":0,"auth_ext_malformed":0,"auth_ext_unknown_key":0,)"
      R"("auth_ext_invalid_hmac":0,"auth_ext_stale":9,"auth_ext_replay":0,"pri_zero_rcvd":2,"pri_zero_sent":1}},)";
  const std::string second =
      R"({"data":{"iname":"VI_3","dont_track_primary":0,"skip_check_adv_addr":0,"strict_mode":0,"vmac_ifname":"",)"
      R"("ifp_ifname":"v1","master_priority":200,"last_transition":1795739145,"garp_delay":5,"garp_refresh":0,)"
      R"("garp_rep":5,"garp_refresh_rep":1,"garp_lower_prio_delay":5,"garp_lower_prio_rep":5,"lower_prio_no_advert":0,)"
      R"("higher_prio_send_advert":0,"vrid":53,"base_priority":90,"effective_priority":90,"vipset":false,)"
      R"("promote_secondaries":false,"adver_int":0.5,"master_adver_int":2,"accept":1,"nopreempt":true,)"
      R"("preempt_delay":0,"state":1,"wantstate":1,"version":3,"smtp_alert":false,"notify_deleted":false,)"
      R"("script_master_rx_lower_pri":"'\/usr\/bin\/true'","vips":["10.1.0.1 dev v1 scope global"],"auth_type":0},)";
  ASSERT_THAT(text, StartsWith(first));
  EXPECT_THAT(text.substr(first.size()), StartsWith(second));
  EXPECT_TRUE(text.ends_with("}}]\n"));
}

TEST(DumpText, the_second_version_of_the_json_is_an_object) {
  const std::string processes = R"(
vrrp_track_process web { 
  process nginx
  quorum 2
}
vrrp_instance V { 
  interface v0
  virtual_router_id 1
  virtual_ipaddress { 
    10.0.0.1
  }
  track_process { 
    web
  }
}
)";
  json now = status();
  now["instances"] = {{{"name", "V"}, {"state", "FAULT"}}};
  now["processes"] = {{{"name", "web"}, {"status", "up"}}};
  const json version2 = json::parse(json_text(setup_of("global_defs {\njson_version 2\n}\n" + processes), now));
  const json version1 = json::parse(json_text(setup_of(processes), now));
  EXPECT_EQ(version2["vrrp"], version1);
  EXPECT_EQ(version1[0]["data"]["state"], 3);
  EXPECT_EQ(version1[0]["data"]["track_process"], json::array({"web"}));
  EXPECT_EQ(version2["track_process"][0]["process"], "nginx");
  EXPECT_EQ(version2["track_process"][0]["min_processes"], 2);
  EXPECT_EQ(version2["track_process"][0]["have_quorum"], true);
}

TEST(DumpText, without_an_instance_there_is_no_json) {
  json nothing = status();
  nothing["instances"] = json::array();
  EXPECT_EQ(json_text(setup_of(configuration), nothing), "");
}

// ---- .data

TEST(DumpText, data_has_the_lines_that_exporters_read) {
  const std::string text = data_text(setup_of(configuration), status());
  for (const char* line :
       {"\n VRRP Instance = VI_1\n", "\n   State = MASTER\n", "\n   Wantstate = MASTER\n", "\n   Interface = v0\n",
        "\n   Gratuitous ARP delay = 5\n", "\n   Virtual Router ID = 51\n",
        "\n   Last transition = 1795739149.140021 (",
        "\n   Virtual IP (2):\n     10.0.0.1/24 dev v0 scope global set\n     10.0.0.2 dev v0",
        "\n VRRP Sync Group = G, BACKUP\n", "\n VRRP Script = chk\n", "\n   Status = GOOD\n   State = idle\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("1234"))) << "the password";
}

// One exporter takes an instance to end at the first line of it without '='.
TEST(DumpText, in_data_the_lists_stand_behind_the_values) {
  const std::string text = data_text(setup_of(configuration), status());
  const std::size_t begin = text.find("VRRP Instance = VI_1");
  const std::size_t end = text.find(" VRRP Instance = VI_3");
  const std::string instance = text.substr(begin, end - begin);
  bool in_lists = false;
  std::istringstream lines(instance);
  for (std::string line; std::getline(lines, line);) {
    const bool is_value = line.find('=') != std::string::npos;
    EXPECT_FALSE(in_lists && is_value) << line;
    in_lists = in_lists || !is_value;
  }
  EXPECT_TRUE(in_lists);
}

TEST(DumpText, an_address_with_every_word) {
  const daemon::Setup setup = setup_of(R"(
vrrp_instance V { 
  interface v0
  virtual_router_id 51
  use_vmac
  virtual_ipaddress { 
    10.0.0.1/24 brd + scope link no_track
    10.0.0.2/32 brd 10.0.0.255 noprefixroute
    10.0.0.3 peer 10.5.0.1
    10.0.0.4/24 dev v1 scope host use_vmac
  }
  virtual_ipaddress_excluded { 
    fd00::1/64 -nodad home
    fd00::2/64 mngtmpaddr autojoin
    fd00::3/128 preferred_lft 100
    fe80::1
  }
}
)");
  std::vector<std::string> texts;
  for (const config::VirtualAddress& address : setup.routers[0].addresses) {
    texts.push_back(dump_text(setup, address, texts.empty()));
  }
  EXPECT_THAT(texts, testing::ElementsAre("10.0.0.1/24 brd 10.0.0.255 dev vrrp.51@v0 scope link no_track set",
                                          "10.0.0.2 brd 10.0.0.255 dev vrrp.51@v0 scope global noprefixroute",
                                          "10.0.0.3 dev vrrp.51@v0 scope global peer 10.5.0.1/32",
                                          "10.0.0.4/24 dev vrrp1.51@v1 use_vmac scope host",
                                          "fd00::1/64 dev v0 scope global home -nodad preferred_lft forever",
                                          "fd00::2/64 dev v0 scope global mngtmpaddr autojoin preferred_lft forever",
                                          "fd00::3 dev v0 scope global preferred_lft 100",
                                          "fe80::1 dev v0 scope global deprecated"));
}

// ---- the files

class DumpFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "baton-dump-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string directory_;
};

TEST_F(DumpFile, is_replaced_as_a_whole_with_its_mode) {
  const std::string path = directory_ + "/keepalived.json";
  ASSERT_TRUE(replace_file(path, "a long first text", 0600));
  ASSERT_TRUE(replace_file(path, "short", 0644));
  EXPECT_EQ(content(path), "short");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1) << "something else is left there";
}

TEST_F(DumpFile, a_link_in_its_place_is_not_followed) {
  const std::string victim = directory_ + "/victim";
  const std::string path = directory_ + "/keepalived.data";
  ASSERT_TRUE(replace_file(victim, "precious", 0600));
  ASSERT_EQ(::symlink(victim.c_str(), path.c_str()), 0);
  ASSERT_TRUE(replace_file(path, "data", 0600));
  EXPECT_EQ(content(victim), "precious");
  EXPECT_EQ(content(path), "data");
  EXPECT_FALSE(std::filesystem::is_symlink(path));
}

TEST_F(DumpFile, what_cannot_be_written_is_said_and_leaves_nothing) {
  const std::string path = directory_ + "/folder";
  ASSERT_TRUE(std::filesystem::create_directory(path));
  const auto written = replace_file(path, "text", 0600);
  ASSERT_FALSE(written);
  EXPECT_THAT(to_string(written.error()), HasSubstr(path));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(DumpFile, stands_where_the_configuration_or_tmpdir_says) {
  config::Dumps dumps;
  EXPECT_EQ(dump_path(Dump::data, dumps, "/tmp"), "/tmp/keepalived.data");
  EXPECT_EQ(dump_path(Dump::stats_clear, dumps, "/tmp"), "/tmp/keepalived.stats");
  dumps.json_file = "/run/x.json";
  dumps.stats_file = "x.stats";
  EXPECT_EQ(dump_path(Dump::json, dumps, "/tmp"), "/run/x.json");
  EXPECT_EQ(dump_path(Dump::stats, dumps, "/tmp"), "/tmp/x.stats");
  ASSERT_EQ(::setenv("TMPDIR", directory_.c_str(), 1), 0);
  EXPECT_EQ(temporary_directory(), directory_);
  for (const char* useless : {"relative", "/there/is/none", ""}) {
    ASSERT_EQ(::setenv("TMPDIR", useless, 1), 0);
    EXPECT_EQ(temporary_directory(), "/tmp") << useless;
  }
  ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace baton::daemon
