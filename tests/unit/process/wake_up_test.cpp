// Checks that wake up: the end and the return of a process are seen long before the next interval.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>

#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// A process with a name of its own, so that tests beside this one are not meant.
class Service {
 public:
  Service() : name_("svc" + std::to_string(::getpid())) {
    std::filesystem::copy_file("/usr/bin/sleep", folder_.file(name_));
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() {
    while (!pids_.empty()) stop();
  }

  const std::string& name() const { return name_; }
  void start() {
    const std::string path = folder_.file(name_);
    std::array<char*, 3> argv{const_cast<char*>(path.c_str()), const_cast<char*>("1000"), nullptr};
    pid_t pid = -1;
    ASSERT_EQ(::posix_spawn(&pid, path.c_str(), nullptr, nullptr, argv.data(), environ), 0);
    pids_.push_back(pid);
  }
  void kill() { ::kill(pids_.back(), SIGKILL); }  // and leave it a zombie
  void reap() {
    ::waitpid(pids_.back(), nullptr, 0);
    pids_.pop_back();
  }
  void stop() {
    kill();
    reap();
  }

 private:
  Folder folder_;
  std::string name_;
  std::vector<pid_t> pids_;
};

TrackScript check(std::vector<std::string> argv) {
  TrackScript made;
  made.id = 1;
  made.name = "chk";
  made.command = command(std::move(argv));
  made.interval = 1h;  // whatever is seen earlier was seen by a wake-up
  made.timeout = 10s;
  return made;
}

// From the deed to the verdict. That it comes at all proves the wake-up, as the next regular run is an hour away; how
// long it takes is a figure for the report, not for a busy machine to fail.
void time_to(RunnerBench& bench, bool is_up, const std::function<void()>& deed) {
  const auto start = Clock::now();
  deed();
  EXPECT_TRUE(bench.verdict(1, is_up));
  const Duration took = Clock::now() - start;
  ::testing::Test::RecordProperty(is_up ? "return_us" : "end_us",
                                  std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

// A killall that writes down how each of its runs ended. The runner knows it by its name.
class NotingKillall {
 public:
  const std::string& path() const { return path_; }
  std::string ends() const { return folder_.text("ends"); }

 private:
  Folder folder_;
  std::string path_ = folder_.script(
      "killall", "/usr/bin/killall \"$@\"\nstatus=$?\necho $status >>" + folder_.file("ends") + "\nexit $status");
};

// Everything that the runner has to say of script 1 so far has come when the verdict of one that begins now has.
bool is_told_down(RunnerBench& bench, const TrackScript& script) {
  TrackScript last = check({"true"});
  last.id = 2;
  bench.set_scripts({script, last});
  EXPECT_TRUE(bench.verdict(2, true));
  return bench.verdict(1, false, 0s).has_value();
}

class WakeUp : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(WakeUp, sees_the_end_and_the_return_of_the_process) {
  Service service;
  service.start();
  std::vector<std::string> argv = GetParam();
  argv.back() += service.name();
  RunnerBench bench;
  bench.set_scripts({check(argv)});
  ASSERT_TRUE(bench.verdict(1, true));
  time_to(bench, false, [&] { service.stop(); });
  time_to(bench, true, [&] { service.start(); });
  time_to(bench, false, [&] { service.stop(); });
}

INSTANTIATE_TEST_SUITE_P(Commands, WakeUp,
                         ::testing::Values(std::vector<std::string>{"killall", "-0", ""},
                                           std::vector<std::string>{"/usr/bin/killall", "-0", ""},
                                           std::vector<std::string>{"pidof", ""},
                                           std::vector<std::string>{"pgrep", "-x", ""},
                                           std::vector<std::string>{"pgrep", ""},
                                           std::vector<std::string>{"sh", "-c", "killall -0 "}));

TEST(WakeUp, the_text_says_why_it_ran) {
  Service service;
  service.start();
  RunnerBench bench;
  bench.set_scripts({check({"killall", "-0", service.name()})});
  ASSERT_TRUE(bench.verdict(1, true));
  service.stop();
  const auto result = bench.verdict(1, false);
  ASSERT_TRUE(result);
  EXPECT_THAT(result->text, HasSubstr("(run at once: " + service.name() + "["));
  EXPECT_THAT(result->text, HasSubstr("] ended)"));
}

TEST(WakeUp, killall_finds_a_zombie_and_is_asked_again_when_it_is_gone) {
  const NotingKillall killall;
  Service service;
  service.start();
  const TrackScript script = check({killall.path(), "-0", service.name()});
  RunnerBench bench;
  bench.set_scripts({script});
  ASSERT_TRUE(bench.verdict(1, true));
  service.kill();
  ASSERT_TRUE(eventually([&] { return killall.ends().starts_with("0\n0\n"); })) << killall.ends();
  EXPECT_FALSE(is_told_down(bench, script));
  time_to(bench, false, [&] { service.reap(); });
}

TEST(WakeUp, the_end_of_one_of_several_is_no_failure) {
  const NotingKillall killall;
  Service service;
  for (int i = 0; i < 3; ++i) service.start();
  const TrackScript script = check({killall.path(), "-0", service.name()});
  RunnerBench bench;
  bench.set_scripts({script});
  ASSERT_TRUE(bench.verdict(1, true));
  for (int i = 0; i < 2; ++i) {
    const std::size_t before = killall.ends().size();
    service.stop();
    ASSERT_TRUE(eventually([&] { return killall.ends().size() > before; }));
  }
  EXPECT_FALSE(killall.ends().contains('1')) << killall.ends();
  EXPECT_FALSE(is_told_down(bench, script));
  time_to(bench, false, [&] { service.stop(); });
}

TEST(WakeUp, fall_still_counts_one_failure_an_interval) {
  Service service;
  for (int i = 0; i < 4; ++i) service.start();
  TrackScript damped = check({"killall", "-0", service.name()});
  damped.interval = 1s;
  damped.fall = 2;
  RunnerBench bench;
  bench.set_scripts({damped});
  ASSERT_TRUE(bench.verdict(1, true));
  for (int i = 0; i < 4; ++i) service.stop();
  const auto first = bench.result(1);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_up);
  EXPECT_TRUE(bench.verdict(1, false));  // by the next regular run
}

TEST(WakeUp, can_be_switched_off) {
  Service service;
  service.start();
  TrackScript plain = check({"killall", "-0", service.name()});
  plain.wake_up = false;
  TrackScript other = check({"killall", "-0", "-q", service.name()});
  other.id = 2;
  RunnerBench bench;
  bench.set_scripts({plain, other});
  ASSERT_TRUE(bench.verdict(1, true));
  ASSERT_TRUE(bench.verdict(2, true));
  service.stop();
  ASSERT_TRUE(bench.verdict(2, false));
  service.start();
  ASSERT_TRUE(bench.verdict(2, true));  // by now the first one's news would have come
  EXPECT_EQ(bench.verdict(1, false, 0s), std::nullopt);
}

// The check's own processes carry the name that is asked for: they must not wake their own check for ever.
TEST(WakeUp, a_check_does_not_wake_itself) {
  const Folder folder;
  std::filesystem::copy_file("/usr/bin/sleep", folder.file("ownname"));
  RunnerBench bench;
  bench.set_scripts({check({"pgrep", "-x", "ownname"})});
  TrackScript looping = check({folder.file("ownname"), "0.01"});
  looping.id = 2;
  looping.interval = 20ms;
  bench.set_scripts({check({"pgrep", "-x", "ownname"}), looping});
  ASSERT_TRUE(bench.verdict(2, true));
  const auto counters = bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.script_runs > 8; });
  ASSERT_TRUE(counters);
  EXPECT_LE(counters->wake_ups, 3U);  // it came up and no process is there to be watched: asked again, once
}

}  // namespace
}  // namespace baton::process
