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
  bool has_mac(const MacAddress& mac) const;  // one of the links
  bool has(const AddressKey& key) const { return addresses_.contains(key); }
  // Is there, and the kernel sends from it: not while IPv6 still looks for a duplicate, nor when it has found one
  // (RFC 4862 §5.4); an optimistic address may be used meanwhile (RFC 4429).
  bool is_usable(const AddressKey& key) const;
  // Not yet: the kernel looks for a duplicate (RFC 4862 §5.4), for up to two seconds, and has found none.
  bool is_in_duplicate_search(const AddressKey& key) const;
  // Of any interface, with any length.
  std::vector<AddressKey> keys_of(const IpAddress& address) const;
  // All that are usable on some interface.
  std::set<IpAddress> usable_addresses() const;
  bool has_ipv4(std::uint32_t interface_index) const;
  // Addresses of an interface in the order the kernel gave them: its first is the primary one.
  std::vector<IpPrefix> addresses_on(std::uint32_t interface_index) const;

 private:
  std::map<std::uint32_t, Link> links_;
  std::map<std::string, std::uint32_t> index_by_name_;
  struct Held {
    std::uint64_t arrival = 0;  // in the order of their coming
    std::uint32_t flags = 0;    // IFA_F_*, as told last
  };
  std::map<AddressKey, Held> addresses_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace baton::kernel
