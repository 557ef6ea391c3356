// What checks may take of this machine and of those they check: ours to change, documented in docs/checks.md.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace baton::checker::limits {

inline constexpr std::size_t tries = 4'000;          // under way at once
inline constexpr std::size_t tries_of_address = 32;  // of them to one address
inline constexpr std::size_t starts_per_turn = 64;   // then what has come gets its turn
inline constexpr std::size_t read_bytes = 16 * 1024;
inline constexpr int reads_per_turn = 4;                 // of one connection
inline constexpr std::size_t unsent_bytes = 256 * 1024;  // that a server does not take
inline constexpr std::size_t kept_connections = 32'768;  // between tries; and half of the descriptors there may be
inline constexpr unsigned tries_of_connection = 32;      // then a new one shows that one can be made
inline constexpr std::size_t checks = 65'536;            // of one configuration
inline constexpr std::size_t served_at_once = 128;       // connections, before the clock is looked at
// Tries that are due within a part of the shortest delay_loop begin together, within these bounds.
inline constexpr int grid_parts = 128;
inline constexpr Duration shortest_wait = std::chrono::milliseconds(1);
inline constexpr Duration longest_wait = std::chrono::milliseconds(8);

}  // namespace baton::checker::limits
