#include "kernel/address_difference.h"

namespace baton::kernel {

namespace {

AddressKey key_of(const InterfaceAddress& address) { return {address.interface_index, address.address}; }

}  // namespace

void AddressDifference::manage(const InterfaceAddress& address) {
  managed_.insert_or_assign(key_of(address), address);
  pending_.insert(key_of(address));
}

void AddressDifference::want(const InterfaceAddress& address) {
  managed_.insert_or_assign(key_of(address), address);
  if (wanted_.insert(key_of(address)).second) pending_.insert(key_of(address));
}

void AddressDifference::do_not_want(const AddressKey& key) {
  if (wanted_.erase(key) > 0) pending_.insert(key);
}

void AddressDifference::look_again_at_all() {
  for (const auto& [key, address] : managed_) pending_.insert(key);
}

std::vector<AddressRequest> AddressDifference::take(const InterfaceTable& actual, std::size_t most) {
  std::vector<AddressRequest> requests;
  using enum AddressRequest::Operation;
  for (const auto operation : {remove, add}) {
    for (auto at = pending_.begin(); at != pending_.end() && requests.size() < most;) {
      const bool wanted = wanted_.contains(*at);
      if (wanted == actual.has(*at)) {
        at = pending_.erase(at);
      } else if (wanted == (operation == add)) {
        requests.push_back({.operation = operation, .address = managed_.at(*at)});
        at = pending_.erase(at);
      } else {
        ++at;
      }
    }
  }
  return requests;
}

}  // namespace baton::kernel
