// When the worker gets the processor and its memory: real-time by default, so that others do not make its adverts late.
#pragma once

#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

// Of the calling process. A worker without these is late more often and otherwise right, so that what fails is a line
// in the log.
void schedule(const Scheduling& scheduling, bool real_time, log::Logger& log);
// No page of it is ever fetched from a disk.
void lock_memory(log::Logger& log);

}  // namespace baton::daemon
