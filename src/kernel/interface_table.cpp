#include "kernel/interface_table.h"

#include <algorithm>

namespace baton::kernel {

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace

void InterfaceTable::replace(std::vector<Link> links, const std::vector<InterfaceAddress>& addresses) {
  links_.clear();
  index_by_name_.clear();
  addresses_.clear();
  for (Link& link : links) apply(LinkChange{.link = std::move(link)});
  for (const InterfaceAddress& address : addresses) apply(AddressChange{.address = address});
}

void InterfaceTable::apply(const Change& change) {
  std::visit(Overloaded{
                 [&](const LinkChange& it) {
                   if (const auto before = links_.find(it.link.index); before != links_.end()) {
                     const auto named = index_by_name_.find(before->second.name);
                     if (named != index_by_name_.end() && named->second == it.link.index) index_by_name_.erase(named);
                   }
                   if (it.removed) {
                     links_.erase(it.link.index);
                     addresses_.erase(addresses_.lower_bound({it.link.index, {}}),
                                      addresses_.lower_bound({it.link.index + 1, {}}));
                   } else {
                     links_[it.link.index] = it.link;
                     index_by_name_[it.link.name] = it.link.index;
                   }
                 },
                 [&](const AddressChange& it) {
                   const AddressKey key{it.address.interface_index, it.address.address};
                   if (it.removed) {
                     addresses_.erase(key);
                   } else {
                     const auto [held, is_new] = addresses_.try_emplace(key, Held{.arrival = arrivals_});
                     if (is_new) ++arrivals_;
                     held->second.flags = it.address.flags;
                   }
                 },
                 [](const RouteChange&) {},
                 [](const RuleChange&) {},
             },
             change);
}

const Link* InterfaceTable::find(std::uint32_t index) const {
  const auto found = links_.find(index);
  return found == links_.end() ? nullptr : &found->second;
}

const Link* InterfaceTable::find(const std::string& name) const {
  const auto found = index_by_name_.find(name);
  return found == index_by_name_.end() ? nullptr : find(found->second);
}

bool InterfaceTable::has_mac(const MacAddress& mac) const {
  return std::ranges::any_of(links_, [&](const auto& entry) { return entry.second.mac == mac; });
}

bool InterfaceTable::is_usable(const AddressKey& key) const {
  const auto found = addresses_.find(key);
  if (found == addresses_.end()) return false;
  const bool is_duplicate = (found->second.flags & address_flag::duplicate) != 0;
  return !is_duplicate && !is_in_duplicate_search(key);
}

bool InterfaceTable::is_in_duplicate_search(const AddressKey& key) const {
  namespace flag = address_flag;
  const auto found = addresses_.find(key);
  if (found == addresses_.end()) return false;
  return (found->second.flags & (flag::tentative | flag::optimistic | flag::duplicate)) == flag::tentative;
}

std::vector<AddressKey> InterfaceTable::keys_of(const IpAddress& address) const {
  std::vector<AddressKey> keys;
  for (const auto& [key, info] : addresses_) {
    if (key.address.address == address) keys.push_back(key);
  }
  return keys;
}

std::set<IpAddress> InterfaceTable::usable_addresses() const {
  std::set<IpAddress> usable;
  for (const auto& [key, info] : addresses_) {
    if (is_usable(key)) usable.insert(key.address.address);
  }
  return usable;
}

bool InterfaceTable::has_ipv4(std::uint32_t interface_index) const {
  const auto first = addresses_.lower_bound({interface_index, {.address = {}, .length = 0}});  // IPv4 comes first
  return first != addresses_.end() && first->first.interface_index == interface_index &&
         first->first.address.address.is_v4();
}

std::vector<IpPrefix> InterfaceTable::addresses_on(std::uint32_t interface_index) const {
  std::vector<std::pair<std::uint64_t, IpPrefix>> found;
  for (auto at = addresses_.lower_bound({interface_index, {}}); at != addresses_.end(); ++at) {
    if (at->first.interface_index != interface_index) break;
    found.emplace_back(at->second.arrival, at->first.address);
  }
  std::ranges::sort(found);
  std::vector<IpPrefix> addresses;
  addresses.reserve(found.size());
  for (const auto& [arrival, prefix] : found) addresses.push_back(prefix);
  return addresses;
}

}  // namespace baton::kernel
