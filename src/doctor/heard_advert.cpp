#include "doctor/heard_advert.h"

#include <algorithm>

#include "vrrp/advert.h"
#include "vrrp/advert_codec.h"
#include "vrrp/authentication_header.h"
#include "vrrp/hmac_trailer.h"
#include "vrrp/ipv4_header.h"
#include "vrrp/message_checksum.h"

namespace baton::doctor {

namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::size_t password_size = 8;

// Of an IPv4 datagram that begins at the reader; what the frame has been filled up with is left out.
std::optional<ByteView> read_ipv4(ByteView rest, HeardAdvert& heard) {
  ByteReader reader(rest);
  const vrrp::Ipv4Header header = vrrp::Ipv4Header::read(reader);
  const std::size_t header_size = std::size_t{header.words} * 4;
  if (!reader.ok() || header.version != 4 || header_size < vrrp::spec::ipv4_header_size) return std::nullopt;
  const std::size_t size = std::min<std::size_t>(header.total_length, rest.size());
  if (header.protocol != vrrp::spec::protocol_vrrp && header.protocol != vrrp::spec::protocol_ah) return std::nullopt;
  if (size < header_size) return std::nullopt;
  heard.family = Family::ipv4;
  heard.source = header.source;
  heard.destination = header.destination;
  heard.hop_limit = header.ttl;
  heard.datagram.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
  ByteView message = rest.subspan(header_size, size - header_size);
  if (header.protocol == vrrp::spec::protocol_ah) {
    if (message.size() < vrrp::spec::ah_size || message[0] != vrrp::spec::protocol_vrrp) return std::nullopt;
    heard.authentication = HeardAuthentication::ah;
    message = message.subspan(vrrp::spec::ah_size);
  }
  return message;
}

std::optional<ByteView> read_ipv6(ByteView rest, HeardAdvert& heard) {
  ByteReader reader(rest);
  const bool is_v6 = reader.u32() >> 28 == 6;
  const std::size_t size = reader.u16();
  const bool is_vrrp = reader.u8() == vrrp::spec::protocol_vrrp;
  heard.hop_limit = reader.u8();
  const ByteView source = reader.take(16);
  const ByteView destination = reader.take(16);
  if (!reader.ok() || !is_v6 || !is_vrrp) return std::nullopt;
  heard.family = Family::ipv6;
  heard.source = IpAddress::from_bytes(source);
  heard.destination = IpAddress::from_bytes(destination);
  const ByteView message = reader.take(std::min(size, reader.remaining()));
  heard.datagram.assign(message.begin(), message.end());
  return message;
}

void read_message(ByteView message, HeardAdvert& heard) {
  ByteReader reader(message);
  heard.version = reader.u8() >> 4;
  heard.vrid = reader.u8();
  heard.priority = reader.u8();
  const std::size_t count = reader.u8();
  const std::uint8_t fifth = reader.u8();
  const std::uint8_t sixth = reader.u8();
  reader.skip(2);
  const bool is_v2 = heard.version == 2;
  if (is_v2) {
    heard.interval = std::chrono::seconds(sixth);
    if (heard.authentication != HeardAuthentication::ah) {
      heard.authentication = fifth == 0   ? HeardAuthentication::none
                             : fifth == 1 ? HeardAuthentication::pass
                                          : HeardAuthentication::other;
    }
  } else {
    heard.interval = std::chrono::milliseconds(10) * ((fifth & 0xf) << 8 | sixth);
  }
  const std::size_t address_size = heard.family == Family::ipv4 ? 4 : 16;
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView address = reader.take(address_size);
    if (!reader.ok()) return;
    heard.addresses.push_back(IpAddress::from_bytes(address));
  }
  if (is_v2) {
    const ByteView password = reader.take(password_size);
    if (!reader.ok()) return;
    std::ranges::copy(password, heard.password.begin());
  }
  heard.is_whole = reader.ok() && (heard.version == 2 || heard.version == 3);
  heard.has_hmac = reader.remaining() == vrrp::spec::hmac_trailer_size;
  const ByteView summed = message.first(reader.position());
  if (heard.family == Family::ipv6) {
    if (vrrp::pseudo_header_checksum(message, heard.source, heard.destination) == 0) {
      heard.checksum = ChecksumReading::pseudo_header;
    }
  } else if (vrrp::message_checksum(summed) == 0) {
    heard.checksum = ChecksumReading::message;
  } else if (!is_v2 && vrrp::pseudo_header_checksum(summed, heard.source, heard.destination) == 0) {
    heard.checksum = ChecksumReading::pseudo_header;
  }
}

}  // namespace

std::string_view name(ChecksumReading reading) {
  switch (reading) {
    case ChecksumReading::message: return "message";
    case ChecksumReading::pseudo_header: return "pseudo-header";
    case ChecksumReading::wrong: return "wrong";
  }
  return "";
}

std::string_view name(HeardAuthentication authentication) {
  switch (authentication) {
    case HeardAuthentication::none: return "none";
    case HeardAuthentication::pass: return "PASS";
    case HeardAuthentication::ah: return "AH";
    case HeardAuthentication::other: return "unknown";
  }
  return "";
}

std::optional<HeardAdvert> dissect(ByteView frame) {
  HeardAdvert heard;
  ByteReader reader(frame);
  reader.skip(6);
  std::ranges::copy(reader.take(6), heard.mac.bytes.begin());
  const std::uint16_t type = reader.u16();
  if (!reader.ok()) return std::nullopt;
  std::optional<ByteView> message;
  if (type == ethertype_ipv4) message = read_ipv4(reader.rest(), heard);
  if (type == ethertype_ipv6) message = read_ipv6(reader.rest(), heard);
  if (!message || message->size() < 2) return std::nullopt;
  read_message(*message, heard);
  return heard;
}

}  // namespace baton::doctor
