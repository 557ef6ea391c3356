#include "sim/shrink.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <ranges>
#include <string_view>
#include <utility>

namespace baton::sim {
namespace {

using namespace std::chrono_literals;

// Chance falls otherwise once something is left out, so a smaller story is given some.
constexpr std::uint64_t seeds_tried = 3;

// Problems that differ in numbers, and in how many machines they name, are of one kind.
std::string kind_of(const std::string& problem) {
  std::string kind;
  for (const auto range : std::views::split(problem, ' ')) {
    const std::string_view word(range.begin(), range.end());
    const bool is_machine = word.size() > 1 && word[0] == 'm' && std::isdigit(static_cast<unsigned char>(word[1])) != 0;
    if (is_machine) continue;
    std::ranges::copy_if(word, std::back_inserter(kind), [](unsigned char each) { return std::isdigit(each) == 0; });
  }
  return kind;
}

class Shrinker {
 public:
  Shrinker(const Story& story, const Hooks& hooks) : story_(story), hooks_(hooks) {
    kind_ = kind_of(play(story, false, hooks_).problem);
  }

  Shrunk run() {
    if (!kind_.empty()) {
      bool is_smaller = true;
      while (is_smaller && tries_ < limits::shrink_tries) {
        is_smaller = drop_happenings();
        is_smaller = drop_machines() || is_smaller;
        is_smaller = simplify() || is_smaller;
      }
    }
    return {.story = story_, .outcome = play(story_, true, hooks_), .tries = tries_};
  }

 private:
  bool take_if_bad(Story candidate) {
    for (std::uint64_t i = 0; i < seeds_tried && tries_ < limits::shrink_tries; ++i) {
      candidate.seed = story_.seed + i;
      ++tries_;
      if (kind_of(play(candidate, false, hooks_).problem) != kind_) continue;
      story_ = std::move(candidate);
      return true;
    }
    return false;
  }

  // Ever smaller parts of the list are left out. What follows happens when it did, or else that much earlier.
  bool drop_happenings() {
    const std::size_t before = story_.happenings.size();
    for (std::size_t part = std::max<std::size_t>(before / 2, 1); part > 0; part /= 2) {
      for (std::size_t at = 0; at < story_.happenings.size();) {
        if (!take_if_bad(without(at, part, true)) && !take_if_bad(without(at, part, false))) at += part;
      }
    }
    return story_.happenings.size() < before;
  }

  Story without(std::size_t at, std::size_t count, bool keeps_time) const {
    Story smaller = story_;
    const auto begin = smaller.happenings.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(count, smaller.happenings.size() - at));
    Duration left_out{};
    for (auto each = begin; each != end; ++each) left_out += each->after;
    if (keeps_time && end != smaller.happenings.end()) end->after += left_out;
    smaller.happenings.erase(begin, end);
    return smaller;
  }

  bool drop_machines() {
    bool is_smaller = false;
    for (std::size_t machine = 0; machine < story_.machines.size() && story_.machines.size() > 1;) {
      Story smaller = story_;
      smaller.machines.erase(smaller.machines.begin() + static_cast<std::ptrdiff_t>(machine));
      std::erase_if(smaller.happenings, [&](const Happening& each) { return each.machine == machine; });
      for (Happening& each : smaller.happenings) each.machine -= each.machine > machine ? 1 : 0;
      if (take_if_bad(std::move(smaller))) {
        is_smaller = true;
      } else {
        ++machine;
      }
    }
    return is_smaller;
  }

  // Round waits, and LANs that do nothing.
  bool simplify() {
    bool is_simpler = false;
    for (std::size_t i = 0; i < story_.happenings.size(); ++i) {
      const Happening& now = story_.happenings[i];
      for (const Duration after : {Duration(0s), Duration(now.after / 1s * 1s), Duration(now.after / 10ms * 10ms)}) {
        if (after == story_.happenings[i].after) break;
        Story simpler = story_;
        simpler.happenings[i].after = after;
        if (!take_if_bad(std::move(simpler))) continue;
        is_simpler = true;
        break;
      }
      if (story_.happenings[i].quality == Quality{}) continue;
      Story simpler = story_;
      simpler.happenings[i].quality = {.loss_percent = now.quality.loss_percent};
      if (simpler.happenings[i] != story_.happenings[i]) is_simpler = take_if_bad(std::move(simpler)) || is_simpler;
    }
    return is_simpler;
  }

  Story story_;
  const Hooks& hooks_;
  std::string kind_;
  std::size_t tries_ = 0;
};

}  // namespace

Shrunk shrink(const Story& story, const Hooks& hooks) {
  return Shrinker(story, hooks).run();
}

}  // namespace baton::sim
