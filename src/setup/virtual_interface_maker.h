// Which interfaces the routers of a configuration need for themselves (use_vmac, use_ipvlan), and under which names.
// Addresses, adverts and announcements are then simply on those interfaces: nobody else knows that they are made.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "config/model.h"
#include "setup/setup.h"

namespace baton::setup {

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

// The first name, in keepalived's order, that is free: vrrp.51, then vrrp6.51 for IPv6, then vrrp1.51, vrrp2.51 ...
std::string choose_name(const VirtualInterfaceSetup& interface, const std::function<bool(const std::string&)>& is_free);

}  // namespace baton::setup
