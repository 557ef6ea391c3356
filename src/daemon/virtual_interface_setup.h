// Which interfaces the routers of a configuration need for themselves (use_vmac, use_ipvlan), and under which names.
// Addresses, adverts and announcements are then simply on those interfaces: nobody else knows that they are made.
#pragma once

#include <set>
#include <string>

#include "config/model.h"
#include "daemon/setup.h"
#include "kernel/interface_table.h"

namespace baton::daemon {

class VirtualInterfaceMaker {
 public:
  // Names that a user has chosen are nobody else's.
  VirtualInterfaceMaker(const config::Configuration& configuration, Setup& setup);

  // The router's own interface, and those of its addresses elsewhere; addresses and adverts move there. Two that have
  // base and MAC address in common are one.
  void add(const config::Instance& instance, RouterSetup& router);

 private:
  std::size_t own(const config::Instance& instance, const RouterSetup& router);
  std::size_t find_or_add(VirtualInterfaceSetup interface, const std::string& name);

  const config::Globals& globals_;
  Setup& setup_;
  std::set<std::string> names_;
};

// Is this interface the wanted one: of that kind, on that base, with that MAC address?
bool is_ours(const VirtualInterfaceSetup& interface, const kernel::Link& link,
             const kernel::InterfaceTable& interfaces);

// Names that somebody else's interface has are replaced: vrrp.51, then vrrp6.51 for IPv6, then vrrp1.51, vrrp2.51 ...
// An interface that an earlier life left is found under any of them.
void avoid_taken_names(Setup& setup, const kernel::InterfaceTable& interfaces);

}  // namespace baton::daemon
