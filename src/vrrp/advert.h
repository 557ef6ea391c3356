// What an accepted VRRP advertisement says, once its bytes have been judged.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ip_address.h"
#include "base/time.h"

namespace baton::vrrp {

enum class Version : std::uint8_t { v2 = 2, v3 = 3 };

// Only a packet that passed every check of AdvertCodec::decode becomes one; nothing else may change a state or a timer.
struct Advert {
  IpAddress source;           // of the IP header
  std::uint8_t priority = 0;  // 0 = the master gives up, 255 = address owner (RFC 9568 §5.2.4)
  Duration interval{};        // Max Advertise Interval of the sender

  template <typename Self, typename Archive>
  static void members(Self& self, Archive& archive) {
    archive(self.source);
    archive(self.priority);
    archive(self.interval);
  }
  bool operator==(const Advert&) const = default;
};

namespace spec {

inline constexpr std::uint8_t priority_stop = 0;     // RFC 9568 §5.2.4
inline constexpr std::uint8_t priority_owner = 255;  // RFC 9568 §5.2.4
inline constexpr std::uint8_t priority_default = 100;
inline constexpr std::uint8_t protocol_vrrp = 112;     // RFC 9568 §5.1.1.4
inline constexpr std::uint8_t protocol_ah = 51;        // RFC 4302
inline constexpr std::uint8_t ttl = 255;               // RFC 9568 §5.1.1.3
inline constexpr std::uint8_t type_advertisement = 1;  // RFC 9568 §5.2.2
inline constexpr std::size_t message_header_size = 8;  // before the addresses
inline constexpr std::size_t checksum_offset = 6;
inline constexpr std::size_t addresses_max = 255;  // the count is one byte, RFC 9568 §5.2.5

// 224.0.0.18 and ff02::12 (RFC 9568 §5.1.1.2, §5.1.2.2).
IpAddress multicast_group(Family family);

}  // namespace spec

}  // namespace baton::vrrp
