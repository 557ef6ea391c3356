// Reading and writing wire formats in network byte order. Both ends know where they stand and where they end;
// pointer arithmetic on packets happens here and nowhere else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"

namespace baton {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// Reads from the front. A read past the end yields zeros and makes ok() false for good, so that a decoder may read
// a whole header and ask once.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  // The next `size` bytes, or an empty view when there are fewer.
  ByteView take(std::size_t size) {
    if (size > remaining()) {
      ok_ = false;
      position_ = bytes_.size();
      return {};
    }
    const ByteView taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }
  ByteView rest() { return take(remaining()); }
  void skip(std::size_t size) { (void)take(size); }

  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t position() const { return position_; }
  bool ok() const { return ok_; }

 private:
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
    return value;
  }

  ByteView bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

// Appends to a buffer it owns or is lent.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void bytes(ByteView value) { out_.insert(out_.end(), value.begin(), value.end()); }
  void zeros(std::size_t count) { out_.insert(out_.end(), count, 0); }

  // Overwrites two bytes written before: a checksum or a length known only at the end.
  void put_u16(std::size_t position, std::uint16_t value) {
    ASSERT(position + 2 <= out_.size());
    out_[position] = static_cast<std::uint8_t>(value >> 8);
    out_[position + 1] = static_cast<std::uint8_t>(value);
  }

  std::size_t size() const { return out_.size(); }

 private:
  void number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }

  Bytes& out_;
};

}  // namespace baton
