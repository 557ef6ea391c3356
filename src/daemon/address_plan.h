// The virtual addresses of all routers brought to the interfaces: which router wants what, where it is, and in what
// order the difference is carried out. Stands between the cores and netlink.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/holdings.h"
#include "daemon/restoration.h"
#include "daemon/setup.h"
#include "kernel/address_difference.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"

namespace baton::daemon {

// What the kernel is to be told of a configured address; nullopt while its interface is missing.
std::optional<kernel::InterfaceAddress> to_interface_address(const config::VirtualAddress& address,
                                                             const kernel::InterfaceTable& interfaces);

// Are all wanted addresses on their interfaces, as far as the kernel takes them?
enum class AddressState : std::uint8_t { on_their_way, settled };

class AddressPlan {
 public:
  explicit AddressPlan(const Setup& setup) : setup_(setup), holdings_(setup.routers.size() + 1) {}

  // Learns where the addresses' interfaces are now. What another configuration left (`leftovers`) is removed as well,
  // once: whoever adds it after that means it. So is, the first time, what has a virtual address's number and another
  // prefix length.
  void follow(const kernel::InterfaceTable& interfaces, std::span<const config::VirtualAddress> leftovers = {});
  // A router holds its addresses from now on, or does not.
  void set_holding(vrrp::RouterId router, bool holds) { holdings_.set_holding(router, holds); }
  // The same for the static addresses.
  void hold_static(bool holds) { holdings_.set_holding(setup_.routers.size(), holds); }

  // An address on an interface has changed, by us or by somebody else.
  void on_change(const kernel::AddressChange& change);
  // After all that the kernel had to tell: what is missing now somebody took. Our own requests have told their end too,
  // so that an address which we removed and put back meanwhile is there.
  struct Theft {
    vrrp::RouterId router = 0;
    IpAddress address;
    Duration hold{};  // until it is put back
  };
  std::vector<Theft> thefts(const kernel::InterfaceTable& interfaces, Instant now);
  // The routers whose addresses have waited long enough and are put back.
  std::vector<vrrp::RouterId> put_back(Instant now);
  std::optional<Instant> next_put_back() const { return restoration_.next_at(); }

  bool is_settled() const { return holdings_.difference().is_settled(); }
  // At most `most` requests towards the wanted state; the caller carries them out and notes them in `interfaces`.
  std::vector<kernel::AddressRequest> next_requests(const kernel::InterfaceTable& interfaces, std::size_t most) {
    return holdings_.difference().take(interfaces, most);
  }
  // Of a router; a static one is the interface's own.
  bool is_virtual(const kernel::AddressKey& key) const;
  // May adverts leave with it? Not a virtual address, however long its prefix is, nor one that is about to go.
  bool may_be_source(const kernel::AddressKey& key) const;
  // Requests that could not be made are looked at again.
  void look_again(std::span<const kernel::AddressRequest> requests);
  // Is one of the router's addresses not on its interface?
  bool lacks_addresses(vrrp::RouterId router, const kernel::InterfaceTable& interfaces) const;
  // Does it hold an address that was there and is not now?
  bool lost_addresses(vrrp::RouterId router, const kernel::InterfaceTable& before,
                      const kernel::InterfaceTable& now) const;
  // The interface is gone, and every address on it.
  void forget_interface(std::uint32_t interface_index) {
    holdings_.difference().forget_interface(interface_index);
    std::erase_if(fallen_, [&](const kernel::AddressKey& key) { return key.interface_index == interface_index; });
  }
  // The virtual addresses of each interface.
  std::map<std::uint32_t, std::vector<IpAddress>> addresses_by_interface() const;
  // The routers that an address belongs to.
  std::vector<vrrp::RouterId> routers_of(const IpAddress& address, std::uint32_t interface_index) const;

 private:
  std::vector<vrrp::RouterId> holders_of(const kernel::AddressKey& key) const;
  void remove_leftover(const kernel::InterfaceAddress& address);
  void find_leftovers(const kernel::InterfaceTable& interfaces);
  static bool fell_with_interface(const kernel::AddressKey& key, const kernel::InterfaceTable& interfaces);
  bool is_taken(const std::pair<std::uint32_t, IpAddress>& place) const;

  const Setup& setup_;
  Holdings<kernel::InterfaceAddress, kernel::AddressKey, kernel::AddressDifference> holdings_;
  std::multimap<std::pair<std::uint32_t, IpAddress>, vrrp::RouterId> routers_by_address_;
  std::set<kernel::AddressKey> leftovers_;  // still there
  std::set<kernel::AddressKey> removed_;    // since thefts()
  std::set<kernel::AddressKey> fallen_;     // with their interface, which is down
  Restoration<kernel::AddressKey> restoration_;
  bool has_looked_for_leftovers_ = false;
};

// The address a router's adverts leave with: the configured one, else the interface's first of the family that is not
// virtual (IPv6: link-local, RFC 9568 §5.1.2.1) and that the kernel sends from, or will before the router needs it
// (RouterSetup::outlasts_duplicate_search). What routers share is looked for once, so that a thousand of them on an
// interface with ten thousand addresses are a matter of milliseconds. For one state of the interfaces.
class SourceAddresses {
 public:
  SourceAddresses(const kernel::InterfaceTable& interfaces, const AddressPlan& plan)
      : interfaces_(interfaces), plan_(plan) {}
  // nullopt: there is none.
  std::optional<IpAddress> of(const RouterSetup& router);

 private:
  enum class Patience : std::uint8_t { sends_at_once, waits };

  bool will_do(const kernel::AddressKey& key, Patience patience) const;
  bool is_there(const IpAddress& source, Patience patience);
  std::optional<IpAddress> usable(const IpAddress& source, const std::string& interface, Patience patience) const;
  std::optional<IpAddress> first_on(const std::string& interface, Family family, Patience patience) const;

  const kernel::InterfaceTable& interfaces_;
  const AddressPlan& plan_;
  std::map<std::tuple<std::string, Family, Patience>, std::optional<IpAddress>> found_;
  std::map<std::pair<IpAddress, Patience>, bool> is_there_;  // configured sources that are tracked
};

}  // namespace baton::daemon
