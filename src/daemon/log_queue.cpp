#include "daemon/log_queue.h"

#include <fmt/format.h>

#include <utility>

#include "loop/loop.h"

namespace baton::daemon {

void LogQueue::say(log::Level level, std::string text, std::vector<log::OwnField> fields) {
  if (lines_.size() < limits::lines_that_wait) {
    lines_.push_back({.level = level, .text = std::move(text), .fields = std::move(fields)});
  } else {
    ++lost_;
  }
}

void LogQueue::write_some(std::size_t count) {
  for (; count > 0 && !lines_.empty(); --count) write_one();
}

void LogQueue::write_within(Duration time) {
  const Instant bound = loop::now() + time;
  while (!lines_.empty() && loop::now() < bound) write_one();
  lost_ += lines_.size();
  lines_.clear();
  if (lost_ > 0) tell_of_lost();
}

void LogQueue::write_one() {
  const Line& line = lines_.front();
  std::vector<log::Field> fields;
  for (const auto& [name, value] : line.fields) fields.push_back({.name = name, .value = value});
  log_.write(line.level, line.text, fields);
  lines_.pop_front();
  if (lines_.empty() && lost_ > 0) tell_of_lost();
}

void LogQueue::tell_of_lost() {
  log_.warning(fmt::format("{} log lines were lost: more happened than can be told", std::exchange(lost_, 0)));
}

}  // namespace baton::daemon
