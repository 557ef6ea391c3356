// sim --seeds 1..5000 [--seconds N] [--least N] [--jobs N]     many worlds, one line
// sim --seed N                                     one world, with its timeline; one that fails is made smaller
// sim --story FILE                                 what such a smaller one was written to
// sim --table                                      takeover times of the lab, Baton and stock
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "sim/scenario.h"
#include "sim/shrink.h"
#include "sim/takeover_table.h"

namespace {

using namespace baton::sim;

constexpr std::string_view usage =
    "usage: sim [--seeds FIRST..LAST] [--seed N] [--seconds N] [--least N] [--jobs N] | --story FILE | --table\n"
    "  --seeds FIRST..LAST  the worlds to play, 1..2000 when not given\n"
    "  --seed N             one world, with its timeline; a story that fails is made smaller\n"
    "  --story FILE         one story, with its timeline\n"
    "  --seconds N          begin no world after so many seconds of real time, but for --least\n"
    "  --least N            goes on until so many were played, 1 when not given\n"
    "  --jobs N             so many at a time, 1 when not given\n"
    "  --table              takeover times of the lab with two web servers\n";
constexpr unsigned jobs_most = 64;
constexpr std::size_t failures_shown = 5;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t last = 2000;
  std::uint64_t seconds = 3600;
  std::uint64_t least = 1;
  std::uint64_t jobs = 1;
  bool single = false;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Options> parse(std::vector<std::string_view> words) {
  Options options;
  if (words.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string_view value = words[i + 1];
    if (words[i] == "--seeds") {
      const std::size_t dots = value.find("..");
      if (dots == std::string_view::npos) return std::nullopt;
      const auto first = number(value.substr(0, dots));
      const auto last = number(value.substr(dots + 2));
      if (!first || !last || *last < *first) return std::nullopt;
      options.first = *first;
      options.last = *last;
      continue;
    }
    const auto each = number(value);
    if (!each) return std::nullopt;
    if (words[i] == "--seed") {
      options.first = options.last = *each;
      options.single = true;
    } else if (words[i] == "--seconds") {
      options.seconds = *each;
    } else if (words[i] == "--least") {
      options.least = *each;
    } else if (words[i] == "--jobs") {
      options.jobs = std::min<std::uint64_t>(std::max<std::uint64_t>(*each, 1), jobs_most);
    } else {
      return std::nullopt;
    }
  }
  return options;
}

struct Total {
  std::mutex lock;
  std::uint64_t passed = 0;
  std::vector<std::uint64_t> failed;
  Counts counts;
  baton::Duration simulated{};

  void add(std::uint64_t seed, const Outcome& outcome) {
    const std::lock_guard guard(lock);
    counts.events += outcome.counts.events;
    counts.adverts += outcome.counts.adverts;
    counts.rejected += outcome.counts.rejected;
    counts.transitions += outcome.counts.transitions;
    counts.unheard += outcome.counts.unheard;
    counts.machine_time += outcome.counts.machine_time;
    simulated += outcome.simulated;
    if (outcome.problem.empty()) {
      ++passed;
    } else {
      failed.push_back(seed);
    }
  }
};

void tell(const Outcome& outcome) {
  for (const std::string& line : outcome.timeline) fmt::print("  {}\n", line);
}

// The same in small, if it is one that can be: to be kept in tests/unit/sim/stories.
void tell_smaller(std::uint64_t seed) {
  const auto story = story_of(seed);
  if (!story) return;
  const Shrunk shrunk = shrink(*story);
  fmt::print("in small ({} of {} happenings, {} stories tried):\n", shrunk.story.happenings.size(),
             story->happenings.size(), shrunk.tries);
  tell(shrunk.outcome);
  fmt::print("{}\nas a story, for sim --story FILE and tests/unit/sim/stories:\n{}", shrunk.outcome.problem,
             write(shrunk.story));
}

void tell(std::uint64_t seed) {
  const Outcome outcome = play(seed, true);  // once more, with its timeline
  tell(outcome);
  fmt::print("seed {} ({}): {}\n", seed, name(kind_of(seed)), outcome.problem.empty() ? "passed" : outcome.problem);
  if (outcome.problem.empty()) return;
  fmt::print("repeat with: sim --seed {}\n", seed);
  tell_smaller(seed);
}

int tell_story(const char* path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto story = read_story(text);
  if (!file || !story) {
    fmt::print(stderr, "sim: {} is no story\n", path);
    return 2;
  }
  const Outcome outcome = play(*story, true);
  tell(outcome);
  fmt::print("{}\n", outcome.problem.empty() ? "passed" : outcome.problem);
  return outcome.problem.empty() ? 0 : 1;
}

void play_all(const Options& options, Total& total) {
  std::atomic<std::uint64_t> next = options.first;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  std::vector<std::jthread> workers;
  for (std::uint64_t i = 0; i < options.jobs; ++i) {
    workers.emplace_back([&] {
      while (std::chrono::steady_clock::now() < end || next < options.first + options.least) {
        const std::uint64_t seed = next++;
        if (seed > options.last) return;
        total.add(seed, play(seed, false));
      }
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--table") {
    print_takeover_table();
    return 0;
  }
  if (argc == 3 && std::string_view(argv[1]) == "--story") return tell_story(argv[2]);
  const auto options = parse(std::vector<std::string_view>(argv + 1, argv + argc));
  if (!options) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  if (options->single) {
    tell(options->first);
    return 0;
  }
  Total total;
  play_all(*options, total);
  std::ranges::sort(total.failed);
  for (std::size_t i = 0; i < std::min(total.failed.size(), failures_shown); ++i) tell(total.failed[i]);
  fmt::print(
      "sim: {} h of network, {} h of machines, {} events, {} adverts ({} rejected), {} transitions: {} passed, {} "
      "failed\n",
      total.simulated / std::chrono::hours(1), total.counts.machine_time / std::chrono::hours(1), total.counts.events,
      total.counts.adverts, total.counts.rejected, total.counts.transitions, total.passed, total.failed.size());
  const std::uint64_t played = total.passed + total.failed.size();
  if (played < options->least) fmt::print(stderr, "sim: {} worlds, {} are wanted\n", played, options->least);
  return total.failed.empty() && played >= options->least ? 0 : 1;
}
