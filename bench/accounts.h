// What processes cost: processor time and memory, read from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace baton::bench {

// Of the processes and of all children they have reaped.
Duration processor_time(const std::vector<pid_t>& processes);

// Proportional set size: pages that several share count in parts.
std::uint64_t memory_kib(const std::vector<pid_t>& processes);

}  // namespace baton::bench
