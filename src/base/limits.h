// Our own bounds, in one place: these numbers are ours to change. Numbers of a specification live with their
// protocol in a namespace spec.
#pragma once

#include <cstddef>

namespace baton::limits {

inline constexpr std::size_t routers = 10'000;  // virtual routers on one node
inline constexpr std::size_t addresses_per_router =
    20'000;                                          // virtual_ipaddress and virtual_ipaddress_excluded together
inline constexpr std::size_t message_size = 60'000;  // bytes of one message between two roles

}  // namespace baton::limits
