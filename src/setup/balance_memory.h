// What is known of checks, services and real servers through a reload: carried from the numbers of one configuration to
// those of the next, and what follows from it for the kernel's table without a look at it. PURE.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "balance/balancer.h"
#include "base/time.h"
#include "config/model.h"

namespace baton::setup {

// As numbered in one configuration, of which it says something of all.
struct BalanceMemory {
  std::vector<balance::CheckMemory> checks;
  std::vector<std::optional<bool>> has_quorum;  // of each service; nullopt: not known
  std::vector<bool> is_drained;                 // of each real server
  std::vector<bool> is_known;                   // of each real server: it was there before
  std::vector<std::optional<Instant>> rises;    // of each real server: when its slow_start began, where it still lasts
};

// For a configuration that takes the place of another one. A check that is the same keeps its state, a BFD_CHECK where
// its session is the same as well; a server whose checks are others keeps whether it is up until they say more, and is
// drained if it was.
BalanceMemory carry_over(const config::Configuration& before, const BalanceMemory& memory,
                         const config::Configuration& after);

// The tables of the services that two configurations have differently: what a balancer of each one has in the kernel at
// `now`. What the kernel refused is not known here, so that the table has to be looked at all the same.
struct ServiceShift {
  ServiceTable before;
  ServiceTable after;
};
ServiceShift service_shift(const config::Configuration& before, const BalanceMemory& memory_before,
                           const config::Configuration& after, const BalanceMemory& memory_after, Instant now);

}  // namespace baton::setup
