// A batond that reloads ends where one that starts afresh with the new file ends: pairs of configurations made from a
// seed, on machines with nobody else on their wires. What counts is what the kernel has: interfaces, addresses, routes
// and rules. BATON_RELOAD_SEEDS=FIRST..LAST plays others than the few of every day.
#include <poll.h>
#include <sys/types.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "lab/sandbox.h"
#include "pair.h"
#include "support/random_configuration.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t at_a_time = 8;
constexpr Duration settled_within = 60s;
constexpr Duration look_again = 100ms;
const std::string path = "/run/test.conf";

class Server {
 public:
  explicit Server(const std::string& name) : machine_(std::move(*Machine::boot(name))) {
    // What is at a cable's other end says nothing.
    const std::string said = shell(
        "set -e; ip link set lo up; for i in 33 34; do"
        " ip link add ens$i address 02:00:00:00:20:$i type veth peer name cable$i address 02:00:00:00:21:$i;"
        " echo 1 >/proc/sys/net/ipv6/conf/cable$i/disable_ipv6; ip link set cable$i arp off up; ip link set ens$i up;"
        " done; ip addr add 10.0.20.14/24 dev ens33; ip addr add fd00:20::14/64 dev ens33 nodad;"
        "ip addr add 10.0.21.14/24 dev ens34; ip addr add fd00:21::14/64 dev ens34 nodad; echo made");
    EXPECT_EQ(said, "made\n");
  }

  void start(const std::string& text) {
    ASSERT_TRUE(machine_.write_file(path, text));
    auto started = machine_.start({BATOND_PROGRAM, "-n", "-f", path});
    ASSERT_TRUE(started) << to_string(started.error());
    daemon_ = std::move(*started);
  }
  json reload(const std::string& text) {
    EXPECT_TRUE(machine_.write_file(path, text));
    return parsed(shell(fmt::format("{} reload --json", BATON_PROGRAM)));
  }

  // Nobody contradicts: whoever is not in FAULT is MASTER in the end.
  bool is_settled() {
    const json status = asked_status();
    if (!status.value("/worker/answers"_json_pointer, false)) return false;
    return std::ranges::all_of(status["instances"], [](const json& instance) {
      return instance["state"] == "MASTER" || instance["state"] == "FAULT";
    });
  }
  std::ptrdiff_t masters() {
    return std::ranges::count_if(asked_status().value("instances", json::array()),
                                 [](const json& instance) { return instance["state"] == "MASTER"; });
  }
  // Line by line, in an order of its own: what came first is no part of what there is.
  std::string kernel_state() {
    return shell(
        "(ip -o link | sed 's/^[0-9]*: //;s/ link.ether [0-9a-f:]* .*//;s/@if[0-9]*//';"
        " ip -o addr | sed 's/^[0-9]*: //;s/ secondary//';"
        " ip route show table all; ip -6 route show table all; ip rule; ip -6 rule)"
        " | sed 's/ pref medium//' | sort");
  }
  std::string said() {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = read(daemon_.output.get(), buffer, sizeof(buffer))) > 0;)
      text.append(buffer, static_cast<std::size_t>(count));
    return text;
  }

 private:
  // An empty object while nobody answers.
  json asked_status() { return parsed(shell(fmt::format("{} status --json", BATON_PROGRAM))); }
  static json parsed(const std::string& text) {
    const json said = json::parse(text, nullptr, false);
    return said.is_object() ? said : json::object();
  }
  // Runs it to its end; what it writes.
  std::string shell(const std::string& command) {
    auto program = machine_.start({"sh", "-c", command});
    if (!program) return to_string(program.error());
    std::string text;
    char buffer[4096];
    pollfd readable{.fd = program->output.get(), .events = POLLIN, .revents = 0};
    constexpr int bound_ms = 60'000;
    while (poll(&readable, 1, bound_ms) == 1) {
      const ssize_t count = read(program->output.get(), buffer, sizeof(buffer));
      if (count == 0) break;
      if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

  Machine machine_;
  Program daemon_;
};

// One seed: a server that reloads, and one that starts where the other shall get.
struct Play {
  explicit Play(std::uint64_t its_seed)
      : seed(its_seed),
        pair(support::random_configuration_pair(seed, {.has_vmacs = seed % 4 == 0, .advert_interval_most_ms = 1000})),
        reloads(fmt::format("reloads-{}", seed)),
        fresh(fmt::format("fresh-{}", seed)) {}

  std::uint64_t seed;
  support::ConfigurationPair pair;
  Server reloads;
  Server fresh;
};
using Plays = std::vector<std::unique_ptr<Play>>;

// Until it holds for all of them; those it does not hold for in the end.
std::vector<Play*> wait_for_all(const Plays& plays, const std::function<bool(Play&)>& holds) {
  std::vector<Play*> waiting;
  for (const auto& play : plays) waiting.push_back(play.get());
  const Instant end = now() + settled_within;
  while (!waiting.empty() && now() < end) {
    std::erase_if(waiting, [&](Play* play) { return holds(*play); });
    if (!waiting.empty()) (void)poll(nullptr, 0, static_cast<int>(look_again / 1ms));
  }
  return waiting;
}

void expect_none(const std::vector<Play*>& plays, std::string_view what) {
  for (Play* play : plays) {
    ADD_FAILURE() << "seed " << play->seed << " " << what << "\n--- before\n"
                  << play->pair.before << "--- after\n"
                  << play->pair.after << "--- after the reload\n"
                  << play->reloads.kernel_state() << "--- after a fresh start\n"
                  << play->fresh.kernel_state() << "--- said\n"
                  << play->reloads.said();
  }
}

TEST(RandomReload, ends_where_a_fresh_start_ends) {
  if (!has_batond()) GTEST_SKIP() << "batond is not built";
  std::uint64_t first = 1;
  std::uint64_t last = 16;
  if (const char* seeds = std::getenv("BATON_RELOAD_SEEDS")) (void)std::sscanf(seeds, "%lu..%lu", &first, &last);
  std::ptrdiff_t masters = 0;
  for (std::uint64_t begin = first; begin <= last && !HasFailure(); begin += at_a_time) {
    Plays plays;
    for (std::uint64_t seed = begin; seed <= last && plays.size() < at_a_time; ++seed) {
      plays.push_back(std::make_unique<Play>(seed));
      plays.back()->reloads.start(plays.back()->pair.before);
      plays.back()->fresh.start(plays.back()->pair.after);
    }
    expect_none(wait_for_all(plays, [](Play& play) { return play.reloads.is_settled() && play.fresh.is_settled(); }),
                "does not settle");
    for (const auto& play : plays) {
      const json report = play->reloads.reload(play->pair.after);
      EXPECT_EQ(report.value("result", ""), "carried-out") << "seed " << play->seed << " " << report;
    }
    expect_none(wait_for_all(plays,
                             [](Play& play) {
                               return play.reloads.is_settled() &&
                                      play.reloads.kernel_state() == play.fresh.kernel_state();
                             }),
                "ends elsewhere");
    for (const auto& play : plays) masters += play->reloads.masters();
  }
  EXPECT_GT(masters, 0) << "nothing but FAULT is nothing to compare";
}

}  // namespace
}  // namespace baton::lab
