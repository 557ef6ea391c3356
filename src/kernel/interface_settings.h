// Settings of an interface that are files below /proc/sys and not netlink.
#pragma once

#include <string>

namespace baton::kernel {

// Does the machine forward IPv6 that comes in there: is it a router on that link (RFC 4861 §4.4, the R flag)? False
// also where there is no IPv6.
bool forwards_ipv6(const std::string& interface);

}  // namespace baton::kernel
