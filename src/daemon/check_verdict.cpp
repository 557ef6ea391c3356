#include "daemon/check_verdict.h"

#include <algorithm>

namespace baton::daemon {
namespace {

constexpr std::uint8_t is_up_bit = 1;
constexpr std::uint8_t has_weight_bit = 2;
constexpr std::uint8_t known_bits = is_up_bit | has_weight_bit;

}  // namespace

// check (4), bits (1), weight (4, 0 where there is none), length of the reason (2), reason.
Bytes encode(const CheckVerdict& verdict) {
  Bytes bytes;
  ByteWriter writer(bytes);
  const std::size_t length = std::min(verdict.reason.size(), limits::verdict_reason);
  writer.u32(verdict.check);
  writer.u8(static_cast<std::uint8_t>((verdict.is_up ? is_up_bit : 0) | (verdict.weight ? has_weight_bit : 0)));
  writer.u32(static_cast<std::uint32_t>(verdict.weight.value_or(0)));
  writer.u16(static_cast<std::uint16_t>(length));
  writer.bytes({reinterpret_cast<const std::uint8_t*>(verdict.reason.data()), length});
  return bytes;
}

std::expected<CheckVerdict, VerdictError> decode_verdict(ByteView message) {
  ByteReader reader(message);
  CheckVerdict verdict{.check = reader.u32()};
  const std::uint8_t bits = reader.u8();
  const auto weight = static_cast<std::int32_t>(reader.u32());
  const std::uint16_t length = reader.u16();
  const ByteView reason = reader.take(length);
  if (!reader.ok()) return std::unexpected(VerdictError::truncated);
  if (reader.remaining() > 0) return std::unexpected(VerdictError::trailing_bytes);
  const bool has_weight = (bits & has_weight_bit) != 0;
  if ((bits & ~known_bits) != 0 || length > limits::verdict_reason || (!has_weight && weight != 0)) {
    return std::unexpected(VerdictError::bad_value);
  }
  verdict.is_up = (bits & is_up_bit) != 0;
  if (has_weight) verdict.weight = weight;
  verdict.reason.assign(reason.begin(), reason.end());
  return verdict;
}

// key (8), up (1), length of the reason (2), reason.
Bytes encode_tracked(const TrackedVerdict& verdict) {
  Bytes bytes;
  ByteWriter writer(bytes);
  const std::size_t length = std::min(verdict.reason.size(), limits::verdict_reason);
  writer.u64(verdict.key);
  writer.u8(verdict.is_up ? 1 : 0);
  writer.u16(static_cast<std::uint16_t>(length));
  writer.bytes({reinterpret_cast<const std::uint8_t*>(verdict.reason.data()), length});
  return bytes;
}

std::expected<TrackedVerdict, VerdictError> decode_tracked(ByteView message) {
  ByteReader reader(message);
  TrackedVerdict verdict{.key = reader.u64()};
  const std::uint8_t is_up = reader.u8();
  const std::uint16_t length = reader.u16();
  const ByteView reason = reader.take(length);
  if (!reader.ok()) return std::unexpected(VerdictError::truncated);
  if (reader.remaining() > 0) return std::unexpected(VerdictError::trailing_bytes);
  if (is_up > 1 || length > limits::verdict_reason) return std::unexpected(VerdictError::bad_value);
  verdict.is_up = is_up == 1;
  verdict.reason.assign(reason.begin(), reason.end());
  return verdict;
}

}  // namespace baton::daemon
