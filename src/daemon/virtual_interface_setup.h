// The interfaces that a configuration needs for itself (setup::VirtualInterfaceMaker) beside those that are there.
#pragma once

#include "base/sys_error.h"
#include "daemon/setup.h"
#include "kernel/interface_table.h"
#include "log/logger.h"

namespace baton::daemon {

// Is this interface the wanted one: of that kind, on that base, with that MAC address?
bool is_ours(const VirtualInterfaceSetup& interface, const kernel::Link& link,
             const kernel::InterfaceTable& interfaces);

// Names that somebody else's interface has are replaced: vrrp.51, then vrrp6.51 for IPv6, then vrrp1.51, vrrp2.51 ...
// An interface that an earlier life left is found under any of them.
void avoid_taken_names(Setup& setup, const kernel::InterfaceTable& interfaces);
// The same beside the interfaces that are there now; said where they cannot be read.
void choose_names(Setup& setup, log::Logger& log);

SysResult<kernel::InterfaceTable> read_interfaces();

}  // namespace baton::daemon
