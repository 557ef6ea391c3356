#include "daemon/virtual_interfaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/virtual_interface_setup.h"

namespace baton::daemon {

namespace {

bool is_macvlan(const VirtualInterfaceSetup& interface) {
  return interface.wanted.kind == kernel::StackedKind::macvlan;
}

// Settings of a new interface; they go with it. Nothing on it may speak but the router: no address that the kernel
// makes up, no router solicitation, and ARP only for addresses that are on it.
kernel::Settings settings_of(const VirtualInterfaceSetup& interface) {
  const std::string v4 = "ipv4/conf/" + interface.wanted.name + "/";
  const std::string v6 = "ipv6/conf/" + interface.wanted.name + "/";
  kernel::Settings settings;
  if (is_macvlan(interface)) {
    settings[v6 + "addr_gen_mode"] = "1";
    settings[v6 + "accept_ra"] = "0";
    settings[v6 + "router_solicitations"] = "0";
  }
  if (!interface.carries_v6) settings[v6 + "disable_ipv6"] = "1";
  if (interface.family == Family::ipv4 && is_macvlan(interface)) {
    settings[v4 + "arp_ignore"] = "1";
    settings[v4 + "accept_local"] = "1";
    settings[v4 + "rp_filter"] = "0";
    settings[v4 + "promote_secondaries"] = "1";
  }
  return settings;
}

std::string mend_for(int code) {
  switch (code) {
    case EOPNOTSUPP: return "this kernel cannot make such interfaces; load the module, or do without";
    case EADDRINUSE:
    case EBUSY: return "another interface there has this MAC address; remove it, or choose another VRID";
    case EPERM: return "Baton needs CAP_NET_ADMIN";
    default: return "its routers stay in FAULT";
  }
}

const char* word_for(const VirtualInterfaceSetup& interface) {
  return is_macvlan(interface) ? "macvlan" : "ipvlan";
}

}  // namespace

VirtualInterfaces::VirtualInterfaces(const Setup& setup, const std::string& record, Say say)
    : setup_(setup),
      say_(std::move(say)),
      record_path_(record),
      record_(record),
      problems_(setup.virtual_interfaces.size()) {}

bool VirtualInterfaces::have_failed(vrrp::RouterId router) const {
  return std::ranges::any_of(setup_.routers[router].virtual_interfaces,
                             [&](std::size_t index) { return !problems_[index].empty(); });
}

void VirtualInterfaces::set_problem(std::size_t index, std::string problem) {
  if (problem == problems_[index]) return;
  if (!problem.empty()) say_(problem);
  problems_[index] = std::move(problem);
}

void VirtualInterfaces::look(kernel::NetlinkSocket& requests, kernel::InterfaceTable& interfaces) {
  auto links = requests.dump_links();
  auto addresses = requests.dump_addresses();
  if (links && addresses) {
    interfaces.replace(std::move(*links), *addresses);
  } else {
    say_(to_string(links ? addresses.error() : links.error()));
  }
}

bool VirtualInterfaces::follow(kernel::NetlinkSocket& requests, kernel::InterfaceTable& interfaces) {
  if (setup_.virtual_interfaces.empty()) {
    keep_settings(interfaces);  // what an earlier configuration wanted is restored
    return false;
  }
  const std::vector<std::size_t> made = make(requests, interfaces);
  if (!made.empty()) {
    for (const std::size_t index : made) {
      for (const auto& [name, value] : settings_of(setup_.virtual_interfaces[index])) {
        // Written also where it is so already: what was never written follows a change of the default.
        if (!kernel::read_setting(name)) continue;
        if (const auto set = kernel::write_setting(name, value); !set) say_(to_string(set.error()));
      }
    }
    look(requests, interfaces);
  }
  keep_settings(interfaces);
  bool changed = set_up(requests, interfaces) || !made.empty();
  changed = give_addresses(requests, interfaces) || changed;
  if (changed) look(requests, interfaces);
  return changed;
}

std::vector<std::size_t> VirtualInterfaces::make(kernel::NetlinkSocket& requests,
                                                 const kernel::InterfaceTable& interfaces) {
  std::vector<kernel::LinkRequest> wanted;
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < setup_.virtual_interfaces.size(); ++i) {
    const VirtualInterfaceSetup& interface = setup_.virtual_interfaces[i];
    const kernel::Link* base = interfaces.find(interface.base);
    const kernel::Link* there = interfaces.find(interface.wanted.name);
    if (base == nullptr) {
      set_problem(i, {});  // its routers are in FAULT because of that
    } else if (there != nullptr && is_ours(interface, *there, interfaces)) {
      continue;
    } else if (there != nullptr) {
      set_problem(i, fmt::format("{} is somebody else's interface; its routers stay in FAULT until it is gone",
                                 interface.wanted.name));
    } else if (!base->is_ethernet) {
      set_problem(i, fmt::format("{} is no Ethernet interface, so no {} can stand on it; remove use_vmac or use_ipvlan",
                                 interface.base, word_for(interface)));
    } else {
      kernel::LinkRequest request{.operation = kernel::LinkRequest::Operation::make, .interface = interface.wanted};
      request.interface.base_index = base->index;
      if (request.interface.group == 0) request.interface.group = base->group;
      const kernel::Link* master = interfaces.find(base->master);
      if (master != nullptr && master->kind == "vrf") request.interface.master = master->index;
      wanted.push_back(std::move(request));
      indexes.push_back(i);
    }
  }
  if (wanted.empty()) return {};
  const auto refused = requests.carry_out(wanted);
  if (!refused) {
    say_(to_string(refused.error()));
    return {};
  }
  for (const std::size_t i : indexes) problems_[i].clear();
  for (const kernel::RefusedRequest& one : *refused) {
    const std::size_t i = indexes[one.index];
    const VirtualInterfaceSetup& interface = setup_.virtual_interfaces[i];
    set_problem(i, fmt::format("{}; {}",
                               to_string(SysError{fmt::format("make {} {} on {}", word_for(interface),
                                                              interface.wanted.name, interface.base),
                                                  one.code}),
                               mend_for(one.code)));
  }
  std::erase_if(indexes, [&](std::size_t i) { return !problems_[i].empty(); });
  return indexes;
}

