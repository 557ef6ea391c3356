// Minutes of drawn faults, the same for keepalived, for Baton and for both on one LAN: how long two had the address,
// how long nobody, what the scripts were not told of, and what a client with one connection missed. As root.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "base/result.h"
#include "command_line/command_line.h"
#include "lab/chaos_run.h"
#include "lab/clock.h"
#include "lab/sandbox.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;
using lab::Complaint;
using lab::Daemon;

constexpr Duration slow_answer = 250ms;
constexpr Duration mean_act = 15s;  // with its calm

struct Options {
  std::vector<std::uint64_t> seeds{1};
  std::vector<std::string> sides{"keepalived", "baton", "mixed"};
  std::vector<std::string> kinds;
  std::size_t nodes = 0;  // 0: drawn with the seed, 2 to 5
  unsigned seconds = 600;
  bool tell = false;
  std::string batond;
};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::vector<Daemon> daemons(const std::string& side, std::size_t nodes, std::uint64_t seed) {
  std::vector<Daemon> found;
  for (std::size_t node = 0; node < nodes; ++node) {
    const bool is_baton = side == "baton" || (side == "mixed" && (node + seed) % 2 == 0);
    found.push_back(is_baton ? Daemon::batond : Daemon::keepalived);
  }
  return found;
}

std::vector<lab::Act> story(const Options& options, std::uint64_t seed, std::size_t nodes) {
  lab::StoryDraw draw{
      .seed = seed, .nodes = nodes, .acts = static_cast<std::size_t>(options.seconds / (mean_act / 1s)) + 1};
  for (std::size_t i = 0; i < lab::fault_kinds; ++i) {
    const auto kind = static_cast<lab::FaultKind>(i);
    if (std::ranges::find(options.kinds, lab::name(kind)) != options.kinds.end()) draw.kinds.push_back(kind);
  }
  return lab::draw_story(draw);
}

void print_finding(const lab::Finding& finding, const lab::Observations& seen) {
  fmt::print("    {:8.3f} {} web{} {:.3f} s;", seconds(finding.at.time_since_epoch()), name(finding.complaint),
             finding.node + 1, seconds(finding.lasts));
  for (const lab::FaultSpan& fault : seen.faults) {
    if (fault.begin > finding.at + 3s || fault.end < finding.at - 10s) continue;
    fmt::print(" {} web{} {:.3f}..{:.3f}", name(fault.kind), fault.node + 1, seconds(fault.begin - finding.at),
               seconds(fault.end - finding.at));
  }
  fmt::print("\n");
}

void print_line(std::uint64_t seed, const std::string& side, std::size_t acts, lab::ChaosRun& run) {
  const lab::Observations seen = run.observations();
  const lab::Judgement judged = judge(seen, run.limits());
  const lab::Outage requests = run.client().answers().outage(seen.from, seen.to);
  fmt::print(
      "{:>5} {:10} {:>5} {:>4} {:>6} {:>7.1f} {:>7.1f} {:>3}/{:<6.1f} {:>3}/{:<6.1f} {:>6} {:>3} {:>5} {:>6} {:>5} "
      "{:>5} {:>5} {:>6.1f}\n",
      seed, side, seen.nodes, acts, seen.faults.size(), seconds(judged.two_owners), seconds(judged.nobody),
      judged.count(Complaint::two_owners), seconds(judged.time(Complaint::two_owners)), judged.count(Complaint::nobody),
      seconds(judged.time(Complaint::nobody)), judged.changes, judged.count(Complaint::not_told),
      judged.count(Complaint::unsettled) + judged.count(Complaint::wrong_news), requests.asked, requests.lost,
      run.client().slower_than(slow_answer), run.client().connections(), seconds(requests.longest));
  for (const lab::Finding& finding : judged.findings) print_finding(finding, seen);
  std::fflush(stdout);
}

std::expected<void, std::string> play(const Options& options, std::uint64_t seed, const std::string& side) {
  const std::size_t nodes = options.nodes == 0 ? 2 + seed % 4 : options.nodes;
  lab::ChaosOptions chaos{.daemons = daemons(side, nodes, seed), .batond = options.batond};
  if (options.tell) {
    chaos.on_event = [](const lab::Event& event) {
      fmt::print("{:10.3f} {:7} {}\n", seconds(event.at.time_since_epoch()),
                 event.node ? fmt::format("web{}", *event.node + 1) : "client", event.text);
    };
  }
  auto run = TRY(lab::ChaosRun::start(chaos));
  const Instant end = lab::now() + std::chrono::seconds(options.seconds);
  std::size_t acts = 0;
  for (const lab::Act& act : story(options, seed, nodes)) {
    if (lab::now() >= end) break;
    TRY_VOID(run->play(act));
    ++acts;
  }
  print_line(seed, side, acts, *run);
  return {};
}

int run(const Options& options) {
  fmt::print(
      "{:>5} {:10} {:>5} {:>4} {:>6} {:>7} {:>7} {:>10} {:>10} {:>6} {:>3} {:>5} {:>6} {:>5} {:>5} {:>5} {:>6}\n",
      "seed", "daemons", "nodes", "acts", "faults", "two s", "none s", "two >", "none >", "moves", "not", "wrong",
      "asked", "lost", "slow", "conn.", "miss s");
  std::fflush(stdout);
  for (const std::uint64_t seed : options.seeds) {
    for (const std::string& side : options.sides) {
      if (const auto played = play(options, seed, side); !played) fmt::print("{} {}: {}\n", seed, side, played.error());
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"Drawn faults upon keepalived, Baton and both on one LAN, judged by what was seen."};
  Options options;
  program.add_option("--seed", options.seeds, "stories to play (default: 1)").split_at(',');
  program.add_option("--side", options.sides, "keepalived, baton, mixed (default: all)")
      .split_at(',')
      .one_of({"keepalived", "baton", "mixed"});
  program.add_option("--kind", options.kinds, "only faults of these kinds").split_at(',');
  program.add_option("--nodes", options.nodes, "2 to 5 (default: drawn with the seed)").between(2, 5);
  program.add_option("--seconds", options.seconds, "of one story on one side (default: 600)").between(1, 86400);
  program.add_flag("--tell", options.tell, "every event as it happens");
  program.add_option("--batond", options.batond, "this batond (default: the one beside this program)");
  if (const auto code = program.parse(argc, argv)) return *code;
  if (options.batond.empty()) {
    std::error_code ignored;  // without /proc there is no lab either
    options.batond = (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "batond").string();
  }
  options.batond = std::filesystem::absolute(options.batond).string();  // a machine's working directory is /
  const auto code = lab::run_in_sandbox([&] { return run(options); });
  if (code) return *code;
  fmt::print(stderr, "bench_chaos: {}\n", to_string(code.error()));
  return 1;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
