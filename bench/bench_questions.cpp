// What it costs to ask: how soon the operator's tool answers, what a screen and a stream of events that stay open take
// of a core, and how late adverts are while nobody and while many ask. Judges nothing.
#include <fcntl.h>
#include <pty.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "accounts.h"
#include "advert_capture.h"
#include "base/result.h"
#include "command_line/command_line.h"
#include "lab/clock.h"
#include "lab/sandbox.h"
#include "stage.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;
using lab::Role;
using Words = std::vector<std::string>;

struct Options {
  std::string programs;  // the folder of baton and batond
  std::size_t instances = 1000;
  std::size_t watched = 100;
  int runs = 15;
  double steady = 20;
};

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// A program that we started and that ends before this object does.
class Running {
 public:
  explicit Running(const Words& words) {
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    if (::posix_spawnp(&pid_, arguments[0], &actions, &attributes, const_cast<char* const*>(arguments.data()),
                       environ) != 0)
      pid_ = 0;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (pid_ == 0) return;
    (void)::kill(-pid_, SIGKILL);
    (void)wait();
  }
  pid_t pid() const { return pid_; }
  bool wait() {
    int status = 0;
    const bool ended = ::waitpid(std::exchange(pid_, 0), &status, 0) > 0;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = 0;
};

// A program that stays on a terminal of its own, of 100 by 40, which we read as a person would.
class OnTerminal {
 public:
  explicit OnTerminal(const Words& words) {
    winsize size{.ws_row = 40, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    int terminal = -1;
    pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (pid_ == 0) {
      (void)::setenv("TERM", "xterm-256color", 1);
      std::vector<char*> arguments;
      for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      (void)::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    terminal_.reset(terminal);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal() {
    if (pid_ <= 0) return;
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  int fd() const { return terminal_.get(); }

 private:
  pid_t pid_ = 0;
  UniqueFd terminal_;
};

class Bench {
 public:
  Bench(Stage& stage, const Options& options) : stage_(stage), options_(options) {}

  Words baton(std::initializer_list<std::string> words) const {
    Words all{options_.programs + "/baton"};
    all.insert(all.end(), words);
    all.emplace_back("--socket");
    all.push_back(stage_.machine(Side::here).outside_path("/run/baton/control.sock"));
    return all;
  }

  // The middle one of several runs, in between which an answer gets stale.
  void print_wall_time(const std::string& title, const Words& words, const char* wanted = "") {
    std::vector<double> times;
    for (int i = 0; i < options_.runs; ++i) {
      const Instant begin = lab::now();
      Running program(words);
      if (!program.wait()) return fmt::print("{:44}failed\n", title);
      times.push_back(milliseconds(lab::now() - begin));
      stage_.run_for(300ms);
    }
    std::ranges::sort(times);
    fmt::print("{:44}{:8.1f} ms, {:.1f} to {:.1f}  {}\n", title, times[times.size() / 2], times.front(), times.back(),
               wanted);
    std::fflush(stdout);
  }

  double percent_of_a_core(const std::vector<pid_t>& processes) {
    const Duration before = processor_time(processes);
    const Instant from = lab::now();
    stage_.run_for(steady());
    return 100 * std::chrono::duration<double>(processor_time(processes) - before) / (lab::now() - from);
  }
  double daemon_alone() { return percent_of_a_core(daemon()); }

  void print_share(const std::string& title, pid_t client, double alone) {
    const Duration client_before = processor_time({client});
    const Instant from = lab::now();
    const double with_client = percent_of_a_core(daemon());
    const double own =
        100 * std::chrono::duration<double>(processor_time({client}) - client_before) / (lab::now() - from);
    fmt::print("{:44}{:8.2f} % of a core itself, {:.2f} % more for the daemon  < 1\n", title, own, with_client - alone);
    std::fflush(stdout);
  }

  void print_gaps(const std::string& title, Duration interval, const char* wanted) {
    auto capture = stage_.machine(Side::there).network().inside([] { return AdvertCapture::open(); });
    if (!capture) return fmt::print("{:44}{}\n", title, to_string(capture.error()));
    const auto token = stage_.reactor().watch(capture->fd(), EPOLLIN, [&](std::uint32_t) { capture->read(); });
    const Instant from = lab::now();
    stage_.run_for(steady());
    capture->read();
    const GapDeviation gaps = capture->gaps(interval, from, lab::now());
    stage_.reactor().unwatch(token);
    fmt::print("{:44}{:8.2f} ms off at p99, {:.2f} at most, {} missed  {}\n", title, milliseconds(gaps.p99),
               milliseconds(gaps.longest), gaps.missed, wanted);
    std::fflush(stdout);
  }

 private:
  std::vector<pid_t> daemon() const { return stage_.processes(Side::here, Role::everything); }
  Duration steady() const { return std::chrono::round<Duration>(std::chrono::duration<double>(options_.steady)); }

  Stage& stage_;
  const Options& options_;
};

SysResult<std::unique_ptr<Stage>> serving(const Options& options, const Scale& scale) {
  constexpr Duration bound = 30s;
  auto stage = TRY(Stage::build(Daemon::batond, options.programs + "/batond"));
  TRY_VOID(stage->start(Side::here, configuration(scale, 100)));
  if (!stage->wait_until([&] { return stage->addresses(Side::here) == scale.instances; }, bound))
    return std::unexpected(SysError{.operation = "become MASTER", .code = ETIMEDOUT});
  stage->run_for(6s);  // the second burst of announcements has passed
  return stage;
}

SysResult<void> answers(const Options& options) {
  const Scale scale{.instances = options.instances, .interval = 1s};
  const auto stage = TRY(serving(options, scale));
  Bench bench(*stage, options);
  fmt::print("{} instances, advert_int 1\n", scale.instances);
  bench.print_wall_time("/bin/true", {"/bin/true"});
  bench.print_wall_time("baton --version", {options.programs + "/baton", "--version"});
  bench.print_wall_time("baton status", bench.baton({"status"}), "20");
  bench.print_wall_time("baton status VI_5", bench.baton({"status", "VI_5"}));
  bench.print_wall_time("baton why VI_5", bench.baton({"why", "VI_5"}));
  bench.print_wall_time("baton status --json", bench.baton({"status", "--json"}));
  return {};
}

SysResult<void> screens(const Options& options) {
  const Scale scale{.instances = options.watched, .interval = 1s};
  const auto stage = TRY(serving(options, scale));
  Bench bench(*stage, options);
  fmt::print("\n{} instances, advert_int 1\n", scale.instances);
  const double alone = bench.daemon_alone();
  fmt::print("{:44}{:8.2f} % of a core\n", "the daemon, when nobody asks", alone);
  {
    Running stream(bench.baton({"events", "--follow"}));
    bench.print_share("baton events --follow", stream.pid(), alone);
  }
  OnTerminal watch(bench.baton({"watch"}));
  const auto token = stage->reactor().watch(watch.fd(), EPOLLIN, [&](std::uint32_t) {
    std::array<char, 65536> seen{};
    (void)!::read(watch.fd(), seen.data(), seen.size());
  });
  bench.print_share("baton watch", watch.pid(), alone);
  stage->reactor().unwatch(token);
  return {};
}

SysResult<void> lateness(const Options& options) {
  const Scale scale{.instances = options.watched, .interval = 100ms};
  const auto stage = TRY(serving(options, scale));
  Bench bench(*stage, options);
  fmt::print("\n{} instances, advert_int 0.1\n", scale.instances);
  bench.print_gaps("gaps, when nobody asks", scale.interval, "");
  const Words ask = bench.baton({"status", "--all"});
  const std::string again =
      fmt::format("for i in $(seq 100000); do {} {} {} --socket {}; done", ask[0], ask[1], ask[2], ask.back());
  Running first({"sh", "-c", again});
  bench.print_gaps("while one asks again and again", scale.interval, "< 1 more");
  return {};
}

int main(int argc, char** argv) {
  command_line::Program program{"What it costs to ask a running batond."};
  Options options;
  std::error_code ignored;  // without /proc there is no lab either
  options.programs = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
  program.add_option("--instances", options.instances, "of whom the questions are asked").between(1, 4000);
  program.add_option("--watched", options.watched, "instances on the screen").between(1, 4000);
  program.add_option("--runs", options.runs, "of each question").between(1, 999);
  program.add_option("--steady", options.steady, "seconds for which shares and gaps are measured").between(1, 600);
  if (const auto code = program.parse(argc, argv)) return *code;
  const auto code = lab::run_in_sandbox([&] {
    for (const auto& part : {answers, screens, lateness}) {
      const auto done = part(options);
      if (!done) return fmt::print(stderr, "bench_questions: {}\n", to_string(done.error())), 1;
    }
    return 0;
  });
  if (code) return *code;
  fmt::print(stderr, "bench_questions: {}\n", to_string(code.error()));
  return 1;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
