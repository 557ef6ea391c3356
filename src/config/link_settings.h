// What is said of interfaces themselves: interface_up_down_delays, linkbeat_interfaces, garp_group.
#pragma once

#include "config/blocks.h"

namespace baton::config {

// After the instances, whose interfaces and intervals count.
void read_link_settings(const Context& context, const Statement& root, Configuration& configuration);

}  // namespace baton::config
