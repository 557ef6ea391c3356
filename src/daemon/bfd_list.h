// The BFD sessions of a configuration as the core wants them, and by which keys others know them.
#pragma once

#include <cstdint>
#include <vector>

#include "bfd/session_table.h"
#include "config/model.h"
#include "daemon/check_ledger.h"

namespace baton::daemon {

// On the wire: the same while neighbour, our address and port are, whatever its name, its timers or who tracks it.
using BfdKey = std::uint64_t;

BfdKey wire_key_of(const config::BfdSession& session);
// By which worker and checker know what is told of it (check_verdict.h): with its name.
CheckKey verdict_key_of(const config::BfdSession& session);
bfd::SessionParameters parameters_of(const config::BfdSession& session);

}  // namespace baton::daemon
