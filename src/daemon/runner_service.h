// The runner as a service of its own (docs/decisions/0024): where batond lives in a sandbox, what notify_master mounts,
// loads or writes must still happen on this machine. systemd listens on a SOCK_SEQPACKET socket that is root's alone
// (packaging/baton-runner.socket) and starts a `batond --runner` for each connection; the connection is the guardian's
// channel to it, and its end is the guardian's end.
#pragma once

#include <string>

#include "base/sys_error.h"
#include "kernel/channel.h"
#include "kernel/process_settings.h"

namespace baton::daemon {

// A runner that counts its scripts' runs in `ledger`, if there is one. ECONNREFUSED, ENOENT: nobody listens there.
SysResult<kernel::Channel> call_runner(const std::string& socket_path, const kernel::SharedMemory& ledger);

// `batond --runner`: the connection is what the service manager has passed (sd_listen_fds(3)). Returns the exit status.
int serve_as_runner();

}  // namespace baton::daemon
