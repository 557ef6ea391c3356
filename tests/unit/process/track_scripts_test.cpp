// Track scripts with real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sched.h>
#include <sys/stat.h>

#include <sstream>

#include "process/track_scripts.h"
#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TrackScript script(std::uint32_t id, std::vector<std::string> argv, Duration interval = 50ms) {
  TrackScript made;
  made.id = id;
  made.name = "script" + std::to_string(id);
  made.command = command(std::move(argv));
  made.interval = interval;
  made.timeout = 10s;
  return made;
}

// The only script there is has ended twice at least, and what there was to say of it has been said.
bool has_run_again(RunnerBench& bench) {
  return bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.script_runs >= 3; }).has_value();
}

TEST(TrackScripts, exit_0_is_up_and_told_once) {
  RunnerBench bench;
  bench.set_scripts({script(1, {"true"})});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_up);
  EXPECT_EQ(result->news, ScriptResult::News::first);
  EXPECT_EQ(result->end, (RunEnd{RunEnd::Kind::exited, 0}));
  ASSERT_TRUE(has_run_again(bench));
  EXPECT_EQ(bench.result(1, 0s), std::nullopt);
}

TEST(TrackScripts, any_other_status_is_down) {
  RunnerBench bench;
  bench.set_scripts({script(1, {"sh", "-c", "exit 3"})});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->end, (RunEnd{RunEnd::Kind::exited, 3}));
  EXPECT_EQ(result->text, "exited with status 3");
}

TEST(TrackScripts, killed_by_a_signal_is_down) {
  RunnerBench bench;
  bench.set_scripts({script(1, {"sh", "-c", "kill -9 $$"})});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->end, (RunEnd{RunEnd::Kind::signalled, 9}));
}

TEST(TrackScripts, rise_and_fall_count_runs) {
  const Folder folder;
  const std::string check = folder.script("check", "test -e " + folder.file("up") + "; status=$?; echo $status >>" +
                                                       folder.file("runs") + "; exit $status");
  TrackScript counted = script(1, {check}, 100ms);
  counted.rise = 3;
  counted.fall = 2;
  std::ofstream(folder.file("up")) << "";
  RunnerBench bench;
  bench.set_scripts({counted});
  ASSERT_TRUE(bench.verdict(1, true));
  std::filesystem::remove(folder.file("up"));
  const auto detail = bench.result(1);  // the first failure: no verdict yet
  ASSERT_TRUE(detail);
  EXPECT_EQ(detail->news, ScriptResult::News::detail);
  EXPECT_TRUE(detail->is_up);
  ASSERT_TRUE(bench.verdict(1, false));
  EXPECT_THAT(folder.text("runs"), HasSubstr("0\n1\n1\n"));
  std::ofstream(folder.file("up")) << "";
  const auto risen = bench.verdict(1, true);
  ASSERT_TRUE(risen);
  EXPECT_EQ(risen->news, ScriptResult::News::changed);
  EXPECT_THAT(folder.text("runs"), HasSubstr("1\n0\n0\n0\n"));
}

TEST(TrackScripts, init_fail_is_down_before_the_first_run_has_ended) {
  RunnerBench bench;
  TrackScript slow = script(1, {"sleep", "5"});
  slow.initial = InitialVerdict::down;
  bench.set_scripts({slow});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->news, ScriptResult::News::known);
  EXPECT_EQ(result->end.kind, RunEnd::Kind::not_run);
}

TEST(TrackScripts, a_missing_script_is_down_and_said_so) {
  RunnerBench bench;
  bench.set_scripts({script(1, {"/nonexistent/check"}), script(2, {"no-such-program-anywhere"})});
  const auto path = bench.result(1);
  ASSERT_TRUE(path);
  EXPECT_FALSE(path->is_up);
  EXPECT_EQ(path->end, (RunEnd{RunEnd::Kind::could_not_run, ENOENT}));
  EXPECT_EQ(path->text, "could not run: cannot execute /nonexistent/check: No such file or directory");
  const auto name = bench.result(2);
  ASSERT_TRUE(name);
  EXPECT_FALSE(name->is_up);
  EXPECT_EQ(name->text, "could not run: no-such-program-anywhere is in none of the directories for programs");
}

