// The table of scale: keepalived and Baton in one run, from one instance to four thousand. Judges nothing; a busy
// machine shows in the times, hardly in the processor seconds.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include <fmt/format.h>

#include "command_line/command_line.h"
#include "lab/sandbox.h"
#include "scale_run.h"
#include "scripts_run.h"

namespace baton::bench {
namespace {

using nlohmann::json;

struct Options {
  std::vector<std::size_t> instances{1, 100, 1'000, 4'000};
  std::vector<double> intervals{1, 0.1};
  std::vector<std::string> sides{"keepalived", "baton"};
  std::size_t scripts = 0;
  double steady = 20;
  bool json = false;
  std::string batond;
};

using Outcome = std::expected<ScaleFigures, std::string>;

std::optional<double> milliseconds(const std::optional<Duration>& duration) {
  if (!duration) return std::nullopt;
  return std::chrono::duration<double, std::milli>(*duration).count();
}

struct Line {
  const char* name;
  const char* title;
  const char* wanted;
  std::optional<double> (*value)(const ScaleFigures&);
};

constexpr double kib_a_mib = 1024;

const Line lines[] = {
    {"cpu", "CPU s a minute, MASTER", "1/2 at 1,000/s, 1/3 at 40,000/s",
     [](const auto& it) { return std::optional(it.cpu_all); }},
    {"cpu_worker", "  of it the VRRP process", "", [](const auto& it) { return std::optional(it.cpu_worker); }},
    {"cpu_backup", "CPU s a minute, BACKUP", "", [](const auto& it) { return std::optional(it.cpu_backup); }},
    {"memory", "memory MiB (PSS)", "2.4.3 and the guardian",
     [](const auto& it) { return std::optional(static_cast<double>(it.memory_all) / kib_a_mib); }},
    {"memory_worker", "  of it the VRRP process", "4.8 at 1,000",
     [](const auto& it) { return std::optional(static_cast<double>(it.memory_worker) / kib_a_mib); }},
    {"memory_guardian", "  of it the parent", "",
     [](const auto& it) { return std::optional(static_cast<double>(it.memory_guardian) / kib_a_mib); }},
    {"gap_p50", "gaps off by ms, p50", "", [](const auto& it) { return milliseconds(it.gaps.median); }},
    {"gap_p99", "gaps off by ms, p99", "< 1", [](const auto& it) { return milliseconds(it.gaps.p99); }},
    {"gap_most", "latest advert ms", "", [](const auto& it) { return milliseconds(it.gaps.longest); }},
    {"gap_missed", "adverts missed", "0",
     [](const auto& it) { return std::optional(static_cast<double>(it.gaps.missed)); }},
    {"start", "start: all MASTER, ms beyond the limit", "< 150", [](const auto& it) { return milliseconds(it.start); }},
    {"takeover", "SIGTERM: peer has all, ms beyond", "< 50", [](const auto& it) { return milliseconds(it.takeover); }},
    {"loss", "SIGKILL: peer has all, ms beyond", "< 50", [](const auto& it) { return milliseconds(it.loss); }},
    {"gone", "SIGTERM: gone, ms after the last act", "< 50", [](const auto& it) { return milliseconds(it.gone); }},
    {"reload", "reload of one change, ms", "< 40", [](const auto& it) { return milliseconds(it.reload); }},
    {"reload_most", "latest advert at a reload, ms", "< 5",
     [](const auto& it) { return milliseconds(it.reload_gaps.longest); }},
    {"reload_missed", "adverts missed at a reload", "0",
     [](const auto& it) { return std::optional(static_cast<double>(it.reload_gaps.missed)); }},
};

std::string cell(const Outcome& outcome, const Line& line) {
  if (!outcome) return "-";
  const auto value = line.value(*outcome);
  return value ? fmt::format("{:.2f}", *value) : "-";
}

void print_scale(const Scale& scale, const std::vector<std::string>& sides, const std::vector<Outcome>& outcomes) {
  fmt::print("\n{} instances, advert_int {}\n{:42}", scale.instances,
             std::chrono::duration<double>(scale.interval).count(), "");
  for (const std::string& side : sides) fmt::print("{:>12}", side);
  fmt::print("  wanted\n");
  for (const Line& line : lines) {
    fmt::print("{:42}", line.title);
    for (const Outcome& outcome : outcomes) fmt::print("{:>12}", cell(outcome, line));
    fmt::print("  {}\n", line.wanted);
  }
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (!outcomes[i]) fmt::print("{}: {}\n", sides[i], outcomes[i].error());
  }
  std::fflush(stdout);
}

json to_json(const Outcome& outcome) {
  if (!outcome) return {{"error", outcome.error()}};
  json object;
  for (const Line& line : lines) {
    const auto value = line.value(*outcome);
    object[line.name] = value ? json(*value) : json(nullptr);
  }
  return object;
}

Duration to_duration(double seconds) {
  return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
}

Daemon daemon_of(const std::string& side) {
  return side == "baton" ? Daemon::batond : Daemon::keepalived;
}

json run_script_row(const Options& options) {
  json row{{"scripts", options.scripts}};
  if (!options.json) {
    fmt::print("{} scripts, interval 1: CPU s a minute, that of the bare starts, missed runs in a hundred\n",
               options.scripts);
  }
  for (const std::string& side : options.sides) {
    const auto figures = run_scripts(daemon_of(side), options.scripts, options.batond, to_duration(options.steady));
    if (!figures) {
      row[side] = {{"error", figures.error()}};
      if (!options.json) fmt::print("{:12} {}\n", side, figures.error());
      continue;
    }
    row[side] = {{"cpu", figures->cpu_all}, {"cpu_bare", figures->cpu_bare}, {"missed", figures->missed}};
    if (options.json) continue;
    fmt::print("{:12}{:10.1f}{:10.1f}{:10.2f}\n", side, figures->cpu_all, figures->cpu_bare, figures->missed);
    std::fflush(stdout);
  }
  if (!options.json) fmt::print("{:12}at most 1.3 times, 0\n", "wanted");
  return row;
}

int run(const Options& options) {
  json document = json::array();
  if (options.scripts > 0) document.push_back(run_script_row(options));
  for (const double interval : options.intervals) {
    for (const std::size_t instances : options.instances) {
      if (instances == 0) continue;
      const Scale scale{.instances = instances, .interval = to_duration(interval)};
      json row{{"instances", instances}, {"advert_int", interval}};
      std::vector<Outcome> outcomes;
      for (const std::string& side : options.sides) {
        outcomes.push_back(
            run_scale(daemon_of(side), scale, {.batond = options.batond, .steady = to_duration(options.steady)}));
        row[side] = to_json(outcomes.back());
      }
      if (!options.json) print_scale(scale, options.sides, outcomes);
      document.push_back(std::move(row));
    }
  }
  if (options.json) fmt::print("{}\n", document.dump(2));
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"Scale figures of keepalived and Baton, measured side by side in namespaces."};
  Options options;
  program.add_option("--instances", options.instances, "numbers of instances; 0 none").split_at(',').between(0, 4'000);
  program.add_option("--interval", options.intervals, "advert_int, seconds").split_at(',').between(0.01, 10.0);
  program.add_option("--side", options.sides, "keepalived, baton").split_at(',').one_of({"keepalived", "baton"});
  program.add_option("--scripts", options.scripts, "so many vrrp_scripts as well").between(1, 10'000);
  program.add_option("--steady", options.steady, "seconds for which processor time and gaps are measured")
      .between(1, 600);
  program.add_flag("--json", options.json, "one JSON document at the end");
  program.add_option("--batond", options.batond, "this batond (default: the one beside this program)");
  if (const auto code = program.parse(argc, argv)) return *code;
  if (options.batond.empty()) {
    std::error_code ignored;  // without /proc there is no lab either
    options.batond = (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "batond").string();
  }
  options.batond = std::filesystem::absolute(options.batond).string();  // a machine's working directory is /
  const auto code = lab::run_in_sandbox([&] { return run(options); });
  if (code) return *code;
  fmt::print(stderr, "bench_scale: {}\n", to_string(code.error()));
  return 1;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
