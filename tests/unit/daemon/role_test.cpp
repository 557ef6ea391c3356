#include "daemon/role.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <set>

#include "daemon/pid_file.h"

namespace baton::daemon {
namespace {

std::string ended(RoleProcess process) {
  pollfd end{.fd = process.pidfd.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&end, 1, 10'000), 1) << "the role did not end within its bound";
  return reap(process);
}

std::set<int> open_descriptors() {
  std::set<int> found;
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') found.insert(std::atoi(entry->d_name));
  }
  found.erase(::dirfd(directory));
  (void)::closedir(directory);
  return found;
}

TEST(Role, its_status_is_what_main_returns) {
  auto role = start_role({.name = "baton-test", .main = [] { return 7; }});
  ASSERT_TRUE(role);
  EXPECT_EQ(ended(std::move(*role)), "exited with status 7");
}

TEST(Role, a_signal_reaches_it) {
  auto role = start_role({.name = "baton-test", .main = [] { return ::pause(); }});
  ASSERT_TRUE(role);
  role->signal(SIGKILL);
  EXPECT_EQ(ended(std::move(*role)), "killed by signal 9 (Killed)");
}

TEST(Role, has_no_descriptors_but_the_standard_ones_and_those_it_is_given) {
  std::array<UniqueFd, 5> opened;
  for (UniqueFd& fd : opened) fd = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int keep[] = {opened[3].get(), -1, opened[1].get()};  // in any order; -1 is none
  const std::set<int> expected{0, 1, 2, opened[1].get(), opened[3].get()};
  auto role =
      start_role({.name = "baton-test", .keep = keep, .main = [&] { return open_descriptors() == expected ? 0 : 1; }});
  ASSERT_TRUE(role);
  EXPECT_EQ(ended(std::move(*role)), "exited with status 0");
}

TEST(Role, begins_with_the_signals_of_a_fresh_program_but_for_those_of_the_guardian) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);  // as a loop with on_signal() has it
  auto role = start_role({.name = "baton-test", .main = [] {
                            sigset_t mask;
                            ::sigprocmask(SIG_SETMASK, nullptr, &mask);
                            if (::sigismember(&mask, SIGTERM) != 0) return 1;
                            // A terminal's Ctrl-C and hang-up go to the whole group; the guardian says what they mean.
                            for (const int number : {SIGINT, SIGHUP, SIGPIPE}) ::raise(number);
                            ::raise(SIGTERM);
                            return 2;
                          }});
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(role);
  EXPECT_EQ(ended(std::move(*role)), "killed by signal 15 (Terminated)");
}

TEST(Role, passes_on_to_the_guardian_what_asks_for_a_file) {
  sigset_t awaited;
  sigset_t before;
  ::sigemptyset(&awaited);
  for (const int number : {SIGUSR1, SIGRTMIN + 2}) ::sigaddset(&awaited, number);
  ::sigprocmask(SIG_BLOCK, &awaited, &before);
  auto role = start_role({.name = "baton-test", .main = [] {
                            ::raise(SIGUSR1);
                            ::raise(SIGRTMIN + 2);
                            return 0;
                          }});
  ASSERT_TRUE(role);
  EXPECT_EQ(ended(std::move(*role)), "exited with status 0");
  const timespec bound{.tv_sec = 10, .tv_nsec = 0};
  for (const int number : {SIGUSR1, SIGRTMIN + 2}) EXPECT_EQ(::sigtimedwait(&awaited, nullptr, &bound), number);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

class PidFileTest : public testing::Test {
 protected:
  std::string directory_ = [] {
    std::string name = testing::TempDir() + "baton-pid-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  std::string path_ = directory_ + "/batond.pid";
  ~PidFileTest() override {
    (void)::unlink(path_.c_str());
    (void)::rmdir(directory_.c_str());
  }
};

TEST_F(PidFileTest, says_who_runs_and_goes_with_its_owner) {
  {
    const auto file = PidFile::create(path_);
    ASSERT_TRUE(file) << file.error().sentence;
    std::array<char, 32> text{};
    const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_GT(::read(fd.get(), text.data(), text.size() - 1), 0);
    EXPECT_EQ(std::string(text.data()), std::to_string(::getpid()) + "\n");
  }
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(PidFileTest, a_second_daemon_is_told_who_holds_it) {
  const auto first = PidFile::create(path_);
  const auto second = PidFile::create(path_);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is_held);
  EXPECT_EQ(second.error().sentence,
            "daemon is already running, pid " + std::to_string(::getpid()) + " (pid file " + path_ + ")");
}

TEST_F(PidFileTest, a_file_left_by_a_dead_daemon_is_taken_over) {
  const UniqueFd left(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_EQ(::write(left.get(), "1234567\n", 8), 8);
  EXPECT_TRUE(PidFile::create(path_));
}

TEST_F(PidFileTest, a_forked_role_does_not_remove_it) {
  auto file = PidFile::create(path_);
  ASSERT_TRUE(file);
  auto role = start_role({.name = "baton-test", .main = [&] {
                            {
                              const PidFile moved = std::move(*file);
                            }
                            return 0;
                          }});
  ASSERT_TRUE(role);
  EXPECT_EQ(ended(std::move(*role)), "exited with status 0");
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
}

TEST_F(PidFileTest, a_link_is_not_followed_and_a_missing_directory_is_an_error) {
  ASSERT_EQ(::symlink("/dev/null", path_.c_str()), 0);
  EXPECT_FALSE(PidFile::create(path_));
  EXPECT_FALSE(PidFile::create(directory_ + "/missing/batond.pid"));
}

}  // namespace
}  // namespace baton::daemon
