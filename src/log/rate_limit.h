// Says a thing once, or a few times, then counts: for messages that a stranger could provoke as often as he likes.
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
  // `in_a_row`: so many of a key are told in an interval, at least 1.
  explicit RateLimit(Duration interval, std::size_t keys = 256, std::uint64_t in_a_row = 1)
      : interval_(interval), most_keys_(keys), in_a_row_(in_a_row) {}

  // nullopt: keep silent now. Else how many of this key were kept silent since the last one told.
  std::optional<std::uint64_t> allow(const std::string& key, Instant now) {
    const auto found = keys_.find(key);
    if (found == keys_.end()) {
      if (keys_.size() >= most_keys_) keys_.erase(keys_.begin());
      keys_.emplace(key, Entry{.since = now});
      return 0;
    }
    Entry& entry = found->second;
    if (now - entry.since >= interval_) entry = {.since = now, .told = 0, .silent = entry.silent};
    if (entry.told == in_a_row_) {
      ++entry.silent;
      return std::nullopt;
    }
    ++entry.told;
    return std::exchange(entry.silent, 0);
  }

 private:
  struct Entry {
    Instant since;
    std::uint64_t told = 1;
    std::uint64_t silent = 0;
  };
  Duration interval_;
  std::size_t most_keys_;
  std::uint64_t in_a_row_;
  std::map<std::string, Entry> keys_;
};

}  // namespace baton::log
