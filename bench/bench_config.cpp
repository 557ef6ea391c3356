// What a large configuration costs: processor time and memory of `batond -t` on 10 MB, 26,000 vrrp_script and as many
// vrrp_instance, and on the same size within Baton's limits, where nothing is refused and the plan of the daemon is
// made as well. Judges nothing.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/result.h"
#include "base/sys_error.h"
#include "command_line/command_line.h"

namespace baton::bench {
namespace {

struct Shape {
  std::string name;
  std::string title;
  unsigned scripts = 0;
  unsigned instances = 0;
  unsigned addresses = 1;         // of each instance
  unsigned excluded = 0;          // of each instance
  std::string_view extra_line{};  // in each instance
};

// Counts as the issue of keepalived users has them; `scale` divides them for a program that takes too long.
std::vector<Shape> shapes(unsigned scale) {
  constexpr unsigned objects = 26'000;
  constexpr auto most_scripts = static_cast<unsigned>(limits::track_scripts);
  constexpr auto most_instances = static_cast<unsigned>(limits::routers);
  return {
      {.name = "objects",
       .title = "as many scripts as instances",
       .scripts = objects / scale,
       .instances = objects / scale},
      {.name = "mistakes",
       .title = "the same, a misspelt word in each instance",
       .scripts = objects / scale,
       .instances = objects / scale,
       .extra_line = "    prioritty 100\n"},
      {.name = "limits",
       .title = "the most that Baton runs, nothing refused",
       .scripts = most_scripts / scale,
       .instances = most_instances / scale,
       .addresses = 4,
       .excluded = 12},
  };
}

std::string address(unsigned number) {
  return fmt::format("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
}

// No mistake in it but `extra_line`; interfaces need not be there for a test.
void write_configuration(const Shape& shape, std::ostream& out) {
  for (unsigned index = 0; index < shape.scripts; ++index) {
    out << fmt::format(
        "vrrp_script check_{0} {{\n    script \"/usr/bin/test -e /var/lib/application_{0}/is_ready --port {1}\"\n"
        "    interval 2\n    weight -4\n    fall 2\n    rise 2\n}}\n",
        index, 1'000 + index);
  }
  unsigned next_address = 1;
  for (unsigned index = 0; index < shape.instances; ++index) {
    const unsigned interface = index / 255;
    const auto addresses = [&](std::string_view list, unsigned count) {
      if (count == 0) return;
      out << fmt::format("    {} {{\n", list);
      for (unsigned each = 0; each < count; ++each) {
        out << fmt::format("        {0}/24 dev eth{1} label eth{1}:1\n", address(next_address++), interface);
      }
      out << "    }\n";
    };
    out << fmt::format(
        "vrrp_instance VI_{} {{\n    state BACKUP\n    interface eth{}\n    virtual_router_id {}\n    priority {}\n"
        "    advert_int 1\n{}",
        index, interface, index % 255 + 1, 100 + index % 50, shape.extra_line);
    addresses("virtual_ipaddress", shape.addresses);
    addresses("virtual_ipaddress_excluded", shape.excluded);
    out << fmt::format("    track_script {{\n        check_{}\n    }}\n}}\n", index % shape.scripts);
  }
}

struct Cost {
  double user_seconds = 0;
  double system_seconds = 0;
  double megabytes = 0;  // resident, at most
  int exit_code = 0;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

SysResult<Cost> test(const std::string& program, const std::filesystem::path& file,
                     const std::filesystem::path& report) {
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, report.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::array<const char*, 5> arguments{program.c_str(), "-t", "-f", file.c_str(), nullptr};
  pid_t child = 0;
  const int failure =
      ::posix_spawn(&child, program.c_str(), &actions, nullptr, const_cast<char* const*>(arguments.data()), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return std::unexpected(SysError{.operation = "start " + program, .code = failure});
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) return last_error("wait4");
  return Cost{.user_seconds = seconds(usage.ru_utime),
              .system_seconds = seconds(usage.ru_stime),
              .megabytes = static_cast<double>(usage.ru_maxrss) / 1024,
              .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

std::string last_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string last;
  for (std::string line; std::getline(file, line);) last = std::move(line);
  return last;
}

struct Options {
  std::string program;
  std::vector<std::string> rows;
  int runs = 3;
  unsigned scale = 1;
};

int run(const Options& options, const std::filesystem::path& folder) {
  fmt::print("{:44} {:>6} {:>8} {:>8} {:>8}  {}\n", "configuration", "MB", "user s", "system s", "peak MB", "verdict");
  for (const Shape& shape : shapes(options.scale)) {
    if (!options.rows.empty() && std::ranges::find(options.rows, shape.name) == options.rows.end()) continue;
    const auto file = folder / "large.conf";
    {
      std::ofstream out(file, std::ios::trunc);
      write_configuration(shape, out);
    }
    std::error_code ignored;
    const double size = static_cast<double>(std::filesystem::file_size(file, ignored)) / 1e6;
    std::vector<Cost> costs;
    for (int round = 0; round < options.runs; ++round) {
      const auto cost = test(options.program, file, folder / "report");
      if (!cost) {
        fmt::print(stderr, "bench_config: {}\n", to_string(cost.error()));
        return 1;
      }
      costs.push_back(*cost);
    }
    const Cost& best =
        *std::ranges::min_element(costs, {}, [](const Cost& each) { return each.user_seconds + each.system_seconds; });
    fmt::print("{:44} {:>6.1f} {:>8.2f} {:>8.2f} {:>8.1f}  {}: {}\n", shape.title, size, best.user_seconds,
               best.system_seconds, best.megabytes, best.exit_code, last_line(folder / "report"));
  }
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"What a large configuration costs: -t on 10 MB; the cheapest run counts."};
  Options options;
  program.add_option("--row", options.rows, "only these: objects, mistakes, limits").split_at(',');
  program.add_option("--runs", options.runs, "runs of each").between(1, 99);
  program.add_option("--program", options.program, "its -t (default: the batond beside this program)");
  program.add_option("--scale", options.scale, "divides the counts, for one that takes minutes").between(1, 1'000);
  if (const auto code = program.parse(argc, argv)) return *code;
  std::error_code error;
  if (options.program.empty()) {
    options.program = (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "batond").string();
  }
  std::string folder = (std::filesystem::temp_directory_path() / "bench_config-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    fmt::print(stderr, "bench_config: {}\n", to_string(last_error("mkdtemp").error()));
    return 1;
  }
  const int code = run(options, folder);
  std::filesystem::remove_all(folder, error);
  return code;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
