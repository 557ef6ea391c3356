#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace baton {

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  for (std::size_t i = 0; i < 4; ++i) address.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::from_bytes(ByteView bytes) {
  ASSERT(bytes.size() == 4 || bytes.size() == 16);
  IpAddress address;
  address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.empty() || text.size() >= buffer.size() || text.find('\0') != text.npos) return std::nullopt;
  std::ranges::copy(text, buffer.begin());
  IpAddress address;
  if (::inet_pton(AF_INET, buffer.data(), address.bytes_.data()) == 1) return address;
  address.family_ = Family::ipv6;
  address.bytes_.fill(0);
  if (::inet_pton(AF_INET6, buffer.data(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const {
  return is_v4() ? bytes_[0] >> 4 == 0xe : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
  return is_v4() ? bytes_[0] == 169 && bytes_[1] == 254 : bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::uint32_t IpAddress::v4_host_order() const {
  ASSERT(is_v4());
  return ByteReader(bytes()).u32();
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const char* text =
      ::inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.bytes().data(), buffer.data(), buffer.size());
  ASSERT(text != nullptr);
  return text;
}

std::string to_string(const IpPrefix& prefix) {
  return to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

bool contains(const IpPrefix& prefix, const IpAddress& address) {
  if (prefix.address.family() != address.family()) return false;
  const ByteView a = prefix.address.bytes();
  const ByteView b = address.bytes();
  const std::size_t whole = prefix.length / 8;
  if (!std::ranges::equal(a.first(whole), b.first(whole))) return false;
  const unsigned bits = prefix.length % 8u;
  return bits == 0 || (a[whole] ^ b[whole]) >> (8 - bits) == 0;
}

}  // namespace baton

std::size_t std::hash<baton::IpAddress>::operator()(const baton::IpAddress& address) const noexcept {
  std::uint64_t halves[2] = {};
  std::memcpy(halves, address.bytes().data(), address.size());
  return std::hash<std::uint64_t>{}(halves[0] * 0x9e3779b97f4a7c15u ^ halves[1]);
}
