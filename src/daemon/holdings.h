// Who holds what: owners (virtual routers, and the node itself for static entries) that share addresses, routes or
// rules. A thing is wanted as long as one of its owners holds; the rest is the kernel's difference.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "kernel/difference.h"

namespace baton::daemon {

template <typename Value, typename Key, typename Difference>
class Holdings {
 public:
  using Owner = std::size_t;

  explicit Holdings(std::size_t owners) : holds_(owners, false), values_(owners) {}

  // Before everything is said anew: nobody owns anything; who holds, holds.
  void disown_all() {
    former_ = std::exchange(owners_, {});
    values_.assign(holds_.size(), {});
  }
  void own(Owner owner, const Value& value) {
    difference_.manage(value);
    owners_.emplace(kernel::key_for<Key>(value), owner);
    values_[owner].push_back(value);
  }
  // After all has been said: what had an owner and has none now is not wanted.
  void drop_what_nobody_owns() {
    for (const auto& [key, owner] : std::exchange(former_, {})) {
      if (!is_owned(key)) difference_.do_not_want(key);
    }
  }
  // Nobody's, and removed where it is.
  void leave_over(const Value& value) { difference_.manage(value); }
  // After an owner's things have all been said.
  void want_what_is_held(Owner owner) {
    if (!holds_[owner]) return;
    for (const Value& value : values_[owner]) difference_.want(value);
  }

  void set_holding(Owner owner, bool holds) {
    if (holds_[owner] == holds) return;
    holds_[owner] = holds;
    for (const Value& value : values_[owner]) {
      if (holds) {
        difference_.want(value);
      } else if (const Key key = kernel::key_for<Key>(value); !is_held(key)) {  // another owner may hold the same
        difference_.do_not_want(key);
      }
    }
  }

  bool is_owned(const Key& key) const { return owners_.contains(key); }
  bool is_held(const Key& key) const {
    const auto [begin, end] = owners_.equal_range(key);
    return std::any_of(begin, end, [&](const auto& entry) { return holds_[entry.second]; });
  }
  std::vector<Owner> owners_of(const Key& key) const {
    std::vector<Owner> owners;
    const auto [begin, end] = owners_.equal_range(key);
    for (auto at = begin; at != end; ++at) owners.push_back(at->second);
    return owners;
  }
  bool holds(Owner owner) const { return holds_[owner]; }
  std::span<const Value> values_of(Owner owner) const { return values_[owner]; }

  Difference& difference() { return difference_; }
  const Difference& difference() const { return difference_; }

 private:
  std::vector<bool> holds_;
  std::multimap<Key, Owner> owners_;
  std::multimap<Key, Owner> former_;  // before disown_all()
  std::vector<std::vector<Value>> values_;
  Difference difference_;
};

}  // namespace baton::daemon
