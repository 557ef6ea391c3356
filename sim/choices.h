// Decisions read from bytes, as a fuzzer gives them: when there are no more, every answer is the first one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"

namespace baton::sim {

class Choices {
 public:
  explicit Choices(ByteView bytes) : bytes_(bytes) {}

  bool are_over() const { return at_ >= bytes_.size(); }
  std::uint8_t next() { return are_over() ? 0 : bytes_[at_++]; }
  std::size_t below(std::size_t bound) { return next() % bound; }  // bound: 1..256
  bool yes() { return (next() & 1) != 0; }
  template <typename T, std::size_t size>
  T pick(const std::array<T, size>& from) {
    return from[below(size)];
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

}  // namespace baton::sim
