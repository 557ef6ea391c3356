// vrrp_track_process: what a process is known by, when enough of them run, and how soon it is seen.
#include "process/track_processes.h"

#include <gtest/gtest.h>
#include <spawn.h>

#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using Match = TrackedProcess::Match;

TrackedProcess wanted(std::string process, std::vector<std::string> arguments = {}, Match match = Match::ignore) {
  TrackedProcess made;
  made.id = 9;
  made.name = "p";
  made.process = std::move(process);
  made.arguments = std::move(arguments);
  made.match = match;
  made.full_command = match != Match::ignore;
  return made;
}

bool runs(const TrackedProcess& process, const std::vector<std::string>& argv) {
  return matches(process, "comm", argv);
}

TEST(Matches, the_short_name_of_the_kernel) {
  EXPECT_TRUE(matches(wanted("nginx"), "nginx", {}));
  EXPECT_FALSE(matches(wanted("nginx"), "nginx2", {}));
  EXPECT_TRUE(matches(wanted("a_very_long_name_of_a_process"), "a_very_long_nam", {}));
}

TEST(Matches, the_first_word_of_the_command_line_with_full_command) {
  TrackedProcess process = wanted("/usr/sbin/nginx");
  process.full_command = true;
  EXPECT_TRUE(runs(process, {"/usr/sbin/nginx", "-g", "x"}));
  EXPECT_FALSE(runs(process, {"nginx"}));
  EXPECT_FALSE(runs(process, {}));
}

TEST(Matches, arguments_exactly) {
  const TrackedProcess process = wanted("n", {"-a", "b"}, Match::exact);
  EXPECT_TRUE(runs(process, {"n", "-a", "b"}));
  EXPECT_FALSE(runs(process, {"n", "-a", "b", "c"}));
  EXPECT_FALSE(runs(process, {"n", "-a"}));
}

TEST(Matches, the_first_arguments_when_partial) {
  const TrackedProcess process = wanted("n", {"-a", "b"}, Match::partial);
  EXPECT_TRUE(runs(process, {"n", "-a", "b", "c"}));
  EXPECT_FALSE(runs(process, {"n", "-a", "bc"}));
}

TEST(Matches, the_beginning_of_the_last_argument_when_initial) {
  const TrackedProcess process = wanted("n", {"-a", "b"}, Match::initial);
  EXPECT_TRUE(runs(process, {"n", "-a", "bc"}));
  EXPECT_FALSE(runs(process, {"n", "-ab", "b"}));
}

TEST(Matches, no_argument_when_none_is_allowed) {
  EXPECT_TRUE(runs(wanted("n", {}, Match::none), {"n"}));
  EXPECT_FALSE(runs(wanted("n", {}, Match::none), {"n", "-a"}));
}

constexpr Instant start = Instant(1h);

TEST(Quorum, the_first_count_decides_at_once) {
  ProcessQuorum quorum({.least = 1, .fork_delay = 5s, .terminate_delay = 5s});
  EXPECT_TRUE(quorum.on_count(0, start));
  EXPECT_EQ(quorum.is_up(), false);
}

TEST(Quorum, is_lost_after_the_terminate_delay_and_gained_after_the_fork_delay) {
  ProcessQuorum quorum({.least = 1, .fork_delay = 1s, .terminate_delay = 3s});
  (void)quorum.on_count(1, start);
  EXPECT_FALSE(quorum.on_count(0, start));
  EXPECT_FALSE(quorum.on_timeout(start + 3s - 1ns));
  EXPECT_TRUE(quorum.on_timeout(start + 3s));
  EXPECT_FALSE(quorum.on_count(1, start + 4s));
  EXPECT_TRUE(quorum.on_timeout(start + 5s));
  EXPECT_EQ(quorum.is_up(), true);
}

