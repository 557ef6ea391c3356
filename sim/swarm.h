// Draws stories as a swarm: each seed has some faults on and others off, and some of them strong. A world in which all
// goes wrong at once hides what one fault alone would show (Groce et al., "Swarm Testing", 2012).
#pragma once

#include <array>

#include "sim/random.h"
#include "sim/story.h"

namespace baton::sim {

struct Swarm {
  std::array<unsigned, what_count> weight{};  // 0: off
  Quality worst;
  std::int32_t drift = 0;  // at most, in parts of a million
  Duration step{};         // at most
  int hurry_percent = 70;  // the next thing happens within an advert interval
};
Swarm draw_swarm(Random& random);

// Without `rounds` one row of happenings; with them, many rows with a quiet time after each.
enum class Rounds : std::uint8_t { one, half_an_hour };
Story draw_story(std::vector<MachineParameters> machines, Rounds rounds, Random& random);

// What a reload may change, drawn anew from the present.
vrrp::NodeParameters draw_reload(vrrp::NodeParameters present, std::uint64_t seed);

}  // namespace baton::sim
