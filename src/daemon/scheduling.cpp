#include "daemon/scheduling.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "kernel/process_settings.h"

namespace baton::daemon {

namespace {

constexpr int default_real_time_priority = 40;
// A real-time process that spins would take the processor from everybody: after a second without a system call that
// sleeps the kernel ends it, and the guardian starts another. Sooner would end one that has ten thousand addresses.
constexpr std::uint64_t hard_limit_us = 1'000'000;

}  // namespace

void schedule(const Scheduling& scheduling, bool real_time, log::Logger& log, ScheduledRole role) {
  const bool is_worker = role == ScheduledRole::worker;
  const std::string prefix = is_worker ? "vrrp" : "bfd";
  const auto attempt = [&](const SysResult<void>& done, std::string_view consequence) {
    if (!done) log.warning(to_string(done.error()) + std::string(consequence));
  };
  if (!scheduling.processors.empty()) {
    attempt(kernel::set_processors(scheduling.processors), "; " + prefix + "_cpu_affinity has no effect");
  }
  if (scheduling.nice) attempt(kernel::set_nice(*scheduling.nice), "; " + prefix + "_priority has no effect");
  if (!real_time) return;
  const std::uint64_t told_after = scheduling.real_time_limit_us.value_or(hard_limit_us);
  attempt(
      kernel::set_real_time(scheduling.real_time_priority.value_or(default_real_time_priority),
                            {.told_after_us = told_after, .ended_after_us = std::max(told_after, hard_limit_us)}),
      is_worker ? "; adverts may be late when the machine is busy" : "; a busy machine may take a BFD session down");
}

void lock_memory(log::Logger& log) {
  if (const auto locked = kernel::lock_memory(); !locked) log.warning(to_string(locked.error()));
}

}  // namespace baton::daemon
