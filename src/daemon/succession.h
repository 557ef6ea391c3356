// Which router of a new configuration goes on as which of the one before.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/setup.h"

namespace baton::daemon {

// For each router of `old` its place in `next`; nullopt: nobody goes on as it. Who is who: VRID, family, interface, and
// whether it speaks to peers or to a group; a name may change.
std::vector<std::optional<std::size_t>> successors(const Setup& old, const Setup& next);

// The name of a router that would go on without any of its addresses: as MASTER it would keep them from everybody.
std::optional<std::string> loses_all_addresses(const Setup& old, const Setup& next);

}  // namespace baton::daemon
