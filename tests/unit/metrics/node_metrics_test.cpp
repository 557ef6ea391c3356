// What is scraped, from a status as docs/status.md has it.
#include "metrics/node_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace baton::metrics {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json status() {
  return json::parse(R"({
    "node":"web1","version":"1.2.3","at":1000.5,"configuration_read":900,"confirm_until":null,
    "worker":{"answers":true,"restarts":2,"handovers":{"done":1,"failed":0},"announcements_lost":8,
              "lateness":{"bounds":[0.001,0.01],"counts":[5,2,1],"sum":0.25}},
    "reloads":{"carried_out":3,"refused":1,"failed":0},"limits_hit":{"api_slow_clients":4},
    "instances":[{"name":"VI_1","interface":"eth0","vrid":50,"version":2,"family":"IPv4","state":"MASTER","since":950.25,
      "priority":{"effective":110,"base":100,"parts":[]},"holds_addresses":true,"became_master":1,"released_master":0,
      "adverts":{"sent":7,"failed":0,"accepted":2,"priority_zero_sent":0,"priority_zero_accepted":1,"unlike_addresses":0},
      "rejected":{"ttl":3},"two_owners":{"adverts":5,"announcements":6,"last":null}}],
    "groups":[{"name":"G","state":"MASTER","members":["VI_1"]}],
    "scripts":[{"name":"chk","status":"down","text":"","interval":2,"timeout":1.5,"last_duration":0.25,
      "runs":{"success":4,"failure":2,"timeout":1,"could_not_run":3},"durations":{"bounds":[0.1,1],"counts":[4,2,1],"sum":2.5}},{"name":"new","status":"not known yet","text":""}],
    "processes":[{"name":"nginx","status":"up"}],
    "bfd":{"spoken":true,"rejected":{"ttl":4},"sessions":[{"name":"gw","state":"Down","counts_as_up":true,"failures":2,
      "packets":{"sent":9,"accepted":8}}]},
    "checks":[{"name":"web","status":"down","checked":true},{"name":"new","status":"not known yet","checked":false}]})");
}

TEST(NodeMetrics, say_what_the_status_says) {
  const std::string text = node_metrics(status(), 1001, Format::prometheus);
  for (const char* line : {"baton_build_info{version=\"1.2.3\"} 1\n",
                           "baton_check_up{check=\"web\"} 0\n",
                           "baton_check_made{check=\"web\"} 1\n",
                           "baton_check_made{check=\"new\"} 0\n",
                           "baton_bfd_spoken 1\n",
                           "baton_bfd_session_up{session=\"gw\"} 0\n",
                           "baton_bfd_session_counts_as_up{session=\"gw\"} 1\n",
                           "baton_bfd_session_failures_total{session=\"gw\"} 2\n",
                           "baton_bfd_packets_sent_total{session=\"gw\"} 9\n",
                           "baton_bfd_packets_accepted_total{session=\"gw\"} 8\n",
                           "baton_bfd_packets_rejected_total{reason=\"ttl\"} 4\n",
                           "baton_worker_up 1\n",
                           "baton_worker_restarts_total 2\n",
                           "baton_state_age_seconds 0.5\n",
                           "baton_instance_state{vrrp_instance=\"VI_1\",state=\"MASTER\"} 1\n",
                           "baton_instance_state{vrrp_instance=\"VI_1\",state=\"BACKUP\"} 0\n",
                           "baton_instance_priority{vrrp_instance=\"VI_1\"} 110\n",
                           "baton_instance_state_since_timestamp_seconds{vrrp_instance=\"VI_1\"} 950.25\n",
                           "baton_adverts_sent_total{vrrp_instance=\"VI_1\"} 7\n",
                           "baton_adverts_rejected_total{vrrp_instance=\"VI_1\",reason=\"ttl\"} 3\n",
                           "baton_second_masters_total{vrrp_instance=\"VI_1\"} 5\n",
                           "baton_strange_announcements_total{vrrp_instance=\"VI_1\"} 6\n",
                           "baton_announcements_lost_total 8\n",
                           "baton_reloads_total{result=\"refused\"} 1\n",
                           "baton_timer_lateness_seconds_bucket{le=\"0.001\"} 5\n",
                           "baton_timer_lateness_seconds_bucket{le=\"+Inf\"} 8\n",
                           "baton_timer_lateness_seconds_count 8\n",
                           "baton_script_up{script=\"chk\"} 0\n",
                           "baton_script_runs_total{script=\"chk\",result=\"timeout\"} 1\n",
                           "baton_script_runs_total{script=\"chk\",result=\"success\"} 4\n",
                           "baton_script_duration_seconds_bucket{script=\"chk\",le=\"1\"} 6\n",
                           "baton_script_duration_seconds_count{script=\"chk\"} 7\n",
                           "baton_script_duration_seconds_sum{script=\"chk\"} 2.5\n",
                           "baton_script_timeout_seconds{script=\"chk\"} 1.5\n",
                           "baton_script_interval_seconds{script=\"chk\"} 2\n",
                           "baton_process_up{process=\"nginx\"} 1\n",
                           "baton_group_state{group=\"G\",state=\"MASTER\"} 1\n",
                           "# TYPE baton_adverts_sent_total counter\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("script=\"new\""))) << "nothing is known of it";
}

