// Which lines of a log nobody could take, and when that is told: with the next one that somebody takes. A value;
// whoever writes says what is done with a line.
#pragma once

#include <cstdint>

namespace baton::log {

class LostLines {
 public:
  // `put()` gives a line to its readers, `put_count(lines)` one that says how many were lost before it; each says
  // whether all could take it. A count that is lost itself is no line of anybody's, and is told with a later line.
  template <typename Put, typename PutCount>
  void write(Put&& put, PutCount&& put_count) {
    if (!put()) {
      ++lost_;
      return;
    }
    const std::uint64_t lines = untold();
    if (lines > 0 && put_count(lines)) told_ += lines;
  }

  std::uint64_t count() const { return lost_; }  // since the start
  std::uint64_t untold() const { return lost_ - told_; }

 private:
  std::uint64_t lost_ = 0;
  std::uint64_t told_ = 0;
};

}  // namespace baton::log
