// Bytes of which every bit is 0, 1 or not known, and what can be said of them: true, false, or neither.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace baton::doctor {

enum class Truth : std::uint8_t { no, maybe, yes };

inline Truth inverted(Truth truth) {
  if (truth == Truth::maybe) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

struct KnownBits {
  Bytes value;  // 0 where not known
  Bytes known;  // a set bit: this one is known

  static KnownBits of(ByteView bytes) {
    return {.value = Bytes(bytes.begin(), bytes.end()), .known = Bytes(bytes.size(), 0xff)};
  }
  static KnownBits unknown(std::size_t size) { return {.value = Bytes(size, 0), .known = Bytes(size, 0)}; }
  std::size_t size() const { return value.size(); }
  bool is_known() const;
  KnownBits part(std::size_t offset, std::size_t size) const;  // what is beyond the end is not known
  void put(std::size_t offset, const KnownBits& bits);
};

Truth is_equal(const KnownBits& bits, ByteView other);
// Numbers in network order, as nf_tables compares: below 0, 0 or above in the smallest and largest case.
Truth is_less(const KnownBits& bits, ByteView other);
Truth is_less_or_equal(const KnownBits& bits, ByteView other);

}  // namespace baton::doctor