TEST(TrackScripts, a_script_that_may_not_be_executed_is_down_and_said_so) {
  const Folder folder;
  std::ofstream(folder.file("check")) << "#!/bin/sh\nexit 0\n";
  RunnerBench bench;
  bench.set_scripts({script(1, {folder.file("check")})});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->end, (RunEnd{RunEnd::Kind::could_not_run, EACCES}));
}

TEST(TrackScripts, fail_open_makes_a_missing_script_up_as_keepalived_does) {
  RunnerBench bench;
  bench.set_scripts({script(1, {"/nonexistent/check"})}, {.security = false, .fail_open = true});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_up);
  EXPECT_EQ(result->end.kind, RunEnd::Kind::could_not_run);
}

TEST(TrackScripts, fail_open_is_no_excuse_for_what_this_machine_lacks) {
  std::vector<TrackScript> scripts;
  for (std::uint32_t id = 0; id < limits::running_scripts; ++id) {
    scripts.push_back(script(id, {"sleep", std::to_string(300 + id)}, 1h));
    scripts.back().timeout = 1h;
  }
  RunnerBench bench;
  bench.set_scripts(scripts);
  scripts.push_back(script(1'000, {"true"}, 1h));
  scripts.back().timeout = 300ms;
  bench.set_scripts(scripts, {.security = false, .fail_open = true});
  const auto result = bench.result(1'000);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->text, "could not run: no slot free, 64 scripts hang");
}

TEST(TrackScripts, a_script_without_shebang_goes_through_the_shell) {
  const Folder folder;
  std::ofstream(folder.file("check")) << "test \"$1\" = \"two words\"\n";
  ::chmod(folder.file("check").c_str(), 0755);
  RunnerBench bench;
  bench.set_scripts({script(1, {folder.file("check"), "two words"})});
  EXPECT_TRUE(bench.verdict(1, true));
}

TEST(TrackScripts, a_hanging_script_that_ignores_term_fails_at_its_timeout_and_is_killed) {
  const Folder folder;
  TrackScript hanging =
      script(1, {"sh", "-c", "trap '' TERM; echo $$ >" + folder.file("pid") + "; while :; do sleep 1; done"}, 10s);
  hanging.timeout = 2s;
  RunnerBench bench;
  const auto start = Clock::now();
  bench.set_scripts({hanging});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->end.kind, RunEnd::Kind::timed_out);
  EXPECT_GE(Clock::now() - start, 2s);
  const pid_t pid = std::stoi(folder.text("pid"));
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0; }));  // SIGKILL after two more seconds
  EXPECT_GE(Clock::now() - start, 4s);
}

// It is killed two seconds after its timeout; the intervals until then are no failures of their own.
TEST(TrackScripts, one_run_that_hangs_is_one_failure) {
  const Folder folder;
  TrackScript hanging = script(1,
                               {"sh", "-c",
                                "trap '' TERM; echo x >>" + folder.file("runs") + "; test $(wc -l <" +
                                    folder.file("runs") + ") = 1 && exit; while :; do sleep 1; done"},
                               300ms);
  hanging.timeout = 2s;
  hanging.fall = 2;
  RunnerBench bench;
  bench.set_scripts({hanging});
  ASSERT_TRUE(bench.verdict(1, true));
  ASSERT_TRUE(bench.verdict(1, false));
  EXPECT_GE(folder.text("runs").size() / 2, 3U) << "one that is well, and two that hang";
}

// A zombie that nobody has reaped yet counts as gone.
bool is_alive(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return !text.empty() && !text.contains(") Z ");
}

TEST(TrackScripts, a_grandchild_that_ignores_term_does_not_outlive_its_timed_out_parent) {
  const Folder folder;
  TrackScript check = script(
      1, {"sh", "-c", "(trap '' TERM; exec sleep 300) & echo $! >" + folder.file("pid") + "; exec sleep 300"}, 1h);
  check.timeout = 2s;
  RunnerBench bench;
  bench.set_scripts({check});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->end.kind, RunEnd::Kind::timed_out);
  EXPECT_TRUE(eventually([&] { return !is_alive(std::stoi(folder.text("pid"))); }, 5s));
}

