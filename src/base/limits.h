// Our own bounds, in one place: these numbers are ours to change. Numbers of a specification live with their
// protocol in a namespace spec.
#pragma once

#include <cstddef>

namespace baton::limits {

inline constexpr std::size_t routers = 10'000;  // virtual routers on one node
inline constexpr std::size_t addresses_per_router =
    20'000;  // virtual_ipaddress and virtual_ipaddress_excluded together
inline constexpr std::size_t track_scripts = 4'000;
inline constexpr std::size_t scripts_of_a_runner = 65'536;  // of track scripts, or of checks
inline constexpr std::size_t track_files = 4'000;
inline constexpr std::size_t tracked_checks = 4'000;  // vrrp_check
inline constexpr std::size_t bfd_sessions = 1'000;    // bfd_instance
inline constexpr std::size_t command_size = 25'000;   // bytes of a program and its arguments: an event may call two
inline constexpr std::size_t argument_overhead = 4;   // bytes that each argument costs beyond its own
inline constexpr std::size_t message_size = 60'000;   // bytes of one message between two roles

}  // namespace baton::limits