TEST(Quorum, regained_in_time_was_never_lost) {
  ProcessQuorum quorum({.least = 1, .terminate_delay = 3s});
  (void)quorum.on_count(1, start);
  (void)quorum.on_count(0, start);
  EXPECT_FALSE(quorum.on_count(1, start + 2s));
  EXPECT_EQ(quorum.next_timeout(), std::nullopt);
}

TEST(Quorum, too_many_are_a_failure_after_the_fork_delay) {
  ProcessQuorum quorum({.least = 1, .most = 2, .fork_delay = 1s});
  (void)quorum.on_count(2, start);
  EXPECT_FALSE(quorum.on_count(3, start));
  EXPECT_TRUE(quorum.on_timeout(start + 1s));
  EXPECT_TRUE(quorum.on_count(2, start + 2s));
}

TEST(Quorum, a_most_of_0_wants_none_at_all) {
  ProcessQuorum quorum({.least = 1, .most = 0});
  (void)quorum.on_count(0, start);
  EXPECT_EQ(quorum.is_up(), true);
  EXPECT_TRUE(quorum.on_count(1, start));
}

// A process with a name of its own, so that tests beside this one are not meant.
class TrackedProcesses : public ::testing::Test {
 protected:
  TrackedProcesses() : name_("trk" + std::to_string(::getpid())) {
    std::filesystem::copy_file("/usr/bin/sleep", folder_.file(name_));
  }
  ~TrackedProcesses() override {
    while (!pids_.empty()) kill_one(), reap_one();
  }
  void spawn() {
    const std::string path = folder_.file(name_);
    std::array<char*, 3> argv{const_cast<char*>(path.c_str()), const_cast<char*>("1000"), nullptr};
    pid_t pid = -1;
    ASSERT_EQ(::posix_spawn(&pid, path.c_str(), nullptr, nullptr, argv.data(), environ), 0);
    pids_.push_back(pid);
  }
  void kill_one() { ::kill(pids_.back(), SIGKILL); }
  void reap_one() {
    ::waitpid(pids_.back(), nullptr, 0);
    pids_.pop_back();
  }
  void track(const TrackedProcess& process) {
    bench_.set_scripts({});
    const auto messages = encode_processes({process});
    for (const Bytes& bytes : *messages) bench_.send_bytes(bytes);
  }
  bool is(bool up) {
    return bench_.next<ProcessResult>(patience, [=](const ProcessResult& it) { return it.is_up == up; }).has_value();
  }

  Folder folder_;
  std::string name_;
  std::vector<pid_t> pids_;
  RunnerBench bench_;
};

TEST_F(TrackedProcesses, are_seen_to_begin_and_to_end) {
  track(wanted(name_));
  EXPECT_TRUE(is(false));
  spawn();
  EXPECT_TRUE(is(true));
  kill_one();  // and leave it a zombie: it has ended
  EXPECT_TRUE(is(false));
  reap_one();
  spawn();
  EXPECT_TRUE(is(true));
}

TEST_F(TrackedProcesses, are_counted) {
  TrackedProcess two = wanted(name_);
  two.quorum = 2;
  spawn();
  track(two);
  EXPECT_TRUE(is(false));
  spawn();
  EXPECT_TRUE(is(true));
  kill_one();
  reap_one();
  EXPECT_TRUE(is(false));
}

TEST_F(TrackedProcesses, are_known_by_their_command_line) {
  spawn();
  track(wanted(folder_.file(name_), {"10"}, Match::initial));
  EXPECT_TRUE(is(true));
  track(wanted(folder_.file(name_), {"10"}, Match::exact));
  EXPECT_TRUE(is(false));
}

TEST_F(TrackedProcesses, known_to_the_runner_are_no_news_to_the_next_worker) {
  spawn();
  track(wanted(name_));
  EXPECT_TRUE(is(true));
  bench_.new_worker();
  track(wanted(name_));
  const auto result = bench_.next<ProcessResult>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->news, ScriptResult::News::known);
}

}  // namespace
}  // namespace baton::process
