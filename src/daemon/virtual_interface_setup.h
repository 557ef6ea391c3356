// The interfaces that a configuration needs for itself (setup::VirtualInterfaceMaker) beside those that are there.
#pragma once

#include "daemon/setup.h"
#include "kernel/interface_table.h"

namespace baton::daemon {

// Is this interface the wanted one: of that kind, on that base, with that MAC address?
bool is_ours(const VirtualInterfaceSetup& interface, const kernel::Link& link,
             const kernel::InterfaceTable& interfaces);

// Names that somebody else's interface has are replaced: vrrp.51, then vrrp6.51 for IPv6, then vrrp1.51, vrrp2.51 ...
// An interface that an earlier life left is found under any of them.
void avoid_taken_names(Setup& setup, const kernel::InterfaceTable& interfaces);

}  // namespace baton::daemon
