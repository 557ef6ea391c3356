#include "daemon/address_plan.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace baton::daemon {

std::optional<kernel::InterfaceAddress> to_interface_address(const config::VirtualAddress& address,
                                                             const kernel::InterfaceTable& interfaces) {
  const kernel::Link* link = interfaces.find(address.device);
  if (link == nullptr) return std::nullopt;
  namespace flag = kernel::address_flag;
  kernel::InterfaceAddress result{.interface_index = link->index,
                                  .address = address.address,
                                  .scope = address.scope,
                                  .label = address.label,
                                  .broadcast = address.broadcast,
                                  .peer = address.peer,
                                  .flags = 0,
                                  .preferred_seconds = address.preferred_seconds};
  if (address.address.address.is_v6()) {
    // Duplicate address detection would take a second, and fails for good while two masters are there.
    if (!address.detect_duplicates) result.flags |= flag::no_duplicate_detection;
    if (address.home) result.flags |= flag::home;
    if (address.manage_temporary) result.flags |= flag::manage_temporary;
  }
  if (address.no_prefix_route) result.flags |= flag::no_prefix_route;
  if (address.auto_join) result.flags |= flag::auto_join;
  return result;
}

std::optional<IpAddress> SourceAddresses::of(const RouterSetup& router) {
  const Patience patience = router.outlasts_duplicate_search ? Patience::waits : Patience::sends_at_once;
  if (router.configured_source) {
    if (router.tracks_source && !is_there(*router.configured_source, patience)) return std::nullopt;
    return usable(*router.configured_source, router.source_interface, patience);
  }
  const auto [place, is_new] = found_.try_emplace({router.source_interface, router.codec.family, patience});
  if (is_new) place->second = first_on(router.source_interface, router.codec.family, patience);
  return place->second;
}

bool SourceAddresses::will_do(const kernel::AddressKey& key, Patience patience) const {
  return interfaces_.is_usable(key) || (patience == Patience::waits && interfaces_.is_in_duplicate_search(key));
}

bool SourceAddresses::is_there(const IpAddress& source, Patience patience) {
  const auto [place, is_new] = is_there_.try_emplace({source, patience}, false);
  if (is_new) {
    place->second = std::ranges::any_of(interfaces_.keys_of(source),
                                        [&](const kernel::AddressKey& key) { return will_do(key, patience); });
  }
  return place->second;
}

std::optional<IpAddress> SourceAddresses::first_on(const std::string& interface, Family family,
                                                   Patience patience) const {
  const kernel::Link* link = interfaces_.find(interface);
  if (link == nullptr) return std::nullopt;
  std::optional<IpAddress> later;
  for (const IpPrefix& prefix : interfaces_.addresses_on(link->index)) {
    const kernel::AddressKey key{link->index, prefix};
    if (prefix.address.family() != family || !plan_.may_be_source(key)) continue;
    if (prefix.address.is_v6() && !prefix.address.is_link_local()) continue;
    if (interfaces_.is_usable(key)) return prefix.address;
    if (!later && will_do(key, patience)) later = prefix.address;
  }
  return later;
}

// An IPv4 header is ours and may say anything; from an IPv6 address that is tentative or a duplicate the kernel does
// not send. One that is not there at all may be meant (net.ipv6.ip_nonlocal_bind) or be on another interface.
std::optional<IpAddress> SourceAddresses::usable(const IpAddress& source, const std::string& interface,
                                                 Patience patience) const {
  const kernel::Link* link = source.is_v6() ? interfaces_.find(interface) : nullptr;
  if (link == nullptr) return source;
  for (const IpPrefix& prefix : interfaces_.addresses_on(link->index)) {
    if (prefix.address == source && !will_do({link->index, prefix}, patience)) return std::nullopt;
  }
  return source;
}

void AddressPlan::follow(const kernel::InterfaceTable& interfaces, std::span<const config::VirtualAddress> leftovers) {
  holdings_.disown_all();
  routers_by_address_.clear();
  for (const config::VirtualAddress& leftover : leftovers) {
    if (const auto address = to_interface_address(leftover, interfaces)) remove_leftover(*address);
  }
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    for (const config::VirtualAddress& configured : setup_.routers[id].addresses) {
      const auto address = to_interface_address(configured, interfaces);
      if (!address) continue;
      holdings_.own(id, *address);
      routers_by_address_.emplace(std::pair(address->interface_index, address->address.address), id);
    }
    holdings_.want_what_is_held(id);
  }
  const std::size_t node = setup_.routers.size();
  for (const config::VirtualAddress& configured : setup_.static_addresses) {
    if (const auto address = to_interface_address(configured, interfaces)) holdings_.own(node, *address);
  }
  holdings_.want_what_is_held(node);
  // A static address that is still configured is the interface's own, whatever was before.
  std::erase_if(leftovers_, [&](const kernel::AddressKey& key) { return holdings_.is_owned(key) && !is_virtual(key); });
  // Its interface has another name now: it is no virtual address any more, and must not stay.
  holdings_.drop_what_nobody_owns();
  if (!std::exchange(has_looked_for_leftovers_, true)) find_leftovers(interfaces);
}

void AddressPlan::remove_leftover(const kernel::InterfaceAddress& address) {
  holdings_.leave_over(address);
  leftovers_.insert({address.interface_index, address.address});
}

