#include "vrrp/hmac_trailer.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace baton::vrrp {
namespace {

constexpr std::size_t code_offset = spec::hmac_trailer_size - spec::hmac_code_size;
constexpr std::array<std::uint8_t, spec::hmac_code_size> no_code{};
constexpr std::array<std::uint8_t, 2> no_checksum{};

// 4 or 6, VRRP version, VRID, 0, then the source address, zero filled to 16 bytes.
std::array<std::uint8_t, 20> scope_bytes(const HmacScope& scope) {
  std::array<std::uint8_t, 20> bytes{static_cast<std::uint8_t>(scope.source.family()),
                                     static_cast<std::uint8_t>(scope.version), scope.vrid};
  std::ranges::copy(scope.source.bytes(), bytes.begin() + 4);
  return bytes;
}

std::uint64_t clock_time(WallTime now) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(now);
  const auto rest = static_cast<std::uint64_t>(Duration(now - whole).count());
  return static_cast<std::uint64_t>(whole.time_since_epoch().count()) << 32 | (rest * 65536 / 1'000'000'000) << 16;
}

// Whole seconds from `from` to `to`, in serial arithmetic.
std::int32_t seconds_between(std::uint64_t from, std::uint64_t to) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(to >> 32) - static_cast<std::uint32_t>(from >> 32));
}

}  // namespace

HmacTrailer::HmacTrailer(ByteView bytes) {
  ASSERT(bytes.size() == spec::hmac_trailer_size);
  ByteReader reader(bytes);
  scheme = reader.u8();
  key_id = reader.u8();
  reserved = reader.u16();
  time = reader.u64();
}

void append_hmac_trailer(KeyedHash& hash, const HmacScope& scope, std::uint8_t key_id, std::uint64_t time,
                         Bytes& message) {
  const std::size_t size = message.size();
  ASSERT(size >= spec::checksum_offset + no_checksum.size());
  ByteWriter writer(message);
  writer.u8(spec::hmac_scheme_sha256);
  writer.u8(key_id);
  writer.u16(0);
  writer.u64(time);
  writer.zeros(spec::hmac_code_size);
  const std::span whole(message);
  hash.sign({scope_bytes(scope), whole.first(spec::checksum_offset), no_checksum,
             whole.subspan(spec::checksum_offset + no_checksum.size())},
            whole.subspan(size + code_offset));
}

bool verify_hmac_trailer(KeyedHash& hash, const HmacScope& scope, ByteView message, ByteView trailer) {
  return hash.verify({scope_bytes(scope), message.first(spec::checksum_offset), no_checksum,
                      message.subspan(spec::checksum_offset + no_checksum.size()), trailer.first(code_offset), no_code},
                     trailer.subspan(code_offset));
}

std::uint64_t next_hmac_time(std::uint64_t last, WallTime now, const HmacAuthentication& settings) {
  const std::uint64_t clock = clock_time(now);
  if (last == 0 || is_later(clock, last)) return clock;
  const bool is_set_back = seconds_between(clock, last) > static_cast<std::int32_t>(settings.time_window_seconds);
  return settings.anti_replay == HmacAuthentication::AntiReplay::time && is_set_back ? clock : last + 1;
}

bool is_in_window(std::uint64_t time, WallTime now, std::uint32_t window_seconds) {
  return std::abs(static_cast<std::int64_t>(seconds_between(clock_time(now), time))) <= window_seconds;
}

bool is_later(std::uint64_t time, std::uint64_t than) {
  return static_cast<std::int64_t>(time - than) > 0;
}

}  // namespace baton::vrrp
