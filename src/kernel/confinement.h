// Takes from this process, for good, what its work does not need: capabilities (capabilities(7)), system calls
// (seccomp(2)), files (landlock(7)). For processes that hear strangers.
#pragma once

#include <span>
#include <string>

#include "base/sys_error.h"

namespace baton::kernel {

// Every capability, and new privileges: also of the program that is executed from now on. For root that must be root
// for those it talks to, and needs no power over anything else.
SysResult<void> give_up_capabilities();

// What serving clients on sockets that are open already takes. New sockets may be netlink ones, and Unix ones for
// datagrams (the log's) alone; no file is opened, no program started, no memory becomes code, no other process is
// looked at or signalled. A call that is not allowed fails with EPERM. What is to be read from files is read before; so
// is the time zone.
SysResult<void> confine_server();

// What a client of others' servers may have beyond that.
struct ClientPowers {
  bool marks = false;      // sets a mark on its packets: CAP_NET_ADMIN
  bool low_ports = false;  // binds to ports below 1024: CAP_NET_BIND_SERVICE
};
// As confine_server, but new sockets may be IPv4 and IPv6 ones instead of netlink ones.
SysResult<void> confine_client(const ClientPowers& powers);
// As confine_server, and CAP_NET_ADMIN is kept: netlink sockets that are opened later may change the network.
SysResult<void> confine_network_administrator();

// What moving addresses takes: CAP_NET_ADMIN, CAP_NET_RAW, and CAP_IPC_LOCK for memory that stays where it is. No
// program is started, no process made, signalled (but the parent) or looked at, no memory becomes code, no namespace is
// left or made, nothing mounted, no module loaded; a call that would fails with EPERM. Where the kernel has Landlock,
// files are written below `writable` alone (directories; one that is not there is left out), EACCES elsewhere.
SysResult<void> confine_worker(std::span<const std::string> writable);

}  // namespace baton::kernel