// An earlier life may have had another prefix length in its configuration. Only where the interface has an address
// beside the virtual ones: nobody is to lose the one by which he administrates the machine.
void AddressPlan::find_leftovers(const kernel::InterfaceTable& interfaces) {
  for (const auto& [index, addresses] : addresses_by_interface()) {
    const std::vector<IpPrefix> there = interfaces.addresses_on(index);
    for (const IpPrefix& prefix : there) {
      if (!is_taken({index, prefix.address}) || is_virtual({index, prefix})) continue;
      const bool has_another = std::ranges::any_of(there, [&, interface_index = index](const IpPrefix& other) {
        return other.address.family() == prefix.address.family() && may_be_source({interface_index, other});
      });
      if (has_another) remove_leftover({.interface_index = index, .address = prefix});
    }
  }
}

bool AddressPlan::is_taken(const std::pair<std::uint32_t, IpAddress>& place) const {
  constexpr std::uint8_t owner = 255;  // the address is the machine's own (RFC 9568 §5.2.4)
  const auto [begin, end] = routers_by_address_.equal_range(place);
  return std::any_of(
      begin, end, [&](const auto& entry) { return setup_.node.routers[entry.second].router.base_priority != owner; });
}

bool AddressPlan::may_be_source(const kernel::AddressKey& key) const {
  return !is_virtual(key) && !leftovers_.contains(key) && !is_taken({key.interface_index, key.address.address});
}

bool AddressPlan::is_virtual(const kernel::AddressKey& key) const {
  return routers_by_address_.contains({key.interface_index, key.address.address}) &&
         std::ranges::any_of(holdings_.owners_of(key),
                             [&](std::size_t owner) { return owner < setup_.routers.size(); });
}

void AddressPlan::on_change(const kernel::AddressChange& change) {
  const kernel::AddressKey key = key_of(change.address);
  if (change.removed) leftovers_.erase(key);
  if (!holdings_.is_owned(key)) return;
  if (change.removed) {
    removed_.insert(key);
  } else {
    holdings_.difference().look_again(key);
  }
}

std::vector<AddressPlan::Theft> AddressPlan::thefts(const kernel::InterfaceTable& interfaces, Instant now) {
  std::vector<Theft> thefts;
  for (const kernel::AddressKey& key : std::exchange(removed_, {})) {
    if (interfaces.has(key) || !holdings_.difference().is_wanted(key) || restoration_.is_waiting(key)) continue;
    if (fell_with_interface(key, interfaces)) {
      fallen_.insert(key);
      continue;
    }
    const Duration hold = restoration_.on_loss(key, now);
    if (hold == Duration::zero()) holdings_.difference().look_again(key);
    for (const vrrp::RouterId router : holders_of(key)) {
      thefts.push_back({.router = router, .address = key.address.address, .hold = hold});
    }
  }
  std::erase_if(fallen_, [&](const kernel::AddressKey& key) {
    if (fell_with_interface(key, interfaces)) return false;
    holdings_.difference().look_again(key);
    return true;
  });
  return thefts;
}

// An interface that is set down loses its IPv6 addresses and no other.
bool AddressPlan::fell_with_interface(const kernel::AddressKey& key, const kernel::InterfaceTable& interfaces) {
  const kernel::Link* link = interfaces.find(key.interface_index);
  return key.address.address.is_v6() && link != nullptr && !link->is_enabled;
}

std::vector<vrrp::RouterId> AddressPlan::put_back(Instant now) {
  std::vector<vrrp::RouterId> routers;
  for (const kernel::AddressKey& key : restoration_.due(now)) {
    holdings_.difference().look_again(key);
    std::ranges::copy(holders_of(key), std::back_inserter(routers));
  }
  return routers;
}

std::vector<vrrp::RouterId> AddressPlan::holders_of(const kernel::AddressKey& key) const {
  std::vector<vrrp::RouterId> holders;
  for (const std::size_t owner : holdings_.owners_of(key)) {
    if (owner < setup_.routers.size() && holdings_.holds(owner)) holders.push_back(static_cast<vrrp::RouterId>(owner));
  }
  return holders;
}

void AddressPlan::look_again(std::span<const kernel::AddressRequest> requests) {
  for (const kernel::AddressRequest& request : requests) holdings_.difference().look_again(key_of(request.address));
}

bool AddressPlan::lacks_addresses(vrrp::RouterId router, const kernel::InterfaceTable& interfaces) const {
  return std::ranges::any_of(holdings_.values_of(router),
                             [&](const kernel::InterfaceAddress& address) { return !interfaces.has(key_of(address)); });
}

bool AddressPlan::lost_addresses(vrrp::RouterId router, const kernel::InterfaceTable& before,
                                 const kernel::InterfaceTable& now) const {
  if (!holdings_.holds(router)) return false;
  return std::ranges::any_of(holdings_.values_of(router), [&](const kernel::InterfaceAddress& address) {
    const kernel::AddressKey key = key_of(address);
    return before.has(key) && !now.has(key);
  });
}

std::map<std::uint32_t, std::vector<IpAddress>> AddressPlan::addresses_by_interface() const {
  std::map<std::uint32_t, std::vector<IpAddress>> addresses;
  for (const auto& [place, router] : routers_by_address_) addresses[place.first].push_back(place.second);
  return addresses;
}

std::vector<vrrp::RouterId> AddressPlan::routers_of(const IpAddress& address, std::uint32_t interface_index) const {
  std::vector<vrrp::RouterId> routers;
  const auto [begin, end] = routers_by_address_.equal_range({interface_index, address});
  for (auto at = begin; at != end; ++at) routers.push_back(at->second);
  return routers;
}

}  // namespace baton::daemon
