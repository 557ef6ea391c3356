// Which packets the kernel is to drop for the routers, and the short-lived process that tells it. docs/decisions/0006.
#pragma once

#include <string>

#include "daemon/setup.h"
#include "kernel/firewall.h"
#include "kernel/interface_table.h"
#include "log/logger.h"

namespace baton::daemon {

// The rules do not depend on who is MASTER: what is not on this machine comes to no rule.
kernel::FirewallRules firewall_rules(const Setup& setup, const kernel::InterfaceTable& interfaces);

bool needs_firewall(const Setup& setup);

// Installs the rules of the setup as the interfaces are now, or removes the table where there are none. `marker`: a
// file that says which table there is, for whoever comes after a crash. Returns an exit status.
int set_firewall(const Setup& setup, const std::string& marker, log::Logger& log);
// Removes the table that the marker names.
int remove_firewall(const std::string& marker, log::Logger& log);
bool has_firewall(const std::string& marker);

}  // namespace baton::daemon
