// Deadlines by key: the one timer structure of daemon and simulator. Each key has at most one deadline.
// A binary heap that knows where each key stands in it: the earliest at once, a change in O(log n) and without an
// allocation once it has grown. Ties leave in the order of their keys, so that a run can be repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace baton {

// Where in the heap each key stands, for keys of any kind.
template <typename Key>
class SparsePlaces {
 public:
  std::optional<std::size_t> find(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
  }
  void put(const Key& key, std::size_t place) { places_[key] = place; }
  void erase(const Key& key) { places_.erase(key); }

 private:
  std::map<Key, std::size_t> places_;
};

// The same for keys that are indexes: a look-up is a load.
template <typename Key>
class DensePlaces {
 public:
  std::optional<std::size_t> find(const Key& key) const {
    return key < places_.size() && places_[key] != nowhere ? std::optional<std::size_t>(places_[key]) : std::nullopt;
  }
  void put(const Key& key, std::size_t place) {
    if (key >= places_.size()) places_.resize(key + std::size_t{1}, nowhere);
    places_[key] = static_cast<std::uint32_t>(place);
  }
  void erase(const Key& key) { places_[key] = nowhere; }

 private:
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
  std::vector<std::uint32_t> places_;
};

template <typename Key, typename Places = SparsePlaces<Key>>
class TimerQueue {
 public:
  // nullopt disarms.
  void set(const Key& key, std::optional<Instant> deadline) {
    const std::optional<std::size_t> place = places_.find(key);
    if (!deadline) {
      if (place) remove(*place);
      return;
    }
    if (!place) {
      heap_.push_back({*deadline, key});
      return settle(heap_.size() - 1);
    }
    if (heap_[*place].first == *deadline) return;
    heap_[*place].first = *deadline;
    settle(*place);
  }

  std::optional<Instant> next() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().first;
  }

  // Takes the earliest key whose deadline has come.
  std::optional<Key> pop_due(Instant now) {
    if (heap_.empty() || heap_.front().first > now) return std::nullopt;
    const Key key = heap_.front().second;
    remove(0);
    return key;
  }

  bool empty() const { return heap_.empty(); }

 private:
  using Entry = std::pair<Instant, Key>;

  void remove(std::size_t place) {
    places_.erase(heap_[place].second);
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) return;
    heap_[place] = last;
    settle(place);
  }

  // The entry at `place` goes up or down to where it belongs.
  void settle(std::size_t place) {
    const Entry entry = heap_[place];
    while (place > 0 && entry < heap_[(place - 1) / 2]) {
      move((place - 1) / 2, place);
      place = (place - 1) / 2;
    }
    for (std::size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
      if (entry < heap_[child]) break;
      move(child, place);
      place = child;
    }
    heap_[place] = entry;
    places_.put(entry.second, place);
  }
  void move(std::size_t from, std::size_t to) {
    heap_[to] = heap_[from];
    places_.put(heap_[to].second, to);
  }

  std::vector<Entry> heap_;  // no child is earlier than its parent
  Places places_;
};

}  // namespace baton
