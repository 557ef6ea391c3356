// The table of failover figures: keepalived and Baton in one run, priorities 200/100, a probe a millisecond. Judges
// nothing; a busy machine shows in the figures, so leave it alone meanwhile.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include <fmt/format.h>

#include "command_line/command_line.h"
#include "lab/sandbox.h"
#include "rows.h"

namespace baton::bench {
namespace {

struct Options {
  std::vector<std::string> rows;
  std::vector<std::string> sides{"keepalived", "baton"};
  int runs = 1;
  bool json = false;
  std::string batond;
};

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::optional<Pairing> pairing(const std::string& side) {
  if (side == "keepalived") return Pairing{Daemon::keepalived, Daemon::keepalived};
  if (side == "baton") return Pairing{Daemon::batond, Daemon::batond};
  if (side == "baton+keepalived") return Pairing{Daemon::batond, Daemon::keepalived};
  if (side == "keepalived+baton") return Pairing{Daemon::keepalived, Daemon::batond};
  return std::nullopt;
}

// The run with the median outage stands for all.
std::expected<Measurement, std::string> median_of(const Row& row, const Pairing& who, const Options& options) {
  std::vector<Measurement> runs;
  for (int run = 0; run < options.runs; ++run) {
    // Spread over the interval, the same for both sides.
    const double moment = (run + 0.5) / options.runs * 0.8 + 0.1;
    auto measured = row.run({.pairing = who, .batond = options.batond, .moment = moment});
    if (!measured) return std::unexpected(measured.error());
    runs.push_back(std::move(*measured));
  }
  std::ranges::sort(runs, {}, &Measurement::outage);
  Measurement median = runs[runs.size() / 2];
  if (runs.size() > 1) {
    median.note += fmt::format("{}outage {:.0f}..{:.0f} ms", median.note.empty() ? "" : "; ",
                               milliseconds(runs.front().outage), milliseconds(runs.back().outage));
  }
  median.complete = std::ranges::all_of(runs, &Measurement::complete);
  return median;
}

void print_row(const Row& row, const std::string& side, const std::expected<Measurement, std::string>& measured) {
  if (!measured) {
    fmt::print("{:44} {:18} {}\n", row.title, side, measured.error());
  } else {
    fmt::print("{:44} {:18} {:>10.1f} {:>7} {:>10.1f}  {}{}\n", row.title, side, milliseconds(measured->outage),
               measured->lost, milliseconds(measured->two_owners),
               measured->complete ? "" : "[not over within its bound] ", measured->note);
  }
  std::fflush(stdout);
}

nlohmann::json to_json(const std::expected<Measurement, std::string>& measured) {
  if (!measured) return {{"error", measured.error()}};
  return {{"outage_ms", milliseconds(measured->outage)},
          {"lost", measured->lost},
          {"two_owners_ms", milliseconds(measured->two_owners)},
          {"complete", measured->complete},
          {"note", measured->note}};
}

int run(const Options& options) {
  nlohmann::json document = nlohmann::json::array();
  if (!options.json) {
    fmt::print("{:44} {:18} {:>10} {:>7} {:>10}\n", "event", "daemons", "outage ms", "lost", "two ms");
  }
  for (const Row& row : rows()) {
    if (!options.rows.empty() && std::ranges::find(options.rows, row.name) == options.rows.end()) continue;
    nlohmann::json line{{"row", row.name}, {"title", row.title}, {"wanted", row.wanted}};
    for (const std::string& side : options.sides) {
      const auto measured = median_of(row, *pairing(side), options);
      line[side] = to_json(measured);
      if (!options.json) print_row(row, side, measured);
    }
    if (!options.json) fmt::print("{:44} {:18} {}\n", "", "wanted", row.wanted);
    document.push_back(std::move(line));
  }
  if (options.json) fmt::print("{}\n", document.dump(2));
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"Failover figures of keepalived and Baton, measured side by side in namespaces."};
  Options options;
  program.add_option("--row", options.rows, "only these").split_at(',');
  program
      .add_option("--side", options.sides,
                  "keepalived, baton, baton+keepalived, keepalived+baton (default: the first two)")
      .split_at(',');
  program.add_option("--runs", options.runs, "runs of each; the median counts").between(1, 99);
  program.add_flag("--json", options.json, "one JSON document at the end");
  program.add_option("--batond", options.batond, "this batond (default: the one beside this program)");
  if (const auto code = program.parse(argc, argv)) return *code;
  for (const std::string& side : options.sides) {
    if (pairing(side)) continue;
    fmt::print(stderr, "bench_failover: no side is called '{}'\n", side);
    return 2;
  }
  if (options.batond.empty()) {
    std::error_code ignored;  // without /proc there is no lab either
    options.batond = (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "batond").string();
  }
  options.batond = std::filesystem::absolute(options.batond).string();  // a machine's working directory is /
  const auto code = lab::run_in_sandbox([&] { return run(options); });
  if (code) return *code;
  fmt::print(stderr, "bench_failover: {}\n", to_string(code.error()));
  return 1;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
