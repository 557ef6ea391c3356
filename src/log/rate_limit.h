// Says a thing once, then counts: for messages that a stranger could provoke as often as he likes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"

namespace baton::log {

// The end of a line that was kept silent so often: " (3 more like it)"; nothing for none.
inline std::string more_like_it(std::uint64_t silent) {
  return silent == 0 ? std::string() : " (" + std::to_string(silent) + " more like it)";
}

class RateLimit {
 public:
  explicit RateLimit(Duration interval, std::size_t keys = 256) : interval_(interval), most_keys_(keys) {}

  // nullopt: keep silent now. Else how many of this key were kept silent since the last one told.
  std::optional<std::uint64_t> allow(const std::string& key, Instant now) {
    const auto found = keys_.find(key);
    if (found == keys_.end()) {
      if (keys_.size() >= most_keys_) keys_.erase(keys_.begin());
      keys_.emplace(key, Entry{now, 0});
      return 0;
    }
    Entry& entry = found->second;
    if (now - entry.told < interval_) {
      ++entry.silent;
      return std::nullopt;
    }
    entry.told = now;
    return std::exchange(entry.silent, 0);
  }

 private:
  struct Entry {
    Instant told;
    std::uint64_t silent = 0;
  };
  Duration interval_;
  std::size_t most_keys_;
  std::map<std::string, Entry> keys_;
};

}  // namespace baton::log
