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
                     std::erase_if(addresses_,
                                   [&](const auto& entry) { return entry.first.interface_index == it.link.index; });
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
                     addresses_.try_emplace(key, arrivals_++);
                   }
                 },
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

std::vector<IpPrefix> InterfaceTable::addresses_on(std::uint32_t interface_index) const {
  std::vector<std::pair<std::uint64_t, IpPrefix>> found;
  for (auto at = addresses_.lower_bound({interface_index, {}}); at != addresses_.end(); ++at) {
    if (at->first.interface_index != interface_index) break;
    found.emplace_back(at->second, at->first.address);
  }
  std::ranges::sort(found);
  std::vector<IpPrefix> addresses;
  addresses.reserve(found.size());
  for (const auto& [arrival, prefix] : found) addresses.push_back(prefix);
  return addresses;
}

}  // namespace baton::kernel
