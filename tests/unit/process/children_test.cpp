// Deadlines of children. What children are and how they end: program_test.cpp, track_scripts_test.cpp.
#include "process/children.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <optional>

#include "loop/loop.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;

// A machine that stood still: the deadline is over before anybody could see that the child had ended.
TEST(Children, one_that_has_ended_when_its_deadline_is_looked_at_was_in_time) {
  loop::Loop loop;
  Children children(loop);
  std::optional<ChildEnd> ended;
  bool was_late = false;
  const auto started = children.start(
      Program{.path = "/bin/true", .argv = {"true"}}, 1s,
      {.on_end = [&](const ChildEnd& end, Duration) { ended = end; }, .on_deadline = [&] { was_late = true; }});
  ASSERT_TRUE(started);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);  // it has ended, and is not reaped
  children.on_timeout(loop::now() + 2s);
  EXPECT_FALSE(was_late);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->end, (RunEnd{RunEnd::Kind::exited, 0}));
  EXPECT_EQ(children.running(), 0U);
  EXPECT_EQ(children.next_timeout(), std::nullopt);
}

}  // namespace
}  // namespace baton::process
