// What the api role shows of BFD, from the role's ledger (docs/status.md).
#pragma once

#include <nlohmann/json.hpp>

#include "config/model.h"
#include "daemon/bfd_ledger.h"
#include "daemon/status.h"

namespace baton::daemon {

// null without a bfd_instance.
nlohmann::json bfd_status(const config::Configuration& configuration, const BfdLedger& ledger,
                          const ClockReading& clock);

}  // namespace baton::daemon
