// Accounts that no local file knows: the child that needs one looks it up, and nobody waits for the directory service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "loop/loop.h"
#include "process/children.h"
#include "process/powerless.h"
#include "process/program.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class UserLookUp : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: becomes somebody else";
  }
  // How a command ends whose user the database has to be asked for.
  ChildEnd run_unresolved(const notify::Command& command, const ScriptRules& rules = {}) {
    Program program{.argv = command.argv};
    program.unresolved = {.command = command, .rules = rules, .search_path = "/usr/bin:/bin"};
    std::optional<ChildEnd> ended;
    const auto child = children_.start(program, 10s, {.on_end = [&](const ChildEnd& end, Duration) { ended = end; }});
    EXPECT_TRUE(child);
    return wait_for(ended);
  }
  ChildEnd wait_for(const std::optional<ChildEnd>& ended) {
    const Instant give_up = loop::now() + 20s;
    while (!ended && loop::now() < give_up) loop_.turn(100ms);
    EXPECT_TRUE(ended);
    return ended.value_or(ChildEnd{});
  }

  loop::Loop loop_;
  Users users_;
  Children children_{loop_, &users_};
};

TEST_F(UserLookUp, of_local_accounts_asks_nobody) {
  const auto nobody = users_.find({"nobody", {}}, Users::Groups::own);
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->user, 65'534U);
  EXPECT_THAT(nobody->groups, ElementsAre(nobody->group));
  EXPECT_EQ(users_.find({"65534", "daemon"}, Users::Groups::own)->user, 65'534U);
  EXPECT_EQ(users_.find({"nobody", "daemon"}, Users::Groups::own)->group, 1U);
  EXPECT_EQ(users_.find({"nobody", "1"}, Users::Groups::own)->group, 1U);
  EXPECT_EQ(users_.find({"nobody", {}}, Users::Groups::all), std::nullopt);  // the database knows more groups
  EXPECT_EQ(users_.find({"no-such-user", {}}, Users::Groups::own), std::nullopt);
}

// In a small image of a container.
TEST_F(UserLookUp, of_nobody_where_no_file_knows_the_name_is_not_root) {
  EXPECT_EQ(powerless(users_).user, 65'534U);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool has_no_names = ::unshare(CLONE_NEWNS) == 0 &&
                              ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                              ::mount("/dev/null", "/etc/passwd", nullptr, MS_BIND, nullptr) == 0;
    if (!has_no_names) ::_exit(2);
    ::_exit(powerless(users_) == Credentials{.user = 65'534, .group = 65'534, .groups = {}} ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(UserLookUp, by_the_child_that_needs_it_is_remembered) {
  const notify::Command command{.argv = {"sh", "-c", "test $(id -u) = 65534"}, .user = "nobody", .group = {}};
  const auto before = resolve(command, {.supplementary_groups = true}, "/usr/bin:/bin", users_);
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->unresolved);
  const ChildEnd end = run_unresolved(command, {.supplementary_groups = true});
  EXPECT_TRUE(end.end.is_success()) << end.report;
  const auto after = resolve(command, {.supplementary_groups = true}, "/usr/bin:/bin", users_);
  ASSERT_TRUE(after);
  EXPECT_FALSE(after->unresolved);
  EXPECT_EQ(after->credentials.user, 65'534U);
}

TEST_F(UserLookUp, that_fails_is_told_and_tried_again_the_next_time) {
  const notify::Command command{.argv = {"/bin/true"}, .user = "no-such-user", .group = {}};
  for (int time = 0; time < 2; ++time) {
    EXPECT_TRUE(resolve(command, {}, "/bin", users_)->unresolved);
    const ChildEnd end = run_unresolved(command);
    EXPECT_EQ(end.end, (RunEnd{RunEnd::Kind::could_not_run, 0}));
    EXPECT_EQ(end.report, "no such user: no-such-user");
  }
}

TEST_F(UserLookUp, in_the_child_changes_no_rule) {
  const ChildEnd end = run_unresolved({.argv = {"/no/such/program"}, .user = "nobody", .group = {}});
  EXPECT_EQ(end.end, (RunEnd{RunEnd::Kind::could_not_run, ENOENT}));
  EXPECT_THAT(end.report, HasSubstr("/no/such/program"));
}

TEST_F(UserLookUp, may_be_all_that_a_child_is_for) {
  std::optional<ChildEnd> ended;
  ASSERT_TRUE(children_.start_look_up({"nobody", "daemon"}, 10s,
                                      {.on_end = [&](const ChildEnd& end, Duration) { ended = end; }}));
  EXPECT_TRUE(wait_for(ended).learned);
  EXPECT_EQ(users_.find({"nobody", "daemon"}, Users::Groups::all)->group, 1U);
}

}  // namespace
}  // namespace baton::process
