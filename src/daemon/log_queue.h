// Log lines that wait for the end of a turn: writing one may cost more than an advert has time for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/time.h"
#include "log/logger.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t lines_that_wait = 20'000;
}  // namespace limits

class LogQueue {
 public:
  explicit LogQueue(log::Logger& log) : log_(log) {}

  // What does not fit any more is counted, and the number told behind the lines that were there.
  void say(log::Level level, std::string text, std::vector<log::OwnField> fields = {});
  bool is_empty() const { return lines_.empty(); }
  void write_some(std::size_t count);
  void write_all() { write_some(lines_.size()); }
  // As many as there is time for; the others are lost, and counted.
  void write_within(Duration time);

 private:
  struct Line {
    log::Level level = log::Level::info;
    std::string text;
    std::vector<log::OwnField> fields;
  };
  void write_one();
  void tell_of_lost();

  log::Logger& log_;
  std::deque<Line> lines_;
  std::uint64_t lost_ = 0;
};

}  // namespace baton::daemon
