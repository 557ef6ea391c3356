#include "doctor/known_bits.h"

#include <algorithm>

namespace baton::doctor {

namespace {

// The least and the greatest that the bits can be.
Bytes least(const KnownBits& bits) {
  return bits.value;
}
Bytes greatest(const KnownBits& bits) {
  Bytes most = bits.value;
  for (std::size_t i = 0; i < most.size(); ++i) most[i] = static_cast<std::uint8_t>(most[i] | ~bits.known[i]);
  return most;
}

bool is_less(const Bytes& one, ByteView other) {
  return std::ranges::lexicographical_compare(one, other);
}

}  // namespace

bool KnownBits::is_known() const {
  return std::ranges::all_of(known, [](std::uint8_t each) { return each == 0xff; });
}

KnownBits KnownBits::part(std::size_t offset, std::size_t size_of) const {
  KnownBits result = unknown(size_of);
  for (std::size_t i = 0; i < size_of && offset + i < size(); ++i) {
    result.value[i] = value[offset + i];
    result.known[i] = known[offset + i];
  }
  return result;
}

void KnownBits::put(std::size_t offset, const KnownBits& bits) {
  for (std::size_t i = 0; i < bits.size() && offset + i < size(); ++i) {
    value[offset + i] = bits.value[i];
    known[offset + i] = bits.known[i];
  }
}

Truth is_equal(const KnownBits& bits, ByteView other) {
  Truth truth = Truth::yes;
  for (std::size_t i = 0; i < bits.size() && i < other.size(); ++i) {
    if (((bits.value[i] ^ other[i]) & bits.known[i]) != 0) return Truth::no;
    if (bits.known[i] != 0xff) truth = Truth::maybe;
  }
  return truth;
}

Truth is_less(const KnownBits& bits, ByteView other) {
  if (is_less(greatest(bits), other)) return Truth::yes;
  return is_less(least(bits), other) ? Truth::maybe : Truth::no;
}

Truth is_less_or_equal(const KnownBits& bits, ByteView other) {
  const auto is_at_most = [&](const Bytes& one) { return !std::ranges::lexicographical_compare(other, one); };
  if (is_at_most(greatest(bits))) return Truth::yes;
  return is_at_most(least(bits)) ? Truth::maybe : Truth::no;
}

}  // namespace baton::doctor
