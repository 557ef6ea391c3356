// Takes from this process, for good, what its work does not need: every capability (capabilities(7)), and every system
// call that is not on a list (seccomp(2)). For processes that speak with strangers.
#pragma once

#include "base/sys_error.h"

namespace baton::kernel {

// What serving clients on sockets that are open already, and writing files, takes. Sockets of its own may be Unix and
// netlink ones alone; no program is started, no memory becomes code, no other process is looked at. A call that is not
// allowed fails with EPERM.
SysResult<void> confine_server();

}  // namespace baton::kernel
