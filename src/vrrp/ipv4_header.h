// The IPv4 header as adverts carry it: 20 bytes, no options (RFC 791).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace baton::vrrp {

namespace spec {
inline constexpr std::size_t ipv4_header_size = 20;
inline constexpr std::uint8_t internetwork_control = 0xc0;  // type of service: precedence 6 (RFC 791 §3.1)
}  // namespace spec

struct Ipv4Header {
  std::uint8_t version = 4;
  std::uint8_t words = 5;  // header length in units of 4 bytes
  std::uint16_t total_length = 0;
  std::uint16_t identification = 0;
  std::uint8_t ttl = 0;
  std::uint8_t protocol = 0;
  IpAddress source;
  IpAddress destination;

  // Reads the first 20 bytes; the reader tells when there were fewer.
  static Ipv4Header read(ByteReader& reader);
  // Not fragmented, checksum 0 for the kernel to fill in.
  void write(ByteWriter& writer) const;
};

}  // namespace baton::vrrp
