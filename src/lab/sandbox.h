// One place for everything a lab makes: network, mounts, processes, host name. Whatever happens inside, and however its
// maker ends (return, ctrl-C, SIGKILL, crash), the kernel takes all of it away: the body runs as pid 1 of a process
// namespace of its own and dies with its parent, and with pid 1 die its descendants, their namespaces and their mounts.
#pragma once

#include <functional>

#include "base/sys_error.h"

namespace baton::lab {

// Runs `body` in a sandbox and gives its exit code, 128 + signal when it was killed. SIGINT, SIGTERM and SIGHUP end the
// sandbox first and then count as that signal. Without root a user namespace is tried. The caller must have one thread.
SysResult<int> run_in_sandbox(const std::function<int()>& body);

// True in a sandbox that had to take a user namespace: one user exists, programs cannot change theirs.
bool is_unprivileged_sandbox();

}  // namespace baton::lab
