// The auth_hmac trailer (draft-cassen-vrrp-auth-hmac, keepalived 2.4.2 and later): 28 bytes behind a complete message.
//
//    0                   1                   2                   3
//   |  scheme = 1   |    key id     |         reserved = 0          |
//   |               UTC seconds since 1970, low 32 bits             |
//   |  fraction of a second, 1/65536 |           counter            |
//   |        HMAC-SHA256, first 16 bytes                            |
//
// Seconds, fraction and counter together are one 64-bit number, the packet's time, which never repeats and never falls:
// it is what a receiver compares to refuse replays.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "vrrp/codec_parameters.h"
#include "vrrp/keyed_hash.h"

namespace baton::vrrp {

namespace spec {
inline constexpr std::size_t hmac_trailer_size = 28;
inline constexpr std::size_t hmac_code_size = 16;
inline constexpr std::uint8_t hmac_scheme_sha256 = 1;
}  // namespace spec

struct HmacTrailer {
  std::uint8_t scheme = 0;
  std::uint8_t key_id = 0;
  std::uint16_t reserved = 0;
  std::uint64_t time = 0;

  // `bytes`: spec::hmac_trailer_size.
  explicit HmacTrailer(ByteView bytes);
};

// What the code covers beside message and trailer, so that it cannot be moved to another router or sender.
struct HmacScope {
  Version version = Version::v3;
  std::uint8_t vrid = 0;
  IpAddress source;
};

// Appends the trailer to a complete message; its checksum does not matter.
void append_hmac_trailer(KeyedHash& hash, const HmacScope& scope, std::uint8_t key_id, std::uint64_t time,
                         Bytes& message);
[[nodiscard]] bool verify_hmac_trailer(KeyedHash& hash, const HmacScope& scope, ByteView message, ByteView trailer);

// The time the next packet carries, given the last one sent (0: none): the clock's when it is ahead, else one more.
// With AntiReplay::time, a last one further ahead of the clock than the window is given up: the clock was set back, and
// receivers with a right one would refuse everything until it caught up.
std::uint64_t next_hmac_time(std::uint64_t last, WallTime now, const HmacAuthentication& settings);

// Whether a packet's whole seconds are no more than the window away from the clock.
bool is_in_window(std::uint64_t time, WallTime now, std::uint32_t window_seconds);
// Serial arithmetic (RFC 1982): right also when the 32-bit seconds begin anew in 2106.
bool is_later(std::uint64_t time, std::uint64_t than);

}  // namespace baton::vrrp
