// The guardian: the service's main process. Reads the configuration, starts the roles, watches them, and carries out
// their last will (docs/decisions/0002). It opens no socket to the network while all is well, and does so little that
// there is little to go wrong.
#pragma once

#include <functional>
#include <memory>

#include "daemon/options.h"
#include "daemon/reload_office.h"
#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

// Runs until a signal stops it. Returns the exit status.
int run_guardian(const Options& options, std::unique_ptr<Setup> setup, const log::Options& log, Reload reload);

}  // namespace baton::daemon
