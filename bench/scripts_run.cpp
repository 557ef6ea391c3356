#include "scripts_run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "accounts.h"
#include "lab/clock.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;

std::string script_configuration(std::size_t scripts) {
  std::string text = "global_defs {\n  vrrp_version 3\n  script_user root\n}\n";
  std::string tracked;
  for (std::size_t i = 1; i <= scripts; ++i) {
    text += fmt::format("vrrp_script chk_{} {{\n  script \"/bin/true\"\n  interval 1\n}}\n", i);
    tracked += fmt::format("    chk_{}\n", i);
  }
  return text + fmt::format(
                    "vrrp_instance VI_1 {{\n  state BACKUP\n  interface lan0\n  virtual_router_id 1\n"
                    "  priority 100\n  advert_int 1\n  track_script {{\n{}  }}\n"
                    "  virtual_ipaddress {{\n    10.0.1.1/32\n  }}\n}}\n",
                    tracked);
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

Duration spent(int who) {
  rusage usage{};
  (void)getrusage(who, &usage);
  return to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
}

// One start and end of /bin/true, ours and its own time, where as many run at once as the machine will: what shares a
// core with another is slower.
Duration price_of_a_start() {
  constexpr int starts = 2'000;
  constexpr int at_once = 64;
  std::array<char, 10> program{"/bin/true"};
  std::array<char*, 2> arguments{program.data(), nullptr};
  const Duration before = spent(RUSAGE_SELF) + spent(RUSAGE_CHILDREN);
  int running = 0;
  for (int i = 0; i < starts; ++i) {
    if (running == at_once && waitpid(-1, nullptr, 0) > 0) --running;
    pid_t pid = 0;
    if (posix_spawn(&pid, program.data(), nullptr, nullptr, arguments.data(), nullptr) == 0) ++running;
  }
  while (running-- > 0) (void)waitpid(-1, nullptr, 0);
  return (spent(RUSAGE_SELF) + spent(RUSAGE_CHILDREN) - before) / starts;
}

// How many processes the machine has ever had: the number of the last one, which nothing has to count.
std::uint64_t last_process(Stage& stage) {
  auto program = stage.machine(Side::here).start({"cat", "/proc/sys/kernel/ns_last_pid"});
  if (!program) return 0;
  std::string text;
  (void)stage.wait_until(
      [&] {
        std::array<char, 32> buffer{};
        const ssize_t size = ::read(program->output.get(), buffer.data(), buffer.size());
        if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
        return text.ends_with('\n');
      },
      2s);
  return std::strtoull(text.c_str(), nullptr, 10);
}

}  // namespace

std::expected<ScriptFigures, std::string> run_scripts(Daemon daemon, std::size_t scripts, const std::string& batond,
                                                      Duration steady) {
  ScriptFigures figures;
  figures.cpu_bare = std::chrono::duration<double>(price_of_a_start()).count() * static_cast<double>(scripts) * 60;
  auto stage = Stage::build(daemon, batond);
  if (!stage) return std::unexpected(to_string(stage.error()));
  if (auto started = (*stage)->start(Side::here, script_configuration(scripts)); !started) {
    return std::unexpected(to_string(started.error()));
  }
  if (!(*stage)->wait_until([&] { return (*stage)->addresses(Side::here) == 1; }, 30s)) {
    return std::unexpected("not MASTER within its bound");
  }
  const auto all = (*stage)->processes(Side::here, lab::Role::everything);
  // A look is a process of its own, and takes its time where a hundred others start: the clock is read right behind
  // each, else the first would count as time in which nothing was run.
  const std::uint64_t first = last_process(**stage);
  const Instant from = lab::now();
  const Duration before = processor_time(all);
  (*stage)->run_for(steady);
  const std::uint64_t last = last_process(**stage);
  const double seconds = std::chrono::duration<double>(lab::now() - from).count();
  figures.cpu_all = std::chrono::duration<double>(processor_time(all) - before).count() / seconds * 60;
  const double wanted = static_cast<double>(scripts) * seconds;
  constexpr double own = 3;  // the looks themselves
  figures.missed = std::max(0.0, 100 * (1 - (static_cast<double>(last - first) - own) / wanted));
  return figures;
}

}  // namespace baton::bench
