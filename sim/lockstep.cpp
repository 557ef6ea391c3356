// The core and the reference router hear and sleep the same; they must send, become and wait for the same.
#include <fmt/format.h>

#include <algorithm>

#include "sim/reference_router.h"
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

class Pair {
 public:
  explicit Pair(Random& random)
      : parameters_(draw(random)), core_(core_parameters(parameters_)), reference_(parameters_) {
    const IpAddress own = IpAddress::v4(0x0a000010);
    core_.on_source(own);
    reference_.set_address(own);
  }

  std::string step(Random& random) {
    actions_.clear();
    expected_.clear();
    const std::string what = act(random);
    const std::string done = describe(actions_);
    const std::string expected = describe(expected_);
    if (done != expected) return fmt::format("{}: core does{}, reference{}", what, done, expected);
    if (core_.state() != reference_.state()) {
      return fmt::format("{}: core is {}, reference is {}", what, name(core_.state()), name(reference_.state()));
    }
    if (core_.next_timeout() != reference_.next_timeout()) return what + ": they do not wait for the same";
    return {};
  }

  std::uint64_t adverts() const { return adverts_; }
  Duration simulated() const { return now_ - Instant(1000s); }

 private:
  static ReferenceParameters draw(Random& random) {
    const Version version = random.chance(50) ? Version::v2 : Version::v3;
    return {.version = version,
            .priority = static_cast<std::uint8_t>(random.between(1, 254)),
            .advertisement_interval = version == Version::v2 ? 1s : random.pick<Duration>({10ms, 200ms, 1s}),
            .preempt_mode = random.chance(70),
            .down_timer_adverts = static_cast<unsigned>(random.between(1, 5)),
            .conduct = Conduct::baton};
  }
  // The plain subset: no make-before-break, and no timers but the two of the RFC.
  static RouterParameters core_parameters(const ReferenceParameters& parameters) {
    return {.version = parameters.version,
            .base_priority = parameters.priority,
            .advert_interval = parameters.advertisement_interval,
            .preempt = parameters.preempt_mode ? Preempt::yes : Preempt::no,
            .down_timer_adverts = parameters.down_timer_adverts,
            .make_before_break = false,
            .announcements = {.delay = 0s, .lower_priority_repeat = 0, .lower_priority_delay = 0s}};
  }

  std::string act(Random& random) {
    switch (random.below(20)) {
      case 0:
        if (core_.state() == State::init) {
          core_.start(now_, actions_);
          reference_.startup(now_, expected_);
        } else {
          core_.stop(now_, actions_);
          core_.on_faults({}, Reason::tracked_up, now_, actions_);  // the reference forgets its faults
          reference_.shutdown(expected_);
        }
        return "start or stop";
      case 1:
        if (core_.state() == State::init) return "nothing";
        core_.on_faults({.tracked_down = true}, Reason::tracked_down, now_, actions_);
        reference_.fail(expected_);
        return "fault";
      case 2:
        if (core_.state() != State::fault) return "nothing";
        core_.on_faults({}, Reason::tracked_up, now_, actions_);
        reference_.recover(now_, expected_);
        return "fault gone";
      default: break;
    }
    if (random.chance(50)) {
      ++adverts_;
      const int near = parameters_.priority + random.between(-2, 2);
      const int priority = random.pick({0, near, random.between(1, 255)});
      const Advert advert{.source = IpAddress::v4(0x0a000010 + static_cast<std::uint32_t>(random.between(-1, 1))),
                          .priority = static_cast<std::uint8_t>(std::clamp(priority, 0, 255)),
                          .interval = random.pick<Duration>({10ms, 100ms, 1s})};
      core_.on_advert(advert, now_, actions_);
      reference_.receive(advert, now_, expected_);
      return fmt::format("advert with priority {}", advert.priority);
    }
    // Until the next deadline and no further, so that nobody is late.
    const auto deadline = core_.next_timeout();
    const Duration far = deadline ? std::max<Duration>(*deadline - now_, 0s) : Duration(5s);
    now_ += random.chance(50) ? far : std::min(far, random.between(0ms, 500ms));
    core_.on_timeout(now_, actions_);
    reference_.tick(now_, expected_);
    return "time";
  }

  ReferenceParameters parameters_;
  VirtualRouter core_;
  ReferenceRouter reference_;
  Instant now_{1000s};
  Actions actions_;
  Actions expected_;
  std::uint64_t adverts_ = 0;
};

}  // namespace

std::string play_lockstep(std::uint64_t seed, Outcome& outcome) {
  Random random(seed);
  Pair pair(random);
  std::string problem;
  for (int i = 0; i < 3000 && problem.empty(); ++i) {
    problem = pair.step(random);
    ++outcome.counts.events;
    if (!problem.empty()) problem = fmt::format("step {}: {}", i, problem);
  }
  outcome.counts.adverts = pair.adverts();
  outcome.simulated = pair.simulated();
  return problem;
}

}  // namespace baton::sim
