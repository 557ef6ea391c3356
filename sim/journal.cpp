#include "sim/journal.h"

#include <fmt/format.h>

namespace baton::sim {

bool Journal::put(const Entry& entry) {
  if (queue_.size() >= bound_ && !is_boundless_) return false;
  queue_.push_back(entry);
  if (reader_ == Reader::reads) read_one();
  return true;
}

void Journal::set_reader(Reader reader) {
  reader_ = reader;
  while (reader_ == Reader::reads && !queue_.empty()) read_one();
}

void Journal::read_one() {
  if (queue_.empty()) return;
  judge(queue_.front());
  queue_.pop_front();
}

void Journal::crowd(std::size_t places) {
  while (queue_.size() + places < bound_) queue_.emplace_back();
}

void Journal::judge(const Entry& entry) {
  if (entry.writer == 0) return;
  if (entry.writer != writer_) {  // what the one before has not told died with it
    writer_ = entry.writer;
    last_ = missing_ = read_ = counted_ = 0;
  }
  if (entry.line == 0) {
    if (entry.lost != missing_) {
      problem_ = fmt::format("the log says that {} lines were lost, {} are missing", entry.lost, missing_);
    }
    counted_ += entry.lost;
    missing_ = 0;
    return;
  }
  if (entry.line <= last_) problem_ = fmt::format("line {} of the log follows line {}", entry.line, last_);
  missing_ += entry.line - last_ - 1;
  last_ = entry.line;
  ++read_;
}

}  // namespace baton::sim
