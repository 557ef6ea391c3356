// An IPv4 or IPv6 address, and an address with a prefix length.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace baton {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0

  static IpAddress v4(std::uint32_t host_order);
  // 4 or 16 bytes in network order; anything else is a bug of ours.
  static IpAddress from_bytes(ByteView bytes);
  // The numeric forms of inet_pton(3) and nothing else: no short forms, no leading zeros, no names, no zone.
  static std::optional<IpAddress> parse(std::string_view text);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::ipv4; }
  bool is_v6() const { return family_ == Family::ipv6; }
  bool is_unspecified() const;
  bool is_multicast() const;
  bool is_link_local() const;  // 169.254.0.0/16, fe80::/10

  std::size_t size() const { return is_v4() ? 4 : 16; }
  ByteView bytes() const { return ByteView(bytes_).first(size()); }
  std::uint32_t v4_host_order() const;  // IPv4 only

  // IPv4 before IPv6; within a family numeric, most significant byte first (RFC 9568 §6.4.3 tie-break).
  std::strong_ordering operator<=>(const IpAddress&) const = default;
  bool operator==(const IpAddress&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

std::string to_string(const IpAddress& address);

struct IpPrefix {
  IpAddress address;         // host bits are kept
  std::uint8_t length = 32;  // 0..32, 0..128

  std::strong_ordering operator<=>(const IpPrefix&) const = default;
  bool operator==(const IpPrefix&) const = default;
};

// "10.0.20.100/24".
std::string to_string(const IpPrefix& prefix);
bool contains(const IpPrefix& prefix, const IpAddress& address);

}  // namespace baton

template <>
struct std::hash<baton::IpAddress> {
  std::size_t operator()(const baton::IpAddress& address) const noexcept;
};