TEST(TrackScripts, one_that_gets_no_turn_within_its_timeout_is_down) {
  std::vector<TrackScript> scripts;
  for (std::uint32_t id = 0; id < limits::running_scripts; ++id) {
    scripts.push_back(script(id, {"sleep", std::to_string(300 + id)}, 1h));
    scripts.back().timeout = 1h;
  }
  RunnerBench bench;
  bench.set_scripts(scripts);
  TrackScript last = script(1'000, {"true"}, 1h);
  last.timeout = 300ms;
  scripts.push_back(last);
  bench.set_scripts(scripts);
  const auto result = bench.result(1'000);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->text, "could not run: no slot free, 64 scripts hang");
  scripts.erase(scripts.begin());
  bench.set_scripts(scripts);  // a slot is free: its turn comes
  EXPECT_TRUE(bench.verdict(1'000, true));
}

// Three times as many as may run at once, and no turn in time for the last: that says nothing of what they check.
TEST(TrackScripts, too_much_to_do_is_no_failure) {
  constexpr std::uint32_t count = 3 * limits::running_scripts;
  std::vector<TrackScript> scripts;
  for (std::uint32_t id = 1; id <= count; ++id) {
    scripts.push_back(script(id, {"sleep", "1"}, 1h));
    scripts.back().timeout = id <= 2 * limits::running_scripts ? 10s : 1800ms;
    if (id > 2 * limits::running_scripts) scripts.back().command = command({"true"});
  }
  RunnerBench bench;
  bench.set_scripts(scripts);
  for (std::uint32_t id = 1; id <= count; ++id) {
    const auto result = bench.result(id);
    ASSERT_TRUE(result) << id;
    // On a busy machine the time of one that runs may be over.
    EXPECT_TRUE(result->is_up || result->end.kind == RunEnd::Kind::timed_out) << id << ' ' << result->text;
  }
}

// A FIFO that nobody writes, a mount that does not answer.
TEST(TrackScripts, a_file_that_does_not_open_keeps_nobody_else_waiting) {
  const Folder folder;
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  TrackScript hangs = script(1, {"<" + folder.file("fifo")}, 1h);
  hangs.timeout = 300ms;
  RunnerBench bench;
  bench.set_scripts({hangs, script(2, {"true"}, 1h)});
  EXPECT_TRUE(bench.verdict(2, true));
  EXPECT_TRUE(bench.verdict(1, false));
}

TEST(TrackScripts, a_stop_that_reaches_a_check_before_the_runner_is_no_failure) {
  const Folder folder;
  RunnerBench bench;
  bench.set_scripts({script(1, {"sh", "-c", "echo $$ >" + folder.file("pid") + "; exec sleep 300"}, 1h)});
  ASSERT_TRUE(eventually([&] { return folder.text("pid").ends_with('\n'); }));
  const pid_t check = std::stoi(folder.text("pid"));
  bench.signal(SIGSTOP);  // it sees both at once
  ::kill(check, SIGTERM);
  EXPECT_TRUE(eventually([&] { return !is_alive(check); }));
  bench.signal(SIGTERM);
  bench.send(Stop{});
  bench.signal(SIGCONT);
  ASSERT_TRUE(bench.next<Stopped>());
  EXPECT_EQ(bench.result(1, 0s), std::nullopt);
}

TEST(TrackScripts, one_that_still_runs_is_not_started_again) {
  const Folder folder;
  RunnerBench bench;
  const std::string runs = folder.file("runs");  // a directory while it runs
  bench.set_scripts(
      {script(1, {"sh", "-c", "mkdir " + runs + " || echo x >>" + folder.file("beside") + "; sleep 0.3; rmdir " + runs},
              50ms)});
  EXPECT_TRUE(bench.result(1)->is_up);
  ASSERT_TRUE(has_run_again(bench));
  EXPECT_EQ(folder.text("beside"), "");
  const auto counters =
      bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.script_runs_skipped > 0; });
  EXPECT_TRUE(counters);
}

TEST(TrackScripts, the_open_form_asks_whether_the_user_can_open_the_file) {
  const Folder folder;
  std::ofstream(folder.file("secret")) << "";
  ::chmod(folder.file("secret").c_str(), 0600);
  TrackScript as_nobody = script(2, {"<" + folder.file("secret")});
  as_nobody.command.user = "nobody";
  RunnerBench bench;
  bench.set_scripts({script(1, {"<" + folder.file("secret")}), as_nobody, script(3, {"</nonexistent"})});
  EXPECT_TRUE(bench.result(1)->is_up);
  EXPECT_EQ(bench.result(2)->is_up, ::geteuid() != 0);
  EXPECT_FALSE(bench.result(3)->is_up);
}

TEST(TrackScripts, a_child_is_another_user_and_inherits_nothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const Folder folder;
  ::setenv("LD_PRELOAD", "", 1);
  ::setenv("IFS", "x", 1);
  ::setenv("LD_LIBRARY_PATH", "/nowhere", 1);
  ::setenv("KEPT", "yes", 1);
  RunnerBench bench;
  for (const char* name : {"LD_PRELOAD", "IFS", "LD_LIBRARY_PATH", "KEPT"}) ::unsetenv(name);
  TrackScript probe = script(1,
                             {"/usr/bin/python3", "-c",
                              "import os, resource, signal\n"
                              "fds = sorted(int(f) for f in os.listdir('/proc/self/fd'))\n"
                              "out = open('" +
                                  folder.file("probe") +
                                  "', 'w')\n"
                                  "print('uid', os.getresuid(), 'gid', os.getresgid(), 'groups', os.getgroups(),\n"
                                  "  'fds', [f for f in fds if f < 3 and os.readlink(f'/proc/self/fd/{f}') == "
                                  "'/dev/null'], 'more', max(fds) > 3,\n"
                                  "  'group leader', os.getpgid(0) == os.getpid(), 'scheduler', "
                                  "os.sched_getscheduler(0), 'nice', os.nice(0),\n"
                                  "  'blocked', signal.pthread_sigmask(signal.SIG_BLOCK, []), 'hup', "
                                  "signal.getsignal(signal.SIGHUP) == signal.SIG_DFL, 'umask', oct(os.umask(0)),\n"
                                  "  'env', [n for n in ('LD_PRELOAD', 'IFS', 'LD_LIBRARY_PATH', 'KEPT') if n in "
                                  "os.environ], file=out)\n"},
                             10s);
  probe.command.user = "nobody";
  bench.set_scripts({probe});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_up) << result->text;
  const passwd* nobody = ::getpwnam("nobody");
  std::ostringstream expected;
  expected << "uid (" << nobody->pw_uid << ", " << nobody->pw_uid << ", " << nobody->pw_uid << ") gid ("
           << nobody->pw_gid << ", " << nobody->pw_gid << ", " << nobody->pw_gid << ") groups [" << nobody->pw_gid
           << "] fds [0, 1, 2] more False group leader True scheduler 0 nice 0 blocked set() hup True umask 0o177 "
              "env ['KEPT']\n";
  EXPECT_EQ(folder.text("probe"), expected.str());
}

TEST(TrackScripts, an_unknown_user_is_a_script_that_cannot_run) {
  RunnerBench bench;
  TrackScript unknown = script(1, {"true"});
  unknown.command.user = "no-such-user";
  bench.set_scripts({unknown});
  const auto result = bench.result(1);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->text, "could not run: no such user: no-such-user");
}

