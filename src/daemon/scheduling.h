// When the worker and the BFD role get the processor and their memory: real-time by default, so that others do not make
// their packets late.
#pragma once

#include <cstdint>

#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

enum class ScheduledRole : std::uint8_t { worker, bfd };

// Of the calling process. One without these is late more often and otherwise right, so that what fails is a line in the
// log.
void schedule(const Scheduling& scheduling, bool real_time, log::Logger& log,
              ScheduledRole role = ScheduledRole::worker);
// No page of it is ever fetched from a disk.
void lock_memory(log::Logger& log);

}  // namespace baton::daemon
