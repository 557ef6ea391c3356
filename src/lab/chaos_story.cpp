#include "lab/chaos_story.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <utility>

#include "base/assert.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest = 150ms;
constexpr int one_step_of_slow_ms = 10;

// The library's distributions differ from library to library; a seed shall not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  Duration between(Duration low, Duration high) {
    return low + Duration(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>((high - low).count() + 1)));
  }
  // As many short ones as long ones: a fault of 200 ms meets other code than one of 6 s.
  Duration scattered(Duration low, Duration high) {
    const double part = static_cast<double>(below(1001)) / 1000;
    const double ratio = static_cast<double>(high.count()) / static_cast<double>(low.count());
    return std::chrono::round<std::chrono::milliseconds>(low * std::pow(ratio, part));
  }
  // The first is the best node and has the address most of the time.
  NodeId node(std::size_t nodes) {
    const std::size_t drawn = below(nodes * (nodes + 1) / 2);
    NodeId node = 0;
    for (std::size_t sum = nodes; sum <= drawn; sum += nodes - node) ++node;
    return node;
  }

 private:
  std::mt19937_64 random_;
};

bool is_over_at_once(FaultKind kind) {
  return kind == FaultKind::kill_worker;
}

Act draw_act(const StoryDraw& draw, const std::vector<FaultKind>& kinds, Dice& dice) {
  Act act;
  const std::size_t count = 1 + dice.below(limits::faults_an_act);
  const NodeId spared = draw.nodes - 1 - dice.node(draw.nodes);
  std::map<NodeId, Duration> free_from;
  for (std::size_t i = 0; i < count; ++i) {
    NodeId node = dice.node(draw.nodes);
    if (node == spared) node = (spared + 1) % draw.nodes;
    Fault fault{.kind = kinds[dice.below(kinds.size())], .node = node};
    fault.begin = free_from[node] + dice.between(100ms, limits::longest_pause);
    fault.begin = std::chrono::round<std::chrono::milliseconds>(fault.begin);
    fault.lasts = is_over_at_once(fault.kind) ? Duration::zero() : dice.scattered(shortest, draw.longest);
    fault.strength = 10 + static_cast<int>(dice.below(61));
    free_from[node] = fault.begin + fault.lasts;
    act.faults.push_back(fault);
  }
  std::ranges::sort(act.faults, {}, [](const Fault& fault) { return std::pair(fault.begin, fault.node); });
  return act;
}

}  // namespace

std::string_view name(FaultKind kind) {
  switch (kind) {
    case FaultKind::link_down: return "link_down";
    case FaultKind::cable: return "cable";
    case FaultKind::cut: return "cut";
    case FaultKind::deaf: return "deaf";
    case FaultKind::mute: return "mute";
    case FaultKind::lossy: return "lossy";
    case FaultKind::slow: return "slow";
    case FaultKind::twice: return "twice";
    case FaultKind::stop_worker: return "stop_worker";
    case FaultKind::stop_all: return "stop_all";
    case FaultKind::kill_worker: return "kill_worker";
    case FaultKind::kill_guardian: return "kill_guardian";
    case FaultKind::kill_all: return "kill_all";
    case FaultKind::end: return "end";
    case FaultKind::reload: return "reload";
    case FaultKind::script_fails: return "script_fails";
    case FaultKind::script_hangs: return "script_hangs";
  }
  return {};
}

bool may_part(FaultKind kind) {
  switch (kind) {
    case FaultKind::cut:
    case FaultKind::deaf:
    case FaultKind::mute:
    case FaultKind::lossy:
    case FaultKind::slow:
    case FaultKind::stop_worker:
    case FaultKind::stop_all:
    case FaultKind::kill_all: return true;  // a corpse keeps its address
    case FaultKind::link_down:
    case FaultKind::cable:
    case FaultKind::twice:
    case FaultKind::kill_worker:
    case FaultKind::kill_guardian:
    case FaultKind::end:
    case FaultKind::reload:
    case FaultKind::script_fails:
    case FaultKind::script_hangs: return false;
  }
  return false;
}

bool kills(FaultKind kind) {
  switch (kind) {
    case FaultKind::kill_worker:
    case FaultKind::kill_guardian:
    case FaultKind::kill_all:
    case FaultKind::stop_worker: return true;  // a guardian may kill what does not answer
    case FaultKind::link_down:
    case FaultKind::cable:
    case FaultKind::cut:
    case FaultKind::deaf:
    case FaultKind::mute:
    case FaultKind::lossy:
    case FaultKind::slow:
    case FaultKind::twice:
    case FaultKind::stop_all:
    case FaultKind::end:
    case FaultKind::reload:
    case FaultKind::script_fails:
    case FaultKind::script_hangs: return false;
  }
  return false;
}

WireQuality wire_quality(const Fault& fault) {
  const double part = fault.strength / 100.0;
  switch (fault.kind) {
    case FaultKind::deaf: return {.to_node = {.loss = 1}};
    case FaultKind::mute: return {.from_node = {.loss = 1}};
    case FaultKind::lossy: return {.from_node = {.loss = part}, .to_node = {.loss = part}};
    case FaultKind::twice: return {.from_node = {.duplicate = part}, .to_node = {.duplicate = part}};
    case FaultKind::slow: {
      const WireDirection late{.most_delay = std::chrono::milliseconds(fault.strength * one_step_of_slow_ms)};
      return {.from_node = late, .to_node = late};
    }
    case FaultKind::link_down:
    case FaultKind::cable:
    case FaultKind::cut:
    case FaultKind::stop_worker:
    case FaultKind::stop_all:
    case FaultKind::kill_worker:
    case FaultKind::kill_guardian:
    case FaultKind::kill_all:
    case FaultKind::end:
    case FaultKind::reload:
    case FaultKind::script_fails:
    case FaultKind::script_hangs: return {};
  }
  return {};
}

Duration Act::lasts() const {
  Duration last{};
  for (const Fault& fault : faults) last = std::max(last, fault.begin + fault.lasts);
  return last;
}

std::vector<Act> draw_story(const StoryDraw& draw) {
  ASSERT(draw.nodes >= 2);
  std::vector<FaultKind> kinds = draw.kinds;
  for (std::size_t kind = 0; draw.kinds.empty() && kind < fault_kinds; ++kind) {
    kinds.push_back(static_cast<FaultKind>(kind));
  }
  Dice dice(draw.seed);
  std::vector<Act> acts;
  while (acts.size() < draw.acts) acts.push_back(draw_act(draw, kinds, dice));
  return acts;
}

}  // namespace baton::lab