bool VirtualInterfaces::set_up(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces) {
  std::vector<kernel::LinkRequest> wanted;
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < setup_.virtual_interfaces.size(); ++i) {
    const VirtualInterfaceSetup& interface = setup_.virtual_interfaces[i];
    const kernel::Link* there = interfaces.find(interface.wanted.name);
    if (there == nullptr || there->is_enabled || !is_ours(interface, *there, interfaces)) continue;
    wanted.push_back({.operation = kernel::LinkRequest::Operation::set_up, .index = there->index});
    indexes.push_back(i);
  }
  if (wanted.empty()) return false;
  const auto refused = requests.carry_out(wanted);
  if (!refused) {
    say_(to_string(refused.error()));
    return false;
  }
  for (const kernel::RefusedRequest& one : *refused) {
    const std::size_t i = indexes[one.index];
    set_problem(
        i, fmt::format("{}; {}", to_string(SysError{"set up " + setup_.virtual_interfaces[i].wanted.name, one.code}),
                       mend_for(one.code)));
  }
  return refused->size() < wanted.size();
}

// An ipvlan's own address; for IPv6 adverts the base's link-local one, deprecated so that nothing else leaves with it.
bool VirtualInterfaces::give_addresses(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces) {
  namespace flag = kernel::address_flag;
  using enum kernel::AddressRequest::Operation;
  std::vector<kernel::AddressRequest> wanted;
  for (const VirtualInterfaceSetup& interface : setup_.virtual_interfaces) {
    const kernel::Link* there = interfaces.find(interface.wanted.name);
    const kernel::Link* base = interfaces.find(interface.base);
    if (there == nullptr || base == nullptr || !is_ours(interface, *there, interfaces)) continue;
    if (interface.address && !interfaces.has({there->index, *interface.address})) {
      wanted.push_back({.operation = add,
                        .address = {.interface_index = there->index,
                                    .address = *interface.address,
                                    .flags = interface.address->address.is_v6() ? flag::no_duplicate_detection : 0}});
    }
    if (!interface.copies_link_local) continue;
    const std::vector<IpPrefix> on_base = interfaces.addresses_on(base->index);
    const auto own = std::ranges::find_if(on_base, [](const IpPrefix& one) { return one.address.is_link_local(); });
    if (own == on_base.end() || interfaces.has({there->index, *own})) continue;
    wanted.push_back({.operation = add,
                      .address = {.interface_index = there->index,
                                  .address = *own,
                                  .scope = 253,  // link
                                  .flags = flag::no_duplicate_detection,
                                  .preferred_seconds = 0}});
  }
  if (wanted.empty()) return false;
  const auto refused = requests.carry_out(wanted);
  if (!refused) {
    say_(to_string(refused.error()));
    return false;
  }
  for (const kernel::RefusedRequest& one : *refused) {
    const std::string address = to_string(wanted[one.index].address.address);
    say_(to_string(SysError{"add address " + address + " to an interface of our own", one.code}));
  }
  return refused->size() < wanted.size();
}