TEST(NodeMetrics, of_a_dead_worker_never_show_a_master) {
  json dead = status();
  dead["worker"] = {{"answers", false}, {"restarts", 2}};
  const std::string text = node_metrics(dead, 1001, Format::prometheus);
  EXPECT_THAT(text, HasSubstr("baton_worker_up 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("MASTER")));
}

TEST(NodeMetrics, in_OpenMetrics_a_family_has_no_suffix_and_the_text_an_end) {
  const std::string text = node_metrics(status(), 1001, Format::openmetrics);
  EXPECT_THAT(text, HasSubstr("# TYPE baton_adverts_sent counter\n"));
  EXPECT_THAT(text, HasSubstr("baton_adverts_sent_total{vrrp_instance=\"VI_1\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE baton_build info\n"));
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

TEST(NodeMetrics, names_of_any_bytes_keep_the_text_whole) {
  json odd = status();
  odd["instances"][0]["name"] = "a\"b\\c\nd\x01\xff}";
  const std::string text = node_metrics(odd, 1001, Format::prometheus);
  EXPECT_THAT(text, HasSubstr(R"(vrrp_instance="a\"b\\c\nd?�}")"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with("#") || line.starts_with("baton_")) << line;
  }
}

TEST(NodeMetrics, names_are_those_of_the_status_in_any_language) {
  json named = status();
  named["instances"][0]["name"] = "büro";
  EXPECT_THAT(node_metrics(named, 1001, Format::prometheus), HasSubstr("vrrp_instance=\"büro\""));
}

TEST(NodeMetrics, no_family_comes_twice) {
  std::istringstream lines(node_metrics(status(), 1001, Format::prometheus));
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE")) continue;
    EXPECT_TRUE(seen.insert(line).second) << line;
  }
  EXPECT_GT(seen.size(), 25U);
}

TEST(KeepalivedMetrics, have_the_names_of_both_exporters) {
  const json dump = json::parse(R"([{"data":{"iname":"VI_1","ifp_ifname":"eth0","vrid":50,"state":2,
    "vips":["10.0.0.1/24 dev eth1 scope global set"]},"stats":{"advert_sent":7,"become_master":1}}])");
  const std::string text = keepalived_metrics(dump, status()["scripts"]);
  for (const char* line :
       {"keepalived_up 1\n",
        "keepalived_advertisements_sent_total{iname=\"VI_1\",intf=\"eth0\",vrid=\"50\",state=\"MASTER\"} 7\n",
        "keepalived_vrrp_advert_sent{name=\"VI_1\",intf=\"eth0\",vrid=\"50\",state=\"MASTER\"} 7\n",
        "keepalived_vrrp_state{iname=\"VI_1\",intf=\"eth1\",vrid=\"50\",ip_address=\"10.0.0.1/24\"} 2\n",
        "keepalived_script_status{name=\"chk\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_EQ(keepalived_metrics(json(), json::array()),
            "# HELP keepalived_up 1 where there is something to tell.\n"
            "# TYPE keepalived_up gauge\nkeepalived_up 0\n");
}

}  // namespace
}  // namespace baton::metrics