TEST(TrackScripts, script_security_refuses_what_others_may_change_when_root_would_run_it) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const Folder folder;  // writable by everybody
  const std::string check = folder.script("check", "exit 0");
  TrackScript as_nobody = script(2, {check});
  as_nobody.command.user = "nobody";
  RunnerBench bench;
  TrackScript as_root = script(1, {check});
  as_root.command.user = "root";
  TrackScript safe = script(3, {"/usr/bin/true"});
  safe.command.user = "root";
  bench.set_scripts({as_root, as_nobody, safe, script(4, {"/usr/bin/true"})}, {.security = true, .fail_open = false});
  const auto refused = bench.result(1);
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->is_up);
  EXPECT_EQ(refused->end, (RunEnd{RunEnd::Kind::could_not_run, 0}));
  EXPECT_THAT(refused->text, HasSubstr("would run as root and others may change it"));
  EXPECT_THAT(refused->text, HasSubstr("is writable by everybody"));
  EXPECT_TRUE(bench.result(2)->is_up);
  EXPECT_TRUE(bench.result(3)->is_up);
  const auto nobody_named = bench.result(4);
  ASSERT_TRUE(nobody_named);
  EXPECT_FALSE(nobody_named->is_up);
  EXPECT_THAT(nobody_named->text, HasSubstr("would run as root, which enable_script_security does not allow"));
}

