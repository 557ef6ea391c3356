// What health checks cost: keepalived and Baton one after the other, so many real servers that are all one nginx on
// another machine, each checked once a second. keepalived is made to believe that the kernel has IPVS (ipvs_stub.cpp).
// Run as root.
//
//   lb 10.8.0.1/13 ── veth ── farm: every address from 10.8.1.0 on
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "accounts.h"
#include "base/result.h"
#include "command_line/command_line.h"
#include "lab/clock.h"
#include "lab/machine.h"
#include "lab/process_tree.h"
#include "lab/sandbox.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;

struct Options {
  std::vector<std::string> sides{"keepalived", "baton"};
  std::vector<std::string> kinds{"http", "tcp"};
  std::vector<std::size_t> servers{1'000};
  unsigned seconds = 60;
  std::filesystem::path programs;  // where ours are
};

constexpr std::size_t servers_a_service = 250;
constexpr const char* web_config =
    "worker_processes 1; pid /run/nginx.pid; error_log /dev/null;\n"
    "events { worker_connections 16000; }\n"
    "http { access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;\n"
    "  server { listen 80 backlog=16384; location / { return 200 \"ok\\n\"; } }\n"
    "  server { listen 127.0.0.1:81; location / { stub_status; } } }\n";

std::string check_of(const std::string& kind) {
  if (kind == "tcp") return "TCP_CHECK { connect_timeout 5 }";
  if (kind == "kept") return "HTTP_GET { keep_connection\n url { path / status_code 200 } connect_timeout 5 }";
  return "HTTP_GET { url { path / status_code 200 } connect_timeout 5 }";
}

// Nothing in the kernel serves on either side: a table that sees each packet would be part of the figure.
std::string configuration(const std::string& side, const std::string& kind, std::size_t servers) {
  std::string text = side == "baton" ? "global_defs {\n  lb_plane ipvs\n}\n" : "";
  for (std::size_t i = 0; i < servers; ++i) {
    if (i % servers_a_service == 0) {
      text += fmt::format("{}virtual_server 10.0.0.{} 80 {{\n  delay_loop 1\n  lb_algo rr\n  lb_kind NAT\n",
                          i == 0 ? "" : "}\n", 1 + i / servers_a_service);
    }
    text += fmt::format("  real_server 10.8.{}.{} 80 {{\n    weight 1\n    {}\n  }}\n", 1 + i / 250, 1 + i % 250,
                        check_of(kind));
  }
  return text + "}\n";
}

class Farm {
 public:
  static SysResult<std::unique_ptr<Farm>> build();
  SysResult<pid_t> start(const std::vector<std::string>& daemon, const std::string& config);
  void stop(pid_t daemon);

  struct Served {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
  };
  Served served();

 private:
  Farm(lab::Machine lb, lab::Machine web) : lb_(std::move(lb)), web_(std::move(web)) {}
  static std::string output(lab::Machine& machine, const std::string& commands);

