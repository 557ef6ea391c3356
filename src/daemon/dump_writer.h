// Writes the files that somebody asked the guardian for by a signal (docs/keepalived.md), in the api role: neither the
// guardian nor the worker waits for a disk.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "daemon/channel.h"
#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

void write_dump(Dump dump, const Setup& setup, const nlohmann::json& status, log::Logger& log);
// The worker does not answer: old numbers would pass for new ones.
void refuse_dump(Dump dump, const Setup& setup, log::Logger& log);

}  // namespace baton::daemon
