// Wanted minus actual, as requests: the one way addresses, routes and rules come and go (docs/ARCHITECTURE.md). Pure;
// the caller sends the requests in chunks and asks again. Every change costs one look-up, so that ten thousand
// addresses are a few milliseconds of wanting before the kernel's own price begins.
//
// Value: what is put into the kernel. Key: what makes it one there; `key_of(value)` says it. Request: {operation,
// value} with operations add and remove. The actual state answers `is_as_wanted(actual, key, wanted)`: there is nothing
// to ask.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <list>
#include <map>
#include <vector>

namespace baton::kernel {

namespace limits {
inline constexpr std::size_t looks_a_call = 1024;  // of Difference::take(): a fraction of a millisecond
}

// A value may be its own key.
template <typename Key, typename Value>
Key key_for(const Value& value) {
  if constexpr (std::same_as<Key, Value>) {
    return value;
  } else {
    return key_of(value);
  }
}

template <typename Value, typename Key, typename Request>
class Difference {
 public:
  Difference() = default;
  Difference(const Difference&) = delete;  // entries point into the lists
  Difference& operator=(const Difference&) = delete;

  // From now on ours to remove where it is not wanted; looked at again if it was already.
  void manage(const Value& value) {
    const Key key = kernel::key_for<Key>(value);
    Entry& entry = entries_[key];
    entry.value = value;
    enqueue(key, entry);
  }
  void want(const Value& value) {
    const Key key = kernel::key_for<Key>(value);
    Entry& entry = entries_[key];
    entry.value = value;
    set_wanted(key, entry, true);
  }
  void do_not_want(const Key& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) set_wanted(key, found->second, false);
  }
  // What is managed is compared with the kernel again: somebody changed it, or a request about it was refused.
  void look_again(const Key& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) enqueue(key, found->second);
  }
  void look_again_at_all() {
    for (auto& [key, entry] : entries_) enqueue(key, entry);
  }

  // Nothing waits to be compared.
  bool is_settled() const { return to_add_.empty() && to_remove_.empty(); }
  bool has_removals() const { return !to_remove_.empty(); }
  bool is_managed(const Key& key) const { return entries_.contains(key); }
  bool is_wanted(const Key& key) const {
    const auto found = entries_.find(key);
    return found != entries_.end() && found->second.wanted;
  }

  // At most `most` requests, removals first, else in the order of asking; what they are about waits no longer. Looks at
  // a bounded number of things: may return fewer, even none, without being settled.
  template <typename Actual>
  std::vector<Request> take(const Actual& actual, std::size_t most) {
    std::vector<Request> requests;
    std::size_t looks = limits::looks_a_call;
    for (const bool wanted : {false, true}) take_some(actual, wanted, most, looks, requests);
    return requests;
  }
  // The same of removals alone.
  template <typename Actual>
  std::vector<Request> take_removals(const Actual& actual, std::size_t most) {
    std::vector<Request> requests;
    std::size_t looks = limits::looks_a_call;
    take_some(actual, false, most, looks, requests);
    return requests;
  }

 protected:
  // Forgets the keys from `first` on as long as they belong to it.
  template <typename Belongs>
  void forget_from(const Key& first, Belongs&& belongs) {
    auto at = entries_.lower_bound(first);
    while (at != entries_.end() && belongs(at->first)) {
      if (at->second.waits) list_for(at->second.wanted).erase(at->second.place);
      at = entries_.erase(at);
    }
  }

 private:
  using Waiting = std::list<Key>;
  struct Entry {
    Value value;
    bool wanted = false;
    bool waits = false;  // in the list that `wanted` says, at `place`
    typename Waiting::iterator place{};
  };

  Waiting& list_for(bool wanted) { return wanted ? to_add_ : to_remove_; }

  void set_wanted(const Key& key, Entry& entry, bool wanted) {
    if (entry.wanted == wanted) return;
    if (entry.waits) list_for(entry.wanted).erase(entry.place);
    entry.wanted = wanted;
    entry.waits = false;
    enqueue(key, entry);
  }

  void enqueue(const Key& key, Entry& entry) {
    if (entry.waits) return;
    Waiting& list = list_for(entry.wanted);
    list.push_back(key);
    entry.place = std::prev(list.end());
    entry.waits = true;
  }

  template <typename Actual>
  void take_some(const Actual& actual, bool wanted, std::size_t most, std::size_t& looks,
                 std::vector<Request>& requests) {
    Waiting& list = list_for(wanted);
    for (; !list.empty() && requests.size() < most && looks > 0; --looks) {
      const Key key = std::move(list.front());
      list.pop_front();
      Entry& entry = entries_.at(key);
      entry.waits = false;
      if (is_as_wanted(actual, key, wanted)) continue;
      using Operation = decltype(Request::operation);
      requests.push_back({wanted ? Operation::add : Operation::remove, entry.value});
    }
  }

  std::map<Key, Entry> entries_;
  Waiting to_add_;
  Waiting to_remove_;
};

}  // namespace baton::kernel
