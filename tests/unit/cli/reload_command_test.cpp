#include "cli/reload_command.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using nlohmann::json;

TEST(ReloadCommand, reads_a_time_as_people_write_it) {
  EXPECT_EQ(seconds_of("1.5s"), 1.5);
  EXPECT_EQ(seconds_of("2m"), 120);
  EXPECT_EQ(seconds_of("1h"), 3600);
  for (const char* text : {"", "s", "90", "5 m", "5x", "-"}) EXPECT_LT(seconds_of(text), 0) << text;
}

TEST(ReloadCommand, says_what_changes) {
  const json report = {{"result", "dry-run"},
                       {"diagnostics", json::array()},
                       {"problems", json::array()},
                       {"changes",
                        {{{"object", "vrrp_instance V"}, {"keyword", "priority"}, {"before", "100"}, {"after", "150"}},
                         {{"object", "vrrp_instance V"},
                          {"keyword", "virtual_ipaddress"},
                          {"before", nullptr},
                          {"after", "10.0.0.2/32 dev eth0"}},
                         {{"object", "vrrp_instance W"}, {"keyword", ""}, {"before", "W"}, {"after", nullptr}}}},
                       {"kernel", {"ip address add 10.0.0.2/32 dev eth0"}},
                       {"protocol", {{{"instance", "V"}, {"text", "stays MASTER"}}}},
                       {"unchanged", 3}};
  EXPECT_EQ(render_reload(report),
            "configuration:\n"
            "  vrrp_instance V: priority 100 -> 150\n"
            "  vrrp_instance V: + virtual_ipaddress 10.0.0.2/32 dev eth0\n"
            "  - vrrp_instance W\n"
            "kernel:\n"
            "  ip address add 10.0.0.2/32 dev eth0\n"
            "VRRP:\n"
            "  V: stays MASTER\n"
            "instances that notice nothing: 3\n"
            "nothing was done: this was a rehearsal\n");
}

TEST(ReloadCommand, says_why_it_was_refused) {
  const json report = {{"result", "refused"},
                       {"diagnostics",
                        {{{"severity", "error"},
                          {"id", "bad-value"},
                          {"file", "a.conf"},
                          {"line", 3},
                          {"column", 21},
                          {"message", "999 is no VRID"},
                          {"fix", "1 to 255"}}}},
                       {"problems", json::array()}};
  EXPECT_EQ(render_reload(report),
            "a.conf:3:21: error: 999 is no VRID [bad-value]\n"
            "    mend: 1 to 255\n"
            "refused: the configuration before goes on, nothing has changed\n");
}

}  // namespace
}  // namespace baton::cli
