#include "process/process_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::process {
namespace {

using ::testing::ElementsAre;

std::optional<ProcessQuery> query(std::vector<std::string> argv) {
  return process_query(argv);
}

TEST(ProcessQuery, killall_0_asks_for_names) {
  EXPECT_THAT(query({"killall", "-0", "nginx"})->names, ElementsAre("nginx"));
  EXPECT_THAT(query({"/usr/bin/killall", "-q", "-0", "nginx", "php-fpm8.2"})->names,
              ElementsAre("nginx", "php-fpm8.2"));
}

TEST(ProcessQuery, killall_with_a_real_signal_is_no_question) {
  EXPECT_EQ(query({"killall", "nginx"}), std::nullopt);
  EXPECT_EQ(query({"killall", "-HUP", "nginx"}), std::nullopt);
}

TEST(ProcessQuery, pidof_asks_for_names) {
  EXPECT_THAT(query({"pidof", "haproxy"})->names, ElementsAre("haproxy"));
}

TEST(ProcessQuery, pgrep_matches_a_part_and_with_x_the_whole_name) {
  EXPECT_TRUE(query({"pgrep", "ngin"})->matches("nginx"));
  EXPECT_FALSE(query({"pgrep", "-x", "ngin"})->matches("nginx"));
  EXPECT_TRUE(query({"pgrep", "-x", "nginx"})->matches("nginx"));
}

TEST(ProcessQuery, the_kernel_keeps_fifteen_bytes_of_a_name) {
  EXPECT_TRUE(query({"killall", "-0", "a-very-long-program-name"})->matches("a-very-long-pro"));
}

TEST(ProcessQuery, a_shell_around_plain_words_is_looked_through) {
  EXPECT_THAT(query({"/bin/sh", "-c", "/usr/bin/killall  -0 nginx"})->names, ElementsAre("nginx"));
  EXPECT_EQ(query({"sh", "-c", "killall -0 nginx || exit 1"}), std::nullopt);
  EXPECT_EQ(query({"sh", "-c", "killall -0 $NAME"}), std::nullopt);
}

TEST(ProcessQuery, what_is_not_understood_is_not_watched) {
  EXPECT_EQ(query({}), std::nullopt);
  EXPECT_EQ(query({"pgrep", "-f", "nginx"}), std::nullopt);
  EXPECT_EQ(query({"pgrep", "ngin."}), query({"pgrep", "ngin."}));
  EXPECT_EQ(query({"pgrep", "^nginx$"}), std::nullopt);
  EXPECT_EQ(query({"killall", "-0", "-u", "www-data"}), std::nullopt);
  EXPECT_EQ(query({"killall", "-0"}), std::nullopt);
  EXPECT_EQ(query({"/usr/local/bin/check.sh", "nginx"}), std::nullopt);
}

}  // namespace
}  // namespace baton::process
