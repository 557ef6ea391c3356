#include "setup/virtual_interface_maker.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::setup {

namespace {

using Kind = config::VirtualInterface::Kind;

constexpr unsigned most_names = 1000;  // tried before the first one is used all the same
constexpr std::size_t longest_name = 15;

MacAddress virtual_mac(Family family, std::uint8_t vrid) {  // RFC 9568 §7.3
  return {.bytes = {0x00, 0x00, 0x5e, 0x00, static_cast<std::uint8_t>(family == Family::ipv4 ? 1 : 2), vrid}};
}

kernel::IpvlanFlag to_flag(config::VirtualInterface::IpvlanMode mode) {
  using enum config::VirtualInterface::IpvlanMode;
  switch (mode) {
    case bridge: return kernel::IpvlanFlag::bridge;
    case isolated: return kernel::IpvlanFlag::isolated;
    case vepa: return kernel::IpvlanFlag::vepa;
  }
  return kernel::IpvlanFlag::bridge;
}

}  // namespace

VirtualInterfaceMaker::VirtualInterfaceMaker(const config::Configuration& configuration, Setup& setup)
    : globals_(configuration.globals), setup_(setup) {
  for (const config::Instance& instance : configuration.instances) {
    if (instance.virtual_interface && !instance.virtual_interface->name.empty()) {
      names_.insert(instance.virtual_interface->name);
    }
    names_.insert(instance.interface);
  }
}

void VirtualInterfaceMaker::add(const config::Instance& instance, RouterSetup& router) {
  std::optional<std::size_t> own_index;
  if (instance.virtual_interface) {
    own_index = own(instance, router);
    const VirtualInterfaceSetup& interface = setup_.virtual_interfaces[*own_index];
    router.virtual_interfaces.push_back(*own_index);
    router.has_own_interface = true;
    const bool is_ipvlan = interface.wanted.kind == kernel::StackedKind::ipvlan;
    if (!instance.transmit_on_base) router.advert_interface = interface.wanted.name;
    if (is_ipvlan && !instance.transmit_on_base) router.source_interface = interface.wanted.name;
    if (is_ipvlan && interface.address && !router.configured_source) {
      router.configured_source = interface.address->address;
    }
  }
  for (config::VirtualAddress& address : router.addresses) {
    const Family family = address.address.address.family();
    const bool is_elsewhere = address.device != instance.interface || family != instance.family;
    if (own_index && !is_elsewhere) {
      address.device = setup_.virtual_interfaces[*own_index].wanted.name;
      setup_.virtual_interfaces[*own_index].carries_v6 |= family == Family::ipv6;
      continue;
    }
    if (address.device.empty() || !(address.use_vmac || (instance.use_vmac_addr && is_elsewhere))) continue;
    const auto& custom = instance.virtual_interface;
    const std::string& prefix = globals_.vmac_address_prefix;
    const std::size_t index =
        find_or_add({.base = address.device,
                     .wanted = {.mac = custom && custom->mac ? *custom->mac : virtual_mac(family, instance.vrid)},
                     .prefix = prefix.empty() ? globals_.vmac_prefix : prefix,
                     .vrid = instance.vrid,
                     .family = family,
                     .carries_v6 = family == Family::ipv6},
                    {});
    if (std::ranges::find(router.virtual_interfaces, index) == router.virtual_interfaces.end()) {
      router.virtual_interfaces.push_back(index);
    }
    address.device = setup_.virtual_interfaces[index].wanted.name;
  }
}

std::size_t VirtualInterfaceMaker::own(const config::Instance& instance, const RouterSetup& router) {
  const config::VirtualInterface& given = *instance.virtual_interface;
  VirtualInterfaceSetup interface{.base = instance.interface,
                                  .wanted = {.group = given.group},
                                  .prefix = globals_.vmac_prefix,
                                  .vrid = instance.vrid,
                                  .family = instance.family,
                                  .is_named = !given.name.empty(),
                                  .address = given.address};
  const bool is_v6 = router.codec.family == Family::ipv6;
  interface.carries_v6 = is_v6;
  if (given.kind == Kind::macvlan) {
    interface.wanted.mac = given.mac.value_or(virtual_mac(instance.family, instance.vrid));
    interface.copies_link_local = is_v6 && !instance.transmit_on_base;
  } else {
    interface.wanted.kind = kernel::StackedKind::ipvlan;
    interface.wanted.ipvlan_flag = to_flag(given.mode);
  }
  return find_or_add(std::move(interface), given.name);
}

std::size_t VirtualInterfaceMaker::find_or_add(VirtualInterfaceSetup interface, const std::string& name) {
  auto& all = setup_.virtual_interfaces;
  if (interface.wanted.kind == kernel::StackedKind::macvlan) {
    const auto same = std::ranges::find_if(all, [&](const VirtualInterfaceSetup& other) {
      return other.base == interface.base && other.wanted.kind == interface.wanted.kind &&
             other.wanted.mac == interface.wanted.mac;
    });
    if (same != all.end()) {
      same->carries_v6 |= interface.carries_v6;
      same->copies_link_local |= interface.copies_link_local;
      return static_cast<std::size_t>(same - all.begin());
    }
  }
  const auto is_used = [&](const std::string& one) {
    return std::ranges::any_of(all, [&](const VirtualInterfaceSetup& other) { return other.wanted.name == one; });
  };
  interface.is_named = !name.empty() && !is_used(name);
  interface.wanted.name =
      interface.is_named ? name : choose_name(interface, [&](const std::string& one) { return !names_.contains(one); });
  names_.insert(interface.wanted.name);
  all.push_back(std::move(interface));
  return all.size() - 1;
}

std::string choose_name(const VirtualInterfaceSetup& interface,
                        const std::function<bool(const std::string&)>& is_free) {
  const auto fitting = [&](const std::string& middle) {
    const std::string end = fmt::format("{}.{}", middle, interface.vrid);
    return interface.prefix.substr(0, longest_name - end.size()) + end;
  };
  const std::string first = fitting("");
  if (is_free(first)) return first;
  if (interface.family == Family::ipv6 && is_free(fitting("6"))) return fitting("6");
  for (unsigned i = 1; i < most_names; ++i) {
    const std::string name = fitting(std::to_string(i));
    if (is_free(name)) return name;
  }
  return first;
}

}  // namespace baton::setup
