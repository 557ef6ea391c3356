// The core and the reference router side by side: they hear and sleep the same, and must send, become and wait for the
// same. Of the core it is the plain subset: no make-before-break, and no timers but the two of the RFC.
#pragma once

#include <cstddef>
#include <string>

#include "sim/choices.h"
#include "sim/reference_router.h"
#include "vrrp/virtual_router.h"

namespace baton::sim {

class Lockstep {
 public:
  struct Step {
    enum class What : std::uint8_t { start_or_stop, fault, repair, advert, time, priority };
    What what = What::time;
    vrrp::Advert advert{};
    std::uint8_t priority = 100;
    // No further than to the next deadline, so that nobody is late; nullopt: as far as that.
    std::optional<Duration> ahead{};
  };

  explicit Lockstep(const ReferenceParameters& parameters);

  // Empty, or how they differ after it.
  std::string take(const Step& step);

  std::uint64_t adverts() const { return adverts_; }
  Duration simulated() const { return now_ - begin; }
  const ReferenceParameters& parameters() const { return parameters_; }
  static constexpr std::uint32_t own_address = 0x0a000010;

 private:
  static constexpr Instant begin{std::chrono::seconds(1000)};
  void act(const Step& step);

  ReferenceParameters parameters_;
  vrrp::VirtualRouter core_;
  ReferenceRouter reference_;
  Instant now_ = begin;
  vrrp::Actions actions_;
  vrrp::Actions expected_;
  std::uint64_t adverts_ = 0;
};

// Parameters and steps from bytes. Empty, or the first difference.
std::string walk_in_lockstep(Choices& choices);

}  // namespace baton::sim