// Looked at again when an interface with settings has come.
void VirtualInterfaces::keep_settings(const kernel::InterfaceTable& interfaces) {
  std::vector<std::uint32_t> now;
  const auto note = [&](const std::string& name) {
    const kernel::Link* there = interfaces.find(name);
    now.push_back(there == nullptr ? 0 : there->index);
  };
  for (const VirtualInterfaceSetup& interface : setup_.virtual_interfaces) note(interface.base);
  for (const RouterSetup& router : setup_.routers) {
    if (router.promote_secondaries) note(router.interface);
  }
  if (has_kept_settings_ && now == last_indexes_) return;
  if (!has_kept_settings_) record_ = kernel::SettingsRecord(record_path_);  // the worker before may have added to it
  has_kept_settings_ = true;
  last_indexes_ = std::move(now);
  kernel::Settings wanted;
  for (const RouterSetup& router : setup_.routers) {
    if (router.promote_secondaries) wanted["ipv4/conf/" + router.interface + "/promote_secondaries"] = "1";
  }
  std::set<std::string> own;
  bool has_v4 = false;
  for (const VirtualInterfaceSetup& interface : setup_.virtual_interfaces) {
    own.insert(interface.wanted.name);
    if (!is_macvlan(interface) || interface.family != Family::ipv4) continue;
    has_v4 = true;
    const std::string base = "ipv4/conf/" + interface.base;
    for (const char* name : {"/arp_ignore", "/arp_filter"}) wanted[base + name] = "1";
    wanted[base + "/arp_announce"] = "2";  // its own questions do not tell a neighbour that our address is there
  }
  if (has_v4) wanted.merge(kernel::loosen_reverse_path_filter(record_, own));
  for (const SysError& error : record_.keep(wanted)) say_(to_string(error));
}

void VirtualInterfaces::remove(std::span<const VirtualInterfaceSetup> which, kernel::NetlinkSocket& requests,
                               const kernel::InterfaceTable& interfaces) {
  std::vector<kernel::LinkRequest> wanted;
  for (const VirtualInterfaceSetup& interface : which) {
    const kernel::Link* there = interfaces.find(interface.wanted.name);
    if (there == nullptr || !is_ours(interface, *there, interfaces)) continue;
    wanted.push_back({.operation = kernel::LinkRequest::Operation::remove, .index = there->index});
  }
  if (wanted.empty()) return;
  const auto refused = requests.carry_out(wanted);
  if (!refused) return say_(to_string(refused.error()));
  for (const kernel::RefusedRequest& one : *refused) {
    say_(to_string(SysError{fmt::format("remove interface {}", wanted[one.index].index), one.code}));
  }
}

bool VirtualInterfaces::is_wanted(const kernel::Link& link, const kernel::InterfaceTable& interfaces) const {
  return std::ranges::any_of(setup_.virtual_interfaces, [&](const VirtualInterfaceSetup& mine) {
    return mine.wanted.name == link.name && is_ours(mine, link, interfaces);
  });
}

// The kernel has no two of a name, no two macvlans of a MAC address on an interface, and no macvlan beside an ipvlan.
bool VirtualInterfaces::is_in_the_way(const VirtualInterfaceSetup& leftover) const {
  return std::ranges::any_of(setup_.virtual_interfaces, [&](const VirtualInterfaceSetup& mine) {
    if (mine.wanted.name == leftover.wanted.name) return true;
    if (mine.base != leftover.base) return false;
    if (mine.wanted.kind != leftover.wanted.kind) return true;
    return is_macvlan(mine) && mine.wanted.mac == leftover.wanted.mac;
  });
}

void VirtualInterfaces::take_leftovers(std::span<const VirtualInterfaceSetup> leftovers,
                                       kernel::NetlinkSocket& requests, kernel::InterfaceTable& interfaces) {
  std::vector<VirtualInterfaceSetup> in_the_way;
  for (const VirtualInterfaceSetup& each : leftovers) {
    const kernel::Link* there = interfaces.find(each.wanted.name);
    if (there == nullptr || is_wanted(*there, interfaces)) continue;
    (is_in_the_way(each) ? in_the_way : leftovers_).push_back(each);
  }
  if (in_the_way.empty()) return;
  remove(in_the_way, requests, interfaces);
  look(requests, interfaces);
}

void VirtualInterfaces::remove_leftover(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces) {
  remove({&leftovers_.back(), 1}, requests, interfaces);
  leftovers_.pop_back();
}

void VirtualInterfaces::remove(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces) {
  remove(std::exchange(leftovers_, {}), requests, interfaces);
  remove(setup_.virtual_interfaces, requests, interfaces);
  for (const SysError& error : record_.restore_all()) say_(to_string(error));
}

}  // namespace baton::daemon
