// Virtual routers of two nodes, web1 (10.0.20.14, fe80::14) and web2 (.15), for tests of the codec.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "vrrp/advert_codec.h"

namespace baton::vrrp {

inline constexpr WallTime noon{std::chrono::seconds(1'795'262'400)};  // 2026-11-21 12:00 UTC

inline IpAddress ip(const std::string& text) {
  return *IpAddress::parse(text);
}

inline CodecParameters v2_plain() {
  return {.version = Version::v2,
          .vrid = 50,
          .advert_interval = std::chrono::seconds(1),
          .addresses = {ip("10.0.20.100"), ip("10.0.20.101")}};
}

inline CodecParameters v2_with(AuthType type) {
  CodecParameters made = v2_plain();
  made.authentication = {.type = type, .password = {'t', 'u', 'l', 'e'}};
  return made;
}

inline CodecParameters v3_ipv4() {
  CodecParameters made = v2_plain();
  made.version = Version::v3;
  return made;
}

inline CodecParameters v3_ipv6() {
  CodecParameters made = v3_ipv4();
  made.family = Family::ipv6;
  made.addresses = {ip("fe80::20:100"), ip("2001:db8:20::100")};
  return made;
}

inline CodecParameters with_hmac(CodecParameters made) {
  made.hmac = HmacAuthentication{.keys = {{.id = 7, .secret = Bytes(32, 0xa5)}}, .active_key = 7};
  return made;
}

inline CodecParameters with_peers(CodecParameters made, const std::vector<std::string>& peers) {
  for (const std::string& peer : peers) made.peers.push_back({.address = ip(peer)});
  return made;
}

inline AdvertCodec node(CodecParameters parameters, const std::string& source) {
  AdvertCodec codec = *AdvertCodec::make(std::move(parameters));
  codec.set_source(ip(source));
  return codec;
}

// The address of web1, web2 ... in the family of the router.
inline std::string host(const CodecParameters& parameters, int number) {
  return (parameters.family == Family::ipv4 ? "10.0.20." : "fe80::") + std::to_string(13 + number);
}

// web1's advert, to be changed before web2 hears it. IPv4: with the IP header.
inline Bytes advert_of(AdvertCodec& sender, std::uint8_t priority = 100, WallTime now = noon) {
  return sender.encode(priority, sender.parameters().advert_interval, now).front().bytes;
}

// As the other end's raw socket gives it: from web1, to wherever the receiver listens.
inline ReceivedPacket received(const Bytes& bytes, const CodecParameters& parameters) {
  ReceivedPacket packet{.bytes = bytes};
  if (parameters.family == Family::ipv4) return packet;
  packet.source = ip(host(parameters, 1));
  packet.destination = parameters.peers.empty() ? ip("ff02::12") : ip(host(parameters, 2));
  return packet;
}

// Makes the IPv4 total length fit again.
inline void set_total_length(Bytes& datagram) {
  ByteWriter(datagram).put_u16(2, static_cast<std::uint16_t>(datagram.size()));
}

// Makes the checksum of a VRRPv2 message, or of a VRRPv3 one in RFC 9568's reading, fit again.
void fix_checksum(Bytes& datagram, std::size_t message_offset = 20);

}  // namespace baton::vrrp
