// Who is who on the simulated LANs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ip_address.h"
#include "base/time.h"
#include "vrrp/action.h"

namespace baton::sim {

// The wall clock of all machines at the instant 0 of theirs.
inline constexpr WallTime begin_of_time{std::chrono::seconds(1'800'000'000)};

inline IpAddress source_of(std::size_t machine, vrrp::RouterId router) {
  return IpAddress::v4(0x0a000000 + (router << 8) + static_cast<std::uint32_t>(machine) + 1);
}

inline IpAddress virtual_address_of(vrrp::RouterId router) {
  return IpAddress::v4(0x0a0000c8 + (router << 8));
}

}  // namespace baton::sim
