// Which interfaces and addresses matter to the routers of a setup; what else happens on the machine does not wake them.
#pragma once

#include <set>
#include <string>

#include "daemon/setup.h"
#include "kernel/interface_table.h"

namespace baton::daemon {

class Interests {
 public:
  explicit Interests(const Setup& setup);

  bool has(const std::string& interface) const { return interfaces_.contains(interface); }
  // May it be what adverts leave with? Not asked of a virtual address.
  bool has_source(const kernel::InterfaceAddress& address, const kernel::InterfaceTable& interfaces) const;

 private:
  std::set<std::string> interfaces_;
  std::set<IpAddress> sources_;  // as configured
};

}  // namespace baton::daemon
