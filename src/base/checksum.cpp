#include "base/checksum.h"

namespace baton {

void InternetChecksum::add(ByteView bytes) {
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum_ += static_cast<std::uint64_t>(bytes[i]) << 8 | bytes[i + 1];
  if (i < bytes.size()) sum_ += static_cast<std::uint64_t>(bytes[i]) << 8;
}

std::uint16_t InternetChecksum::value() const {
  std::uint64_t sum = sum_;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace baton
