#include "sim/swarm.h"

#include <algorithm>
#include <numeric>

#include "sim/scenario.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr int happenings_of_one = 40;

unsigned& weight_of(Swarm& swarm, What what) {
  return swarm.weight[static_cast<std::size_t>(what)];
}

What draw_what(const Swarm& swarm, Random& random) {
  std::uint64_t at = random.below(std::accumulate(swarm.weight.begin(), swarm.weight.end(), 0U));
  std::size_t what = 0;
  while (at >= swarm.weight[what]) at -= swarm.weight[what++];
  return static_cast<What>(what);
}

Quality draw_quality(const Quality& worst, Random& random) {
  Quality quality;
  quality.loss_percent = random.between(0, worst.loss_percent);
  quality.duplicate_percent = random.between(0, worst.duplicate_percent);
  quality.delay = random.between(20us, worst.delay) / 1us * 1us;
  quality.jitter = random.between(0us, worst.jitter) / 1us * 1us;
  return quality;
}

std::int64_t draw_value(const Swarm& swarm, What what, Random& random) {
  switch (what) {
    case What::maintain: return random.pick({0, 1, 1, 2});
    case What::check:
    case What::link: return random.below(2) != 0 ? 1 : 0;
    case What::scripts: return random.between(0, 3);
    case What::log: return random.pick({0, 0, 1, 2});
    case What::starve: return random.between(100, 6000);
    case What::cut: return random.pick({1, 2, 3}) + (random.chance(50) ? 4 : 0);
    case What::step: return random.between(-swarm.step, swarm.step) / 1ms;
    case What::drift: return random.between(-swarm.drift, swarm.drift);
    case What::reload: return random.between(1, 1'000'000);
    case What::migrate: return random.pick({2, 3});
    case What::start:
    case What::stop:
    case What::handover:
    case What::crash:
    case What::guardian:
    case What::runner:
    case What::everything:
    case What::power:
    case What::hang:
    case What::pause:
    case What::freeze:
    case What::wake:
    case What::heal:
    case What::quality:
    case What::quiet: return 0;
  }
  return 0;
}

// The longest interval; of what a reload makes of it too.
Duration interval_of(const std::vector<MachineParameters>& machines) {
  Duration interval{};
  for (const MachineParameters& machine : machines) {
    interval = std::max(interval, machine.node.routers[0].router.advert_interval);
  }
  return interval;
}

class Author {
 public:
  Author(Story& story, Random& random)
      : story_(story), random_(random), swarm_(draw_swarm(random)), interval_(interval_of(story.machines)) {}

  void begin() {
    for (std::size_t machine = 0; machine < story_.machines.size(); ++machine) {
      add({.after = random_.between(0ms, interval_), .what = What::start, .machine = machine});
    }
  }
  void disturb() {
    Happening next{.what = draw_what(swarm_, random_), .machine = random_.below(story_.machines.size())};
    next.after = random_.between(0ms, random_.chance(swarm_.hurry_percent) ? interval_ : 6 * interval_ + 1s);
    const auto router = static_cast<RouterId>(random_.below(story_.machines[0].node.routers.size()));
    if (next.what == What::link || next.what == What::cut) next.router = router;
    next.value = draw_value(swarm_, next.what, random_);
    if (next.what == What::quality) next.quality = draw_quality(swarm_.worst, random_);
    if (next.what == What::quality || next.what == What::heal) next.machine = 0;  // all of them
    add(next);
    if (next.what == What::migrate && random_.chance(50)) migrate_all(next);
  }
  void add(const Happening& happening) {
    length_ += happening.after;
    story_.happenings.push_back(happening);
  }
  void rest(Duration span) {
    add({.after = random_.between(0ms, interval_), .what = What::quiet});
    length_ += span;
  }
  Duration length() const { return length_; }

 private:
  // As an administrator does it: one machine after the other.
  void migrate_all(Happening next) {
    for (std::size_t i = 1; i < story_.machines.size(); ++i) {
      next.machine = (next.machine + 1) % story_.machines.size();
      next.after = random_.between(0ms, 6 * interval_);
      add(next);
    }
  }

  Story& story_;
  Random& random_;
  Swarm swarm_;
  Duration interval_;
  Duration length_{};
};

}  // namespace

Swarm draw_swarm(Random& random) {
  Swarm swarm;
  const bool all = random.chance(20);
  for (unsigned& weight : swarm.weight) {
    const bool is_on = random.chance(45);
    const unsigned drawn = random.pick({1U, 1U, 2U, 4U});
    weight = all ? 1 : is_on ? drawn : 0;
  }
  // What ends other faults; without it nothing but the first of them would be seen.
  for (const What what : {What::start, What::wake, What::heal}) {
    weight_of(swarm, what) = std::max(weight_of(swarm, what), 1U);
  }
  weight_of(swarm, What::quiet) = 0;
  swarm.worst = {.loss_percent = random.pick({0, 5, 20, 50}),
                 .duplicate_percent = random.pick({0, 0, 10, 50}),
                 .delay = random.pick<Duration>({50us, 1ms, 3ms}),
                 .jitter = random.pick<Duration>({0ms, 1ms, 20ms})};
  swarm.drift = random.pick({50, 500, 10'000});
  swarm.step = random.pick<Duration>({100ms, 3s, 3600s});
  swarm.hurry_percent = random.pick({30, 70, 90});
  return swarm;
}

Story draw_story(std::vector<MachineParameters> machines, Rounds rounds, Random& random) {
  Story story{.seed = random.next(), .machines = std::move(machines), .happenings = {}};
  Author author(story, random);
  author.begin();
  if (rounds == Rounds::one) {
    for (int i = 0; i < happenings_of_one; ++i) author.disturb();
    return story;
  }
  const Duration quiet = quiet_time(story.machines);
  while (author.length() < 30min) {
    for (int i = random.between(1, 8); i > 0; --i) author.disturb();
    author.rest(quiet);
  }
  return story;
}

NodeParameters draw_reload(NodeParameters present, std::uint64_t seed) {
  Random random(seed);
  const RouterParameters& before = present.routers.front().router;
  const bool is_owner = before.base_priority == spec::priority_owner;
  const int priority = is_owner || random.chance(50) ? before.base_priority : random.between(1, 254);
  const bool is_long = before.advert_interval >= 100ms;  // a story of short intervals takes long to play
  const Duration interval = random.pick<Duration>({before.advert_interval, is_long ? 100ms : 10ms, 200ms, 1s});
  const Preempt preempt = random.chance(80) ? Preempt::yes : Preempt::no;
  const Duration preempt_delay = random.chance(20) ? 2 * before.advert_interval : Duration{};
  const unsigned adverts = random.pick({3U, 3U, 2U});
  const bool make_before_break = random.chance(85);
  for (NodeRouterParameters& each : present.routers) {
    each.router.base_priority = static_cast<std::uint8_t>(priority);
    if (each.router.version == Version::v3) each.router.advert_interval = interval;
    each.router.preempt = preempt;
    each.router.preempt_delay = preempt_delay;
    each.router.down_timer_adverts = adverts;
    each.router.make_before_break = make_before_break;
  }
  return present;
}

}  // namespace baton::sim
