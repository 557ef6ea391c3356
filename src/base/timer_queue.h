// Deadlines by key: the one timer structure of daemon and simulator. Each key has at most one deadline.
// All operations are O(log n); ties leave in the order of their keys, so that a run can be repeated.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/time.h"

namespace baton {

template <typename Key>
class TimerQueue {
 public:
  // nullopt disarms.
  void set(const Key& key, std::optional<Instant> deadline) {
    if (const auto found = deadlines_.find(key); found != deadlines_.end()) {
      if (deadline == found->second) return;
      order_.erase({found->second, key});
      deadlines_.erase(found);
    }
    if (!deadline) return;
    deadlines_.emplace(key, *deadline);
    order_.emplace(*deadline, key);
  }

  std::optional<Instant> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  // Takes the earliest key whose deadline has come.
  std::optional<Key> pop_due(Instant now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    Key key = order_.begin()->second;
    order_.erase(order_.begin());
    deadlines_.erase(key);
    return key;
  }

  bool empty() const { return order_.empty(); }

 private:
  std::set<std::pair<Instant, Key>> order_;
  std::map<Key, Instant> deadlines_;
};

}  // namespace baton
