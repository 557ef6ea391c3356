// One seed is one story: who the machines are, what happens to them, and what must hold afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/story.h"
#include "sim/world.h"

namespace baton::sim {

enum class Kind : std::uint8_t {
  chaos,     // anything to anybody on bad LANs; then quiet, and the address must settle
  planned,   // stops, returns, hand-overs, priorities on good LANs: no probe may be lost
  faults,    // one fault at a time: the outage must stay within what the protocol allows
  lockstep,  // the core and the reference router side by side
  churn      // half an hour beside keepalived and FRR: chaos, then quiet and settled, again and again
};
inline constexpr std::size_t kind_count = 5;
inline Kind kind_of(std::uint64_t seed) {
  return static_cast<Kind>(seed % kind_count);
}
std::string_view name(Kind kind);

Outcome play(std::uint64_t seed, bool record, const Witness& witness = {});
// What this seed plays, when that is a story: chaos and churn.
std::optional<Story> story_of(std::uint64_t seed);

// What every kind is made of.
std::vector<MachineParameters> random_machines(Random& random, Kind kind);
// After so long without a disturbance everything has settled, whatever went before.
Duration settling_time(const std::vector<MachineParameters>& machines);
// The same, for gateways and for checks that scripts judge.
Duration quiet_time(const std::vector<MachineParameters>& machines);

std::string play_planned(World& world, const std::vector<MachineParameters>& machines);
std::string play_faults(World& world, const std::vector<MachineParameters>& machines);
// Of its own: no world, one router of each kind and a stream of adverts.
std::string play_lockstep(std::uint64_t seed, Outcome& outcome);

}  // namespace baton::sim
