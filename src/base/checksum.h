// The Internet checksum (RFC 1071), as a sum that can be fed in pieces.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace baton {

class InternetChecksum {
 public:
  // Every piece but the last must have an even length.
  void add(ByteView bytes);
  void add_u16(std::uint16_t value) { sum_ += value; }
  void add_u32(std::uint32_t value) { sum_ += (value >> 16) + (value & 0xffff); }

  // The value to put into the checksum field; 0 when the summed bytes hold a right checksum already.
  std::uint16_t value() const;

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace baton
