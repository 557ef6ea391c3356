// What the SNMP agent shows, made in the api role of the setup, a status and a look at the machine's interfaces.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/time.h"
#include "daemon/setup.h"

namespace baton::daemon {

nlohmann::json shown_by_snmp(const Setup& setup, const nlohmann::json& status, WallTime now);

}  // namespace baton::daemon
