#include "sim/lockstep.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

// What both are compared by: adverts, and then the states. Reasons have no counterpart in the RFC.
std::string describe(const Actions& actions) {
  std::string adverts;
  std::string states;
  for (const Action& action : actions) {
    if (const auto* advert = std::get_if<SendAdvert>(&action)) adverts += fmt::format(" advert {}", advert->priority);
    if (const auto* change = std::get_if<StateChanged>(&action)) states += fmt::format(" {}", name(change->to));
  }
  return adverts + states;
}

RouterParameters core_parameters(const ReferenceParameters& parameters) {
  return {.version = parameters.version,
          .base_priority = parameters.priority,
          .advert_interval = parameters.advertisement_interval,
          .preempt = parameters.preempt_mode ? Preempt::yes : Preempt::no,
          .down_timer_adverts = parameters.down_timer_adverts,
          .make_before_break = false,
          .announcements = {.delay = 0s, .lower_priority_repeat = 0, .lower_priority_delay = 0s}};
}

std::string_view name(Lockstep::Step::What what) {
  using enum Lockstep::Step::What;
  switch (what) {
    case start_or_stop: return "start or stop";
    case fault: return "fault";
    case repair: return "fault gone";
    case advert: return "advert";
    case time: return "time";
    case priority: return "priority";
  }
  return "?";
}

ReferenceParameters draw_parameters(Random& random) {
  const Version version = random.chance(50) ? Version::v2 : Version::v3;
  return {.version = version,
          .priority = static_cast<std::uint8_t>(random.between(1, 254)),
          .advertisement_interval = version == Version::v2 ? 1s : random.pick<Duration>({10ms, 200ms, 1s}),
          .preempt_mode = random.chance(70),
          .down_timer_adverts = static_cast<unsigned>(random.between(1, 5)),
          .conduct = Conduct::baton};
}

Lockstep::Step draw_step(const ReferenceParameters& parameters, Random& random) {
  using enum Lockstep::Step::What;
  switch (random.below(20)) {
    case 0: return {.what = start_or_stop};
    case 1: return {.what = fault};
    case 2: return {.what = repair};
    case 3: return {.what = priority, .priority = static_cast<std::uint8_t>(random.between(1, 254))};
    default: break;
  }
  if (random.chance(50)) {
    const int near = parameters.priority + random.between(-2, 2);
    const int priority = random.pick({0, near, random.between(1, 255)});
    const auto source = Lockstep::own_address + static_cast<std::uint32_t>(random.between(-1, 1));
    return {.what = advert,
            .advert = {.source = IpAddress::v4(source),
                       .priority = static_cast<std::uint8_t>(std::clamp(priority, 0, 255)),
                       .interval = random.pick<Duration>({10ms, 100ms, 1s})}};
  }
  if (random.chance(50)) return {.what = time};
  return {.what = time, .ahead = random.between(0ms, 500ms)};
}

}  // namespace

Lockstep::Lockstep(const ReferenceParameters& parameters)
    : parameters_(parameters), core_(core_parameters(parameters)), reference_(parameters) {
  core_.on_source(IpAddress::v4(own_address));
  reference_.set_address(IpAddress::v4(own_address));
}

std::string Lockstep::take(const Step& step) {
  actions_.clear();
  expected_.clear();
  act(step);
  const auto what = [&] { return fmt::format("{} (of {})", name(step.what), step.advert.priority); };
  const std::string done = describe(actions_);
  const std::string expected = describe(expected_);
  if (done != expected) return fmt::format("{}: core does{}, reference{}", what(), done, expected);
  if (core_.state() != reference_.state()) {
    return fmt::format("{}: core is {}, reference is {}", what(), vrrp::name(core_.state()),
                       vrrp::name(reference_.state()));
  }
  if (core_.next_timeout() != reference_.next_timeout()) return what() + ": they do not wait for the same";
  return {};
}

void Lockstep::act(const Step& step) {
  switch (step.what) {
    case Step::What::start_or_stop:
      if (core_.state() == State::init) {
        core_.start(now_, actions_);
        return reference_.startup(now_, expected_);
      }
      core_.stop(now_, actions_);
      core_.on_faults({}, Reason::tracked_up, now_, actions_);  // the reference forgets its faults
      return reference_.shutdown(expected_);
    case Step::What::fault:
      if (core_.state() == State::init) return;
      core_.on_faults({.tracked_down = true}, Reason::tracked_down, now_, actions_);
      return reference_.fail(expected_);
    case Step::What::repair:
      if (core_.state() != State::fault) return;
      core_.on_faults({}, Reason::tracked_up, now_, actions_);
      return reference_.recover(now_, expected_);
    case Step::What::advert:
      ++adverts_;
      core_.on_advert(step.advert, now_, actions_);
      return reference_.receive(step.advert, now_, expected_);
    case Step::What::time: {
      const auto deadline = core_.next_timeout();
      const Duration far = deadline ? std::max<Duration>(*deadline - now_, 0s) : Duration(5s);
      now_ += std::min(far, step.ahead.value_or(far));
      core_.on_timeout(now_, actions_);
      return reference_.tick(now_, expected_);
    }
    case Step::What::priority:
      if (core_.state() == State::init || reference_.is_replacing()) return;
      core_.on_priority(step.priority, now_, actions_);
      return reference_.set_priority(step.priority, now_, expected_);
  }
}

std::string play_lockstep(std::uint64_t seed, Outcome& outcome) {
  Random random(seed);
  Lockstep pair(draw_parameters(random));
  std::string problem;
  for (int i = 0; i < 3000 && problem.empty(); ++i) {
    problem = pair.take(draw_step(pair.parameters(), random));
    ++outcome.counts.events;
    if (!problem.empty()) problem = fmt::format("step {}: {}", i, problem);
  }
  outcome.counts.adverts = pair.adverts();
  outcome.simulated = outcome.counts.machine_time = pair.simulated();
  return problem;
}

std::string walk_in_lockstep(Choices& choices) {
  using enum Lockstep::Step::What;
  const Version version = choices.yes() ? Version::v2 : Version::v3;
  const std::array<Duration, 3> intervals{10ms, 200ms, 1s};
  Lockstep pair({.version = version,
                 .priority = static_cast<std::uint8_t>(1 + choices.below(254)),
                 .advertisement_interval = version == Version::v2 ? 1s : choices.pick(intervals),
                 .preempt_mode = choices.yes(),
                 .down_timer_adverts = static_cast<unsigned>(1 + choices.below(5)),
                 .conduct = Conduct::baton});
  const std::array shares{0, 1, 3, 7, 50, 99, 100};
  while (!choices.are_over()) {
    Lockstep::Step step{.what = choices.pick(std::array{start_or_stop, fault, repair, advert, time, priority})};
    if (step.what == advert) {
      const std::uint32_t source = Lockstep::own_address - 1 + static_cast<std::uint32_t>(choices.below(3));
      step.advert = {.source = IpAddress::v4(source),
                     .priority = choices.next(),
                     .interval = (1 + choices.below(255)) * Duration(10ms)};
    } else if (step.what == priority) {
      step.priority = static_cast<std::uint8_t>(1 + choices.below(254));
    } else if (step.what == time && choices.yes()) {
      step.ahead = choices.pick(shares) * Duration(10ms);
    }
    if (std::string problem = pair.take(step); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace baton::sim
