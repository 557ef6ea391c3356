// What the kernel tells of links, addresses, routes and rules: rtnetlink(7) messages to values. A length that does not
// fit ends the list it stands in; a value that is too short counts as zero.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "kernel/netlink_socket.h"

struct nlmsghdr;

namespace baton::kernel {

// nullopt: not about the link itself. A bridge tells its ports' changes with the same message, and a port that leaves
// its bridge is "removed" in that family.
std::optional<Link> to_link(const nlmsghdr* message);
// nullopt: neither IPv4 nor IPv6, or without an address.
std::optional<InterfaceAddress> to_interface_address(const nlmsghdr* message);

// One datagram of a monitor; changes that concern nobody here are left out. `datagram` is aligned as nlmsghdr is.
void decode_changes(ByteView datagram, std::vector<Change>& changes);

}  // namespace baton::kernel
