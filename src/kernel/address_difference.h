// Wanted minus actual, as requests: the one way addresses come and go (docs/ARCHITECTURE.md). Pure; the caller sends
// the requests in chunks and asks again. Every change costs one look-up, so that ten thousand addresses are a few
// milliseconds of wanting before the kernel's own price begins.
#pragma once

#include <list>
#include <map>
#include <vector>

#include "kernel/interface_table.h"

namespace baton::kernel {

class AddressDifference {
 public:
  AddressDifference() = default;
  AddressDifference(const AddressDifference&) = delete;  // entries point into the lists
  AddressDifference& operator=(const AddressDifference&) = delete;

  // From now on ours to remove where it is not wanted; looked at again if it was already.
  void manage(const InterfaceAddress& address);
  void want(const InterfaceAddress& address);
  void do_not_want(const AddressKey& key);
  // A managed address is compared with the kernel again: somebody changed it, or a request about it was refused.
  void look_again(const AddressKey& key);
  void look_again_at_all();
  // The interface has gone, and its addresses with it; should it come back it has another index.
  void forget_interface(std::uint32_t interface_index);

  // Nothing waits to be compared.
  bool is_settled() const { return to_add_.empty() && to_remove_.empty(); }
  bool is_managed(const AddressKey& key) const { return entries_.contains(key); }
  bool is_wanted(const AddressKey& key) const;

  // At most `most` requests, removals first, else in the order of asking; what they are about waits no longer. Looks at
  // a bounded number of addresses: may return fewer, even none, without being settled. An address whose interface is
  // not there is passed over.
  std::vector<AddressRequest> take(const InterfaceTable& actual, std::size_t most);

 private:
  using Waiting = std::list<AddressKey>;
  struct Entry {
    InterfaceAddress address;
    bool wanted = false;
    bool waits = false;  // in the list that `wanted` says, at `place`
    Waiting::iterator place{};
  };

  Waiting& list_for(bool wanted) { return wanted ? to_add_ : to_remove_; }
  void set_wanted(const AddressKey& key, Entry& entry, bool wanted);
  void enqueue(const AddressKey& key, Entry& entry);

  std::map<AddressKey, Entry> entries_;
  Waiting to_add_;
  Waiting to_remove_;
};

}  // namespace baton::kernel
