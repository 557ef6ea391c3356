// The log of one machine: the bounded queue of its reader's socket, which all its programs share, and the reader, which
// knows what should have come: each worker numbers its lines from 1 on, and what is missing must have been counted by
// the time it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace baton::sim {

class Journal {
 public:
  // A line, or how many lines of its writer were lost.
  struct Entry {
    std::uint64_t writer = 0;  // 0: another program
    std::uint64_t line = 0;    // 0: a count
    std::uint64_t lost = 0;
  };
  enum class Reader : std::uint8_t { stalls, reads, slow };  // the last: now and then one

  explicit Journal(std::size_t bound) : bound_(bound) {}

  // False: there is no place.
  bool put(const Entry& entry);
  void set_reader(Reader reader);
  Reader reader() const { return reader_; }
  void read_one();
  // Others have written what nobody has read, so that no more places are left than these.
  void crowd(std::size_t places);

  std::size_t bound() const { return bound_; }
  std::size_t waiting() const { return queue_.size(); }
  // Lines of the writer that were read, and lost ones that it has told of; 0 of one that was never heard.
  std::uint64_t accounted(std::uint64_t writer) const { return writer == writer_ ? read_ + counted_ : 0; }
  // Empty, or what is wrong: lines that nobody counted, or that were not lost.
  const std::string& problem() const { return problem_; }

  void set_boundless() { is_boundless_ = true; }  // for tests

 private:
  void judge(const Entry& entry);

  std::size_t bound_;
  bool is_boundless_ = false;
  Reader reader_ = Reader::reads;
  std::deque<Entry> queue_;
  // Of the writer heard last.
  std::uint64_t writer_ = 0;
  std::uint64_t last_ = 0;     // line
  std::uint64_t missing_ = 0;  // before that one, and not told yet
  std::uint64_t read_ = 0;
  std::uint64_t counted_ = 0;
  std::string problem_;
};

}  // namespace baton::sim
