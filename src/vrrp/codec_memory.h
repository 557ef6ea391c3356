// What a codec must remember between packets, as a plain value: it lies in memory that processes share, so that a
// successor goes on where its predecessor stopped and nobody takes it for a replay.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "base/ip_address.h"

namespace baton::vrrp {

namespace limits {
// Senders whose marks are kept, per virtual router. The one heard longest ago makes room for the next.
inline constexpr std::size_t senders_remembered = 16;
}  // namespace limits

// One sender of accepted adverts.
struct HeardSender {
  IpAddress address;
  bool old_unicast_checksum = false;  // spoke the checksum of keepalived up to 1.3.6, and wants it spoken
  std::uint32_t ah_sequence = 0;      // highest accepted; 0: none
  std::uint64_t hmac_time = 0;        // highest accepted; 0: none

  bool operator==(const HeardSender&) const = default;
};

// The senders heard, latest first. A place whose address is unspecified is free.
class HeardSenders {
 public:
  const HeardSender* find(const IpAddress& address) const;
  // Puts a sender first, in the place of what was known of it. When there is no place left, the sender heard longest
  // ago is forgotten and returned.
  std::optional<HeardSender> put(const HeardSender& sender);

  bool operator==(const HeardSenders&) const = default;

 private:
  std::array<HeardSender, limits::senders_remembered> senders_{};
};

struct CodecMemory {
  std::uint16_t ip_identification = 0;  // last sent
  std::uint32_t ah_sequence = 0;        // the highest sent or heard
  std::uint32_t ah_floor = 0;           // what a sender without a mark must exceed, see authentication_header.h
  std::uint64_t hmac_time = 0;          // last sent: seconds << 32 | fraction << 16 | counter
  HeardSenders heard;

  bool operator==(const CodecMemory&) const = default;
};
static_assert(std::is_trivially_copyable_v<CodecMemory>);

}  // namespace baton::vrrp
