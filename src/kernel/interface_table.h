// The kernel's actual state as far as we care: links and addresses, kept current from one dump and the changes after
// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernel/netlink_socket.h"

namespace baton::kernel {

// An address by what makes it one: where it is and its number. The kernel keeps one per interface, number and length.
struct AddressKey {
  std::uint32_t interface_index = 0;
  IpPrefix address;
  auto operator<=>(const AddressKey&) const = default;
};

class InterfaceTable {
 public:
  void replace(std::vector<Link> links, const std::vector<InterfaceAddress>& addresses);
  void apply(const Change& change);

  const Link* find(std::uint32_t index) const;
  const Link* find(const std::string& name) const;
  const std::map<std::uint32_t, Link>& links() const { return links_; }
  bool has(const AddressKey& key) const { return addresses_.contains(key); }
  // Addresses of an interface in the order the kernel gave them: its first is the primary one.
  std::vector<IpPrefix> addresses_on(std::uint32_t interface_index) const;

 private:
  std::map<std::uint32_t, Link> links_;
  std::map<std::string, std::uint32_t> index_by_name_;
  std::map<AddressKey, std::uint64_t> addresses_;  // and the order of their arrival
  std::uint64_t arrivals_ = 0;
};

}  // namespace baton::kernel