TEST(TrackScripts, without_script_security_it_runs_and_is_warned_of_once) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const Folder folder;
  RunnerBench bench;
  bench.set_scripts({script(1, {folder.script("check", "exit 0")})});
  EXPECT_TRUE(bench.result(1)->is_up);
  EXPECT_TRUE(bench.event("script1: "));
  ASSERT_TRUE(has_run_again(bench));
  EXPECT_EQ(bench.event("script1: ", 0s), std::nullopt);
}

TEST(TrackScripts, a_new_worker_is_told_what_is_known_without_a_new_run) {
  const Folder folder;
  const auto check = script(1, {"sh", "-c", "echo x >>" + folder.file("runs") + "; exit 4"}, 1h);
  RunnerBench bench;
  bench.set_scripts({check});
  ASSERT_TRUE(bench.verdict(1, false));
  bench.worker_dies();
  bench.new_worker();
  TrackScript same = check;
  same.id = 77;  // the worker's numbers are its own
  bench.set_scripts({same});
  const auto result = bench.result(77);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->is_up);
  EXPECT_EQ(result->news, ScriptResult::News::known);
  EXPECT_EQ(result->end, (RunEnd{RunEnd::Kind::exited, 4}));
  EXPECT_EQ(folder.text("runs"), "x\n");
}

TEST(TrackScripts, run_on_while_there_is_no_worker) {
  const Folder folder;
  const auto check = script(1, {"test", "-e", folder.file("up")});
  RunnerBench bench;
  bench.set_scripts({check});
  ASSERT_TRUE(bench.verdict(1, false));
  bench.worker_dies();
  std::ofstream(folder.file("up")) << "";
  bench.new_worker();
  bench.set_scripts({check});
  EXPECT_TRUE(bench.verdict(1, true));
}

TEST(TrackScripts, a_reload_ends_the_running_child_of_a_script_that_is_gone) {
  const Folder folder;
  RunnerBench bench;
  bench.set_scripts({script(1, {"sh", "-c", "echo $$ >" + folder.file("pid") + "; exec sleep 60"}, 1h)});
  ASSERT_TRUE(eventually([&] { return folder.text("pid").ends_with('\n'); }));
  bench.set_scripts({script(2, {"true"})});
  ASSERT_TRUE(bench.verdict(2, true));
  EXPECT_TRUE(eventually([&] { return ::kill(std::stoi(folder.text("pid")), 0) != 0; }));
  bench.set_scripts({script(2, {"true"}), script(3, {"true"})});
  ASSERT_TRUE(bench.verdict(3, true));  // what the child's end had to say has been said before
  EXPECT_EQ(bench.result(1, 0s), std::nullopt);
}

TEST(TrackScripts, a_reload_keeps_the_running_child_of_a_script_that_stays) {
  const Folder folder;
  const auto slow = script(1, {"sh", "-c", "echo x >>" + folder.file("runs") + "; sleep 0.5"}, 1h);
  RunnerBench bench;
  bench.set_scripts({slow});
  ASSERT_TRUE(eventually([&] { return !folder.text("runs").empty(); }));
  bench.set_scripts({slow});
  EXPECT_TRUE(bench.verdict(1, true));
  EXPECT_EQ(folder.text("runs"), "x\n");
}

TEST(TrackScripts, a_thousand_are_run) {
  std::vector<TrackScript> scripts;
  for (std::uint32_t id = 0; id < 1'000; ++id)
    scripts.push_back(script(id, {"/usr/bin/true", std::to_string(id)}, 60s));
  RunnerBench bench;
  bench.set_scripts(scripts);
  for (std::uint32_t id = 0; id < 1'000; ++id) ASSERT_TRUE(bench.verdict(id, true, 240s)) << id;
}

TEST(TrackScripts, too_many_are_refused_and_the_runner_goes_on) {
  RunnerBench bench;
  bench.set_scripts(std::vector(limits::scripts_of_a_runner + 1'000, script(1, {"true"}, 1h)));  // in many messages
  EXPECT_TRUE(bench.event("more than 65536 track scripts"));
  bench.set_scripts({script(2, {"true"})});
  EXPECT_TRUE(bench.verdict(2, true));
}

}  // namespace
}  // namespace baton::process
