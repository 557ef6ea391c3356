// What only the whole configuration can tell about scripts and notifications.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/config/loading.h"

namespace baton::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WholeRules, a_member_without_a_word_of_its_own_notifies_priority_changes_as_its_group_does) {
  const std::string group = "vrrp_sync_group G {\ngroup {\nA\nB\n}\nnotify_priority_changes\n}\n" +
                            instance_text("", "A", "51") + instance_text("notify_priority_changes no", "B", "52") +
                            instance_text("", "C", "53");
  const Configuration configuration = load_text(group).configuration;
  EXPECT_EQ(configuration.groups.at(0).notifications.priority_changes, true);
  EXPECT_EQ(configuration.instances.at(0).notifications.priority_changes, true);
  EXPECT_EQ(configuration.instances.at(1).notifications.priority_changes, false);
  EXPECT_EQ(configuration.instances.at(2).notifications.priority_changes, false);
  const LoadResult all = load_text("global_defs {\nvrrp_notify_priority_changes\n}\n" + instance_text(""));
  EXPECT_EQ(all.configuration.instances.at(0).notifications.priority_changes, true);
}

TEST(WholeRules, more_track_scripts_than_the_runner_takes_are_an_error_with_a_place) {
  std::string scripts;
  std::string tracked = "track_script {\n";
  for (std::size_t i = 0; i <= baton::limits::track_scripts; ++i) {
    scripts += "vrrp_script s" + std::to_string(i) + " {\nscript /usr/bin/true\n}\n";
    tracked += "s" + std::to_string(i) + "\n";
  }
  const LoadResult result = load_text(scripts + instance_text(tracked + "}"));
  EXPECT_FALSE(result.ok);
  ASSERT_THAT(ids(result), ElementsAre("too-large"));
  EXPECT_EQ(result.diagnostics[0].place.line, baton::limits::track_scripts * 3 + 1);
}

TEST(WholeRules, a_command_too_long_for_the_runner_is_an_error_with_a_place) {
  const std::string long_word(30'000, 'x');
  const LoadResult script = load_text("vrrp_script s {\nscript \"/usr/bin/true " + long_word + "\"\n}\n" +
                                      instance_text("track_script {\ns\n}"));
  EXPECT_FALSE(script.ok);
  const auto too_large = std::ranges::find(script.diagnostics, "too-large", &Diagnostic::id);
  ASSERT_NE(too_large, script.diagnostics.end());
  EXPECT_EQ(too_large->place.line, 2U);
  EXPECT_FALSE(load_text(instance_text("notify \"/usr/bin/true " + long_word + "\"")).ok);
  std::string many_words;  // each costs more than its byte
  for (int i = 0; i < 6'000; ++i) many_words += " x";
  EXPECT_FALSE(load_text(instance_text("notify \"/usr/bin/true" + many_words + "\"")).ok);
}

TEST(WholeRules, scripts_run_as_keepalived_script_where_nobody_else_is_named) {
  const std::string text = instance_text("notify_master /usr/bin/true");
  EXPECT_EQ(load_text(text).configuration.globals.script_user.user, "keepalived_script");
  EXPECT_EQ(load_text("global_defs {\nscript_user root\n}\n" + text).configuration.globals.script_user.user, "root");
}

TEST(WholeRules, script_security_says_which_commands_nobody_may_run) {
  const auto load_without_account = [](const std::string& global) {
    MemoryFileReader reader(MemoryFileReader::Files{
        {"test.conf", "global_defs {\n" + global + "\n}\n" +
                          instance_text("notify_master /usr/bin/true\nnotify_backup /usr/bin/true root")}});
    reader.has_script_user = false;
    return load("test.conf", reader);
  };
  const LoadResult result = load_without_account("enable_script_security");
  EXPECT_TRUE(result.ok);
  ASSERT_THAT(ids(result), ElementsAre("script-user"));
  EXPECT_EQ(result.diagnostics[0].place.line, 10U);
  EXPECT_EQ(result.diagnostics[0].mend,
            "add script_user NAME to global_defs, or the account keepalived_script to the system");
  EXPECT_THAT(ids(load_without_account("enable_script_security\nscript_user root")), IsEmpty());
  EXPECT_THAT(ids(load_without_account("")), IsEmpty());
}

}  // namespace
}  // namespace baton::config
