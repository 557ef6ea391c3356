#include "cli/status_render.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json instance(const char* name, const char* state) {
  return {{"name", name},
          {"state", state},
          {"leaving", false},
          {"since", 1000.0},
          {"priority", {{"effective", 100}, {"base", 100}}},
          {"master", nullptr},
          {"addresses", {{{"address", "10.0.0.1"}}}},
          {"addresses_not_shown", 0},
          {"faults", json::array()}};
}

json status_of(json::array_t instances) {
  return {{"node", "web1"},
          {"version", "1.2.3"},
          {"pid", 17},
          {"configuration", "/etc/baton/baton.conf"},
          {"worker", {{"answers", true}, {"restarts", 0}}},
          {"instances", std::move(instances)},
          {"groups", json::array()},
          {"scripts", json::array()}};
}

std::string render_table(const json& status, double now, bool colour) {
  StatusTable table(now, colour);
  for (const json& instance : status.at("instances")) table.add(instance);
  return table.text(status);
}

TEST(StatusTable, is_a_line_an_instance) {
  json backup = instance("VI_long_name", "BACKUP");
  backup["master"] = {{"address", "10.0.0.2"}};
  backup["priority"] = {{"effective", 90}, {"base", 100}};
  backup["addresses_not_shown"] = 2;
  json fault = instance("C", "FAULT");
  fault["faults"] = {"chk failed", "interface eth0 is down or missing"};
  EXPECT_EQ(render_table(status_of({instance("A", "MASTER"), backup, fault}), 1060, false),
            "web1  batond 1.2.3 (pid 17)  /etc/baton/baton.conf\n"
            "3 instances: 1 MASTER, 1 BACKUP, 1 FAULT\n"
            "\n"
            "NAME          STATE   FOR    PRIORITY       MASTER      ADDRESSES\n"
            "A             MASTER  1 min  100            this node   10.0.0.1\n"
            "VI_long_name  BACKUP  1 min  90 (base 100)  10.0.0.2    10.0.0.1 +2\n"
            "C             FAULT   1 min  100            none heard  10.0.0.1     chk failed, and 1 more\n");
}

TEST(Status, tells_of_bfd_sessions) {
  json status = status_of({});
  EXPECT_THAT(render_status(status, 1060, false), Not(HasSubstr("BFD")));
  const json up{{"name", "gateway"}, {"neighbor", "192.0.2.1"}, {"state", "Up"}, {"since", 1000.0}, {"text", ""}};
  const json down{{"name", "far"}, {"neighbor", nullptr}, {"state", "Down"}, {"since", 1050.0}, {"text", "not up yet"}};
  status["bfd"] = {{"spoken", true}, {"sessions", {up, down}}, {"rejected", json::object()}};
  const std::string text = render_status(status, 1060, false);
  EXPECT_THAT(text, HasSubstr("gateway  Up  BFD with 192.0.2.1 for 1 min\n"));
  EXPECT_THAT(text, HasSubstr("far  Down  BFD with no neighbour for 10.0 s: not up yet\n"));
  EXPECT_THAT(text, Not(HasSubstr("nobody speaks")));
  status["bfd"]["spoken"] = false;
  EXPECT_THAT(render_status(status, 1060, false), HasSubstr("nobody speaks BFD now"));
}

TEST(StatusTable, colours_do_not_move_a_column) {
  const std::string painted = render_table(status_of({instance("A", "MASTER")}), 1060, true);
  EXPECT_THAT(painted, HasSubstr("\033[1;32mMASTER\033[0m  1 min"));
}

TEST(StatusTable, a_dead_worker_is_told_first) {
  json status = status_of({instance("A", "MASTER")});
  status["worker"]["answers"] = false;
  EXPECT_THAT(render_table(status, 1060, false), HasSubstr("the VRRP worker does not answer"));
}

TEST(StatusTable, a_name_from_outside_does_nothing_to_a_terminal) {
  EXPECT_THAT(render_table(status_of({instance("A\x1b[2J", "MASTER")}), 1060, false), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace baton::cli
