// What /proc says of processes, proc(5).
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace baton::process {

void for_each_process(const std::function<void(pid_t)>& visit);

struct ProcessStatus {
  std::string comm;  // the kernel's short name
  char state = '?';  // 'Z': it has ended
};
// nullopt: it is gone.
std::optional<ProcessStatus> status_of(pid_t pid);
// Empty for the kernel's own processes and for those that are gone. At most the first 64 KiB.
std::vector<std::string> command_line_of(pid_t pid);

// What we have used of the processor; time spent waiting for it is no cost of ours.
Duration processor_time();
// The parent has not yet asked how it ended.
bool is_still_there(int pidfd);

}  // namespace baton::process
