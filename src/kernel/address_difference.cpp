#include "kernel/address_difference.h"

#include <iterator>

namespace baton::kernel {

namespace {

constexpr std::size_t looks_a_call = 1024;  // of take(): a fraction of a millisecond

AddressKey key_of(const InterfaceAddress& address) {
  return {address.interface_index, address.address};
}

}  // namespace

void AddressDifference::manage(const InterfaceAddress& address) {
  const AddressKey key = key_of(address);
  Entry& entry = entries_[key];
  entry.address = address;
  enqueue(key, entry);
}

void AddressDifference::want(const InterfaceAddress& address) {
  const AddressKey key = key_of(address);
  Entry& entry = entries_[key];
  entry.address = address;
  set_wanted(key, entry, true);
}

void AddressDifference::do_not_want(const AddressKey& key) {
  if (const auto found = entries_.find(key); found != entries_.end()) set_wanted(key, found->second, false);
}

void AddressDifference::look_again(const AddressKey& key) {
  if (const auto found = entries_.find(key); found != entries_.end()) enqueue(key, found->second);
}

void AddressDifference::look_again_at_all() {
  for (auto& [key, entry] : entries_) enqueue(key, entry);
}

void AddressDifference::forget_interface(std::uint32_t interface_index) {
  auto at = entries_.lower_bound({interface_index, {}});
  while (at != entries_.end() && at->first.interface_index == interface_index) {
    if (at->second.waits) list_for(at->second.wanted).erase(at->second.place);
    at = entries_.erase(at);
  }
}

bool AddressDifference::is_wanted(const AddressKey& key) const {
  const auto found = entries_.find(key);
  return found != entries_.end() && found->second.wanted;
}

void AddressDifference::set_wanted(const AddressKey& key, Entry& entry, bool wanted) {
  if (entry.wanted == wanted) return;
  if (entry.waits) list_for(entry.wanted).erase(entry.place);
  entry.wanted = wanted;
  entry.waits = false;
  enqueue(key, entry);
}

void AddressDifference::enqueue(const AddressKey& key, Entry& entry) {
  if (entry.waits) return;
  Waiting& list = list_for(entry.wanted);
  list.push_back(key);
  entry.place = std::prev(list.end());
  entry.waits = true;
}

std::vector<AddressRequest> AddressDifference::take(const InterfaceTable& actual, std::size_t most) {
  std::vector<AddressRequest> requests;
  std::size_t looks = looks_a_call;
  for (const bool wanted : {false, true}) {
    Waiting& list = list_for(wanted);
    for (; !list.empty() && requests.size() < most && looks > 0; --looks) {
      const AddressKey key = list.front();
      list.pop_front();
      Entry& entry = entries_.at(key);
      entry.waits = false;
      if (actual.find(key.interface_index) == nullptr || actual.has(key) == wanted) continue;
      using enum AddressRequest::Operation;
      requests.push_back({.operation = wanted ? add : remove, .address = entry.address});
    }
  }
  return requests;
}

}  // namespace baton::kernel
