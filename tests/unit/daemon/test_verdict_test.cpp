// What keepalived 2.2.7 -t ended with for the same files.
#include "daemon/test_verdict.h"

#include <gtest/gtest.h>

#include "unit/config/loading.h"

namespace baton::daemon {
namespace {

using config::instance_text;

int code_of(const std::string& text, const config::LoadOptions& options = {}) {
  return keepalived_test_code(config::load_text(text, options), false, options.include_check);
}

const std::string secure = "global_defs {\nenable_script_security\nscript_user root\n}\n";
const std::string script = "vrrp_script s {\nscript \"/usr/bin/true\"\n}\n";
const std::string tracked = "track_script {\ns\n}\n";

TEST(TestVerdict, is_0_for_a_clean_file) {
  EXPECT_EQ(code_of(instance_text("")), 0);
  EXPECT_EQ(code_of(""), 0);
  EXPECT_EQ(code_of(secure + script + instance_text(tracked)), 0);
}

TEST(TestVerdict, is_5_for_what_is_reported) {
  EXPECT_EQ(code_of(instance_text("nonsense")), 5);
  EXPECT_EQ(code_of(instance_text("state MASTER\npriority 100\nnopreempt")), 5);
  EXPECT_EQ(code_of("vrrp_instance A {\ninterface eth0\n}\n"), 5);
  EXPECT_EQ(keepalived_test_code(config::load_text(instance_text("")), true, false), 5);
}

TEST(TestVerdict, is_2_where_a_value_is_missing) {
  EXPECT_EQ(code_of(instance_text("state")), 2);
  EXPECT_EQ(code_of(instance_text("nonsense\npriority")), 2);
  EXPECT_EQ(code_of(script + instance_text(tracked + "state")), 2);
}

TEST(TestVerdict, is_6_for_scripts_without_script_security) {
  EXPECT_EQ(code_of(script + instance_text(tracked)), 6);
  EXPECT_EQ(code_of(script + instance_text(tracked + "nonsense")), 6);
  EXPECT_EQ(code_of(script + instance_text("")), 6);  // nobody tracks it
  EXPECT_EQ(code_of(instance_text("notify \"/usr/bin/true\"")), 6);
  EXPECT_EQ(code_of(secure + instance_text("notify \"/usr/bin/true\"")), 0);
}

TEST(TestVerdict, is_6_for_an_include_that_must_not_fail) {
  EXPECT_EQ(code_of("include /nowhere.conf\n" + instance_text("")), 0);
  EXPECT_EQ(code_of("includem /nowhere.conf\n" + instance_text("nonsense")), 6);
  EXPECT_EQ(code_of("include /nowhere.conf\n" + instance_text(""), {.include_check = true}), 6);
}

TEST(TestVerdict, without_a_file_is_0_and_4_where_includes_are_checked) {
  config::MemoryFileReader reader;
  const config::LoadResult none = config::load("none.conf", reader);
  EXPECT_EQ(keepalived_test_code(none, false, false), 0);
  EXPECT_EQ(keepalived_test_code(none, false, true), 4);
}

}  // namespace
}  // namespace baton::daemon
