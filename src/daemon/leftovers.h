// Addresses, routes, rules and interfaces that configurations before this one may have left, and the note of what a
// daemon manages (RUN_DIRECTORY/addresses): a file that was edited after the daemon read it does not say what is to be
// cleaned up.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/sys_error.h"
#include "daemon/setup.h"

namespace baton::daemon {

class Leftovers {
 public:
  void add(const Setup& setup);
  void add(std::span<const config::VirtualAddress> addresses);  // where one is there already: as it was put there last
  void clear();
  std::vector<config::VirtualAddress> all() const;
  RoutingLeftovers routing() const;
  std::vector<VirtualInterfaceSetup> interfaces() const;

 private:
  std::map<std::pair<std::string, IpPrefix>, config::VirtualAddress> addresses_;  // by device
  std::map<std::string, VirtualInterfaceSetup> interfaces_;                       // by name
  std::set<Route> routes_;
  std::set<Rule> rules_;
};

// One address a line, "DEVICE ADDRESS LENGTH"; replaces the note as a whole.
SysResult<void> write_managed(const std::string& run_directory, const Setup& setup,
                              std::span<const config::VirtualAddress> leftovers);
// Empty when there is no note. A line that is not of this form is passed over.
std::vector<config::VirtualAddress> read_managed(const std::string& run_directory);

}  // namespace baton::daemon
