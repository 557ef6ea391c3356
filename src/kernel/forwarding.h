// Does this machine route IPv6 between interfaces? Decides the R flag of neighbour advertisements (RFC 4861 §4.4).
#pragma once

#include <string>

namespace baton::kernel {

// /proc/sys/net/ipv6/conf/INTERFACE/forwarding; false when it cannot be read.
bool forwards_ipv6(const std::string& interface);

}  // namespace baton::kernel
