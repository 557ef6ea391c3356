// The Authentication Header (RFC 2402) as VRRPv2's auth_type AH puts it between IPv4 header and message:
//
//    0                   1                   2                   3
//   |  next = 112   |  length = 4   |         reserved = 0          |
//   |      security parameters index: the sender's IPv4 address     |
//   |                        sequence number                        |
//   |        integrity check value: HMAC-MD5, first 12 bytes        |
//
// Replay. RFC 2402 counts per sender. keepalived keeps one counter per virtual router, moved by sending and by hearing
// alike, and refuses what is not above it; after a partition its nodes refuse each other for seconds. So we judge and
// send by different rules:
//  - A packet is taken when it is above the mark of its own sender, that is above everything taken from that sender
//    before. Source and sequence are under the check value, so a packet captured from S can only be given to us as a
//    packet of S, and only once.
//  - A sender without a mark must exceed the floor. Whoever starts silent and hears a living LAN takes the first number
//    it hears as its floor, because on a connected LAN the numbers of all senders rise together: what was captured
//    before is not above. Forgetting a sender for want of room raises the floor to its mark, so forgetting reopens
//    nothing. Who was first to speak has the floor 0 and believes a healed neighbour at once.
//  - We send one more than everything sent and heard, which is above the one counter of any keepalived we hear.
// A sender that restarted with a lower number is refused until it has heard an advert of somebody and counts on from
// there, as keepalived does too. It hears keepalived although its own adverts put those off: see
// RouterParameters::makes_room. No silence, however long, lowers a mark: it would let a dead master's recorded adverts
// in.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "vrrp/keyed_hash.h"

namespace baton::vrrp {

namespace spec {
inline constexpr std::size_t ah_size = 24;
inline constexpr std::size_t ah_icv_size = 12;
inline constexpr std::uint8_t ah_payload_length = 4;           // in units of 4 bytes, less 2 (RFC 2402 §2.2)
inline constexpr std::uint32_t ah_sequence_last = 0xfffffffe;  // keepalived counts no further
}  // namespace spec

struct AuthenticationHeader {
  std::uint8_t next_header = 0;
  std::uint8_t payload_length = 0;
  std::uint32_t security_parameters_index = 0;
  std::uint32_t sequence = 0;
  ByteView integrity_check_value;

  // `bytes`: spec::ah_size.
  explicit AuthenticationHeader(ByteView bytes);
};

// Appends the header with a check value of zeros.
void write_authentication_header(ByteWriter& writer, const IpAddress& source, std::uint32_t sequence);

// Fills in the check value of a datagram that is complete but for it and for the kernel's IPv4 checksum.
void sign_authentication_header(KeyedHash& hash, Bytes& datagram);
// `ip_header` 20 bytes, `header` spec::ah_size bytes, `message` all that follows.
[[nodiscard]] bool verify_authentication_header(KeyedHash& hash, ByteView ip_header, ByteView header, ByteView message);

}  // namespace baton::vrrp
