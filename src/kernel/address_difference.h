// Wanted minus actual, as requests: the one way addresses come and go (docs/ARCHITECTURE.md). Pure; the caller sends the
// requests in chunks and asks again.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "kernel/interface_table.h"

namespace baton::kernel {

class AddressDifference {
 public:
  // `managed`: every address that is ours to remove when it is not wanted.
  void manage(const InterfaceAddress& address);
  void want(const InterfaceAddress& address);
  void do_not_want(const AddressKey& key);
  // Every managed address of an interface is looked at again (it came back, or somebody changed it).
  void look_again(const AddressKey& key) { pending_.insert(key); }
  void look_again_at_all();

  bool is_settled() const { return pending_.empty(); }
  bool is_managed(const AddressKey& key) const { return managed_.contains(key); }
  bool is_wanted(const AddressKey& key) const { return wanted_.contains(key); }

  // At most `most` requests; what they are about is no longer pending. Removals come first.
  std::vector<AddressRequest> take(const InterfaceTable& actual, std::size_t most);

 private:
  std::map<AddressKey, InterfaceAddress> managed_;
  std::set<AddressKey> wanted_;
  std::set<AddressKey> pending_;
};

}  // namespace baton::kernel
