// What it takes to rehearse failures: wall time, processor time and memory of `baton plan` on made-up clusters. Judges
// nothing.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/sys_error.h"
#include "command_line/command_line.h"

namespace baton::bench {
namespace {

struct Shape {
  std::string name;
  std::string title;
  unsigned nodes = 0;
  unsigned instances = 0;
  bool has_pairs = false;
};

std::vector<Shape> shapes() {
  return {
      {.name = "two", .title = "2 nodes, 1 instance", .nodes = 2, .instances = 1},
      {.name = "two-pairs", .title = "the same, with --pairs", .nodes = 2, .instances = 1, .has_pairs = true},
      {.name = "ten", .title = "10 nodes, 100 instances", .nodes = 10, .instances = 100},
  };
}

// Each instance prefers another node; all of a node track one script, whose weight is more than the steps.
void write_node(const Shape& shape, unsigned node, std::ostream& out) {
  out << "global_defs {\n    script_user root\n    enable_script_security\n}\n"
         "vrrp_script check_web {\n    script \"/usr/bin/curl -fs http://localhost/\"\n    interval 2\n    weight -60\n"
         "    fall 2\n    rise 2\n}\n";
  for (unsigned index = 0; index < shape.instances; ++index) {
    out << fmt::format(
        "vrrp_instance VI_{0} {{\n    state BACKUP\n    interface eth0\n    virtual_router_id {1}\n    priority {2}\n"
        "    advert_int 1\n    virtual_ipaddress {{\n        10.0.{0}.100/24\n    }}\n    track_script {{\n"
        "        check_web\n    }}\n}}\n",
        index, index + 1, 100 + 5 * ((index + node) % shape.nodes));
  }
}

struct Cost {
  double wall_seconds = 0;
  double processor_seconds = 0;
  double megabytes = 0;  // resident, at most
  int exit_code = 0;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

SysResult<Cost> plan(const std::vector<std::string>& words) {
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  const int failure =
      ::posix_spawn(&child, arguments[0], &actions, nullptr, const_cast<char* const*>(arguments.data()), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return std::unexpected(SysError{.operation = "start " + words[0], .code = failure});
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) return last_error("wait4");
  return Cost{.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
              .processor_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
              .megabytes = static_cast<double>(usage.ru_maxrss) / 1024,
              .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

struct Options {
  std::string program;
  std::vector<std::string> rows;
  int runs = 3;
};

int run(const Options& options, const std::filesystem::path& folder) {
  fmt::print("{:28} {:>8} {:>12} {:>8}  {}\n", "cluster", "wall s", "processor s", "peak MB", "exit code");
  for (const Shape& shape : shapes()) {
    if (!options.rows.empty() && std::ranges::find(options.rows, shape.name) == options.rows.end()) continue;
    std::vector<std::string> words{options.program, "plan"};
    if (shape.has_pairs) words.emplace_back("--pairs");
    for (unsigned node = 0; node < shape.nodes; ++node) {
      words.push_back(folder / fmt::format("web{}.conf", node + 1));
      std::ofstream out(words.back(), std::ios::trunc);
      write_node(shape, node, out);
    }
    std::vector<Cost> costs;
    for (int round = 0; round < options.runs; ++round) {
      const auto cost = plan(words);
      if (!cost) {
        fmt::print(stderr, "bench_plan: {}\n", to_string(cost.error()));
        return 1;
      }
      costs.push_back(*cost);
    }
    const Cost& best = *std::ranges::min_element(costs, {}, &Cost::wall_seconds);
    fmt::print("{:28} {:>8.3f} {:>12.3f} {:>8.1f}  {}\n", shape.title, best.wall_seconds, best.processor_seconds,
               best.megabytes, best.exit_code);
  }
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"What baton plan takes; the quickest run counts."};
  Options options;
  program.add_option("--row", options.rows, "only these: two, two-pairs, ten").split_at(',');
  program.add_option("--runs", options.runs, "runs of each").between(1, 99);
  program.add_option("--program", options.program, "its plan (default: the baton beside this program)");
  if (const auto code = program.parse(argc, argv)) return *code;
  std::error_code error;
  if (options.program.empty()) {
    options.program = (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "baton").string();
  }
  std::string folder = (std::filesystem::temp_directory_path() / "bench_plan-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    fmt::print(stderr, "bench_plan: {}\n", to_string(last_error("mkdtemp").error()));
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
