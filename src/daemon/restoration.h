// When an address that somebody took away is put back: at once, and later each time it happens again, so that two
// managers of one address do not keep a machine busy. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"

namespace baton::daemon {

namespace limits {

inline constexpr Duration first_hold = std::chrono::seconds(1);  // the second time; then twice as long
inline constexpr Duration longest_hold = std::chrono::seconds(30);
inline constexpr Duration undisturbed = std::chrono::seconds(60);  // back for so long: the next time is the first again

}  // namespace limits

template <typename Key>
class Restoration {
 public:
  // It was taken away. How long it stays away; zero: put it back now.
  Duration on_loss(const Key& key, Instant now) {
    forget_settled(now);
    const auto [place, is_first] = losses_.try_emplace(key);
    Loss& loss = place->second;
    if (is_first) {
      loss.back_at = now;
      return {};
    }
    loss.hold = std::clamp<Duration>(2 * loss.hold, limits::first_hold, limits::longest_hold);
    loss.back_at = now + loss.hold;
    loss.is_waiting = true;
    return loss.hold;
  }
  // Those whose time has come.
  std::vector<Key> due(Instant now) {
    std::vector<Key> keys;
    for (auto& [key, loss] : losses_) {
      if (!loss.is_waiting || loss.back_at > now) continue;
      loss.is_waiting = false;
      keys.push_back(key);
    }
    return keys;
  }
  std::optional<Instant> next_at() const {
    std::optional<Instant> next;
    for (const auto& [key, loss] : losses_) {
      if (loss.is_waiting) next = std::min(next.value_or(loss.back_at), loss.back_at);
    }
    return next;
  }
  bool is_waiting(const Key& key) const {
    const auto found = losses_.find(key);
    return found != losses_.end() && found->second.is_waiting;
  }

 private:
  struct Loss {
    Instant back_at{};
    Duration hold{};
    bool is_waiting = false;
  };
  void forget_settled(Instant now) {
    std::erase_if(losses_, [&](const auto& entry) {
      return !entry.second.is_waiting && now - entry.second.back_at >= limits::undisturbed;
    });
  }

  std::map<Key, Loss> losses_;  // of addresses that are ours: bounded by the configuration
};

}  // namespace baton::daemon