  lab::Machine lb_;
  lab::Machine web_;
  UniqueFd output_;
};

SysResult<std::unique_ptr<Farm>> Farm::build() {
  lab::Machine lb = TRY(lab::Machine::boot("lb"));
  lab::Machine web = TRY(lab::Machine::boot("farm"));
  std::unique_ptr<Farm> farm(new Farm(std::move(lb), std::move(web)));
  TRY_VOID(farm->lb_.route().add_cable("eth0", MacAddress{{2, 0, 0, 0, 1, 1}}, "eth0", MacAddress{{2, 0, 0, 0, 1, 2}},
                                       farm->web_.network().fd()));
  (void)output(farm->lb_,
               "ip link set lo up; ip link set eth0 up; ip addr add 10.8.0.1/24 dev eth0; "
               "ip route add 10.8.0.0/13 via 10.8.0.2");
  TRY_VOID(farm->web_.write_file("/run/nginx.conf", web_config));
  (void)output(
      farm->web_,
      "ip link set lo up; ip link set eth0 up; ip addr add 10.8.0.2/24 dev eth0; "
      "ip route add local 10.8.0.0/13 dev lo; echo 16384 >/proc/sys/net/core/somaxconn; ulimit -n $(ulimit -H -n); "
      "nginx -e /dev/null -c /run/nginx.conf -p /run");
  return farm;
}

// Of a shell's commands, once it has ended and so has its output.
std::string Farm::output(lab::Machine& machine, const std::string& commands) {
  auto program = machine.start({"sh", "-c", commands});
  if (!program) return {};
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    pollfd ready{.fd = program->output.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 5'000) != 1) return text;
    const ssize_t count = ::read(program->output.get(), buffer.data(), buffer.size());
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

SysResult<pid_t> Farm::start(const std::vector<std::string>& daemon, const std::string& config) {
  TRY_VOID(lb_.write_file("/run/checks.conf", config));
  std::string command = "ulimit -n $(ulimit -H -n); exec";
  for (const std::string& word : daemon) command += " " + word;
  const lab::Program program = TRY(lb_.start({"sh", "-c", command + " -C -n -f /run/checks.conf >/dev/null 2>&1"}));
  return program.pid;
}

void Farm::stop(pid_t daemon) {
  (void)::kill(daemon, SIGTERM);
  for (int tries = 0; tries < 200 && lab::is_running(daemon); ++tries) (void)::poll(nullptr, 0, 50);
}

// "server accepts handled requests" and three numbers below it (ngx_http_stub_status_module).
Farm::Served Farm::served() {
  std::istringstream text(output(web_, "curl -s http://127.0.0.1:81/"));
  std::string line;
  while (std::getline(text, line) && !line.starts_with("server accepts")) {
  }
  Served served;
  std::uint64_t handled = 0;
  text >> served.connections >> handled >> served.requests;
  return served;
}

std::vector<std::string> command_of(const Options& options, const std::string& side) {
  if (side == "baton") return {(options.programs / "batond").string(), "-G", "--run-directory", "/run/baton"};
  return {"env", "LD_PRELOAD=" + (options.programs / "libbaton_ipvs_stub.so").string(), "keepalived", "-G"};
}

// Each process with its own time and name.
void print_parts(const std::vector<lab::ProcessInfo>& tree, const std::vector<Duration>& before, double to_a_minute) {
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const double spent = std::chrono::duration<double>(processor_time({tree[i].pid}) - before[i]).count();
    if (spent * to_a_minute >= 0.05) fmt::print("    {:30} {:8.2f}\n", tree[i].name, spent * to_a_minute);
  }
}

std::expected<void, std::string> measure(const Options& options, const std::string& side, const std::string& kind,
                                         std::size_t servers) {
  auto farm = Farm::build();
  if (!farm) return std::unexpected(to_string(farm.error()));
  auto daemon = (*farm)->start(command_of(options, side), configuration(side, kind, servers));
  if (!daemon) return std::unexpected(to_string(daemon.error()));
  (void)::poll(nullptr, 0, 6'000);  // the checks have begun, and spread
  const auto tree = lab::process_tree(*daemon);
  if (tree.empty()) return std::unexpected("it does not run");
  std::vector<Duration> before;
  for (const auto& process : tree) before.push_back(processor_time({process.pid}));
  const Farm::Served served_before = (*farm)->served();
  const Instant from = lab::now();
  const auto all = lab::find_role(tree, lab::Role::everything);
  const Duration spent_before = processor_time(all);
  (void)::poll(nullptr, 0, static_cast<int>(options.seconds) * 1'000);
  const double spent = std::chrono::duration<double>(processor_time(all) - spent_before).count();
  const double lasted = std::chrono::duration<double>(lab::now() - from).count();
  const Farm::Served served = (*farm)->served();
  fmt::print("{:11} {:6} {:>7} {:>10.0f} {:>10.0f} {:>12.2f} {:>12} KiB\n", side, kind, servers,
             static_cast<double>(served.connections - served_before.connections) / lasted,
             static_cast<double>(served.requests - served_before.requests) / lasted, spent / lasted * 60,
             memory_kib(all));
  print_parts(tree, before, 60 / lasted);
  std::fflush(stdout);
  (*farm)->stop(*daemon);
  return {};
}

int run(const Options& options) {
  fmt::print("{:11} {:6} {:>7} {:>10} {:>10} {:>12} {:>16}\n", "daemon", "checks", "servers", "connects/s",
             "requests/s", "cpu s/minute", "memory");
  for (const std::size_t servers : options.servers) {
    for (const std::string& kind : options.kinds) {
      for (const std::string& side : options.sides) {
        if (side == "keepalived" && kind == "kept") continue;
        const auto measured = measure(options, side, kind, servers);
        if (!measured) fmt::print("{:11} {:6} {}\n", side, kind, measured.error());
      }
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"What health checks cost: keepalived and Baton."};
  Options options;
  program.add_option("--side", options.sides, "keepalived, baton (default: both)").split_at(',');
  program
      .add_option("--kind", options.kinds,
                  "http, tcp, kept: HTTP with keep_connection, Baton alone (default: http, tcp)")
      .split_at(',');
  program.add_option("--servers", options.servers, "real servers, each checked once a second (default: 1000)")
      .split_at(',')
      .between(1, 60'000);
  program.add_option("--seconds", options.seconds, "of each measurement (default: 60)").between(1, 600);
  if (const auto code = program.parse(argc, argv)) return *code;
  std::error_code ignored;  // without /proc there is no lab either
  options.programs = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  const auto code = lab::run_in_sandbox([&] { return run(options); });
  if (code) return *code;
  fmt::print(stderr, "bench_checks: {}\n", to_string(code.error()));
  return 1;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
