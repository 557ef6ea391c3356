// Colours: on a terminal that knows them, for who wants them. What is at the other end is a terminal of the test's own.
#include "cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"

namespace baton::cli {
namespace {

// Standard output is a terminal as long as this lives.
class OnTerminal : public testing::Test {
 protected:
  void SetUp() override {
    (void)std::fflush(stdout);
    terminal_ = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(terminal_ && ::grantpt(terminal_.get()) == 0 && ::unlockpt(terminal_.get()) == 0);
    const UniqueFd end(::open(::ptsname(terminal_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(end);
    before_ = UniqueFd(::dup(STDOUT_FILENO));
    ASSERT_EQ(::dup2(end.get(), STDOUT_FILENO), STDOUT_FILENO);
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
  }
  void TearDown() override {
    ::unsetenv("NO_COLOR");
    (void)::dup2(before_.get(), STDOUT_FILENO);
  }

 private:
  UniqueFd terminal_;
  UniqueFd before_;
};

TEST_F(OnTerminal, colours_are_wanted) {
  EXPECT_TRUE(wants_colours());
}

TEST_F(OnTerminal, whoever_says_no_color_gets_none) {
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(wants_colours());
  ::setenv("NO_COLOR", "", 1);  // no-color.org: an empty one says nothing
  EXPECT_TRUE(wants_colours());
}

TEST_F(OnTerminal, one_that_knows_none_gets_none) {
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(wants_colours());
}

TEST(Terminal, what_is_none_gets_no_colours) {
  testing::internal::CaptureStdout();  // a file
  EXPECT_FALSE(wants_colours());
  (void)testing::internal::GetCapturedStdout();
}

}  // namespace
}  // namespace baton::cli
