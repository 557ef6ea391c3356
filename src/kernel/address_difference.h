// The difference of addresses. An address whose interface is not there is passed over.
#pragma once

#include "kernel/difference.h"
#include "kernel/interface_table.h"

namespace baton::kernel {

inline AddressKey key_of(const InterfaceAddress& address) {
  return {address.interface_index, address.address};
}
inline bool is_as_wanted(const InterfaceTable& actual, const AddressKey& key, bool wanted) {
  return actual.find(key.interface_index) == nullptr || actual.has(key) == wanted;
}

class AddressDifference : public Difference<InterfaceAddress, AddressKey, AddressRequest> {
 public:
  // The interface has gone, and its addresses with it; should it come back it has another index.
  void forget_interface(std::uint32_t interface_index) {
    forget_from({interface_index, {}}, [&](const AddressKey& key) { return key.interface_index == interface_index; });
  }
};

}  // namespace baton::kernel
