#include "vrrp/announcement.h"

#include <algorithm>

#include "base/checksum.h"

namespace baton::vrrp {
namespace {

namespace spec {
constexpr std::size_t ethernet_header_size = 14;
constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint16_t arp_hardware_ethernet = 1;
constexpr std::uint16_t arp_protocol_ipv4 = 0x0800;
constexpr std::uint16_t arp_request = 1;
constexpr std::uint16_t arp_reply = 2;
constexpr std::uint8_t protocol_icmpv6 = 58;
constexpr std::uint8_t hop_limit = 255;                 // RFC 4861 §7.1.2
constexpr std::uint8_t neighbour_advertisement = 136;   // RFC 4861 §4.4
constexpr std::uint32_t router_flag = 0x80000000;       // RFC 4861 §4.4
constexpr std::uint32_t override_flag = 0x20000000;     // RFC 4861 §4.4
constexpr std::uint8_t option_target_link_address = 2;  // RFC 4861 §4.6.1
constexpr std::size_t advertisement_size = 24;          // before the options
}  // namespace spec

constexpr MacAddress broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr MacAddress all_nodes_mac{{0x33, 0x33, 0, 0, 0, 1}};
constexpr std::array<std::uint8_t, 16> all_nodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

void write_ethernet(ByteWriter& writer, const MacAddress& to, const MacAddress& from, std::uint16_t type) {
  writer.bytes(to.bytes);
  writer.bytes(from.bytes);
  writer.u16(type);
}

MacAddress read_mac(ByteReader& reader) {
  MacAddress mac;
  std::ranges::copy(reader.take(mac.bytes.size()), mac.bytes.begin());
  return mac;
}

// RFC 4443 §2.3.
std::uint16_t icmpv6_checksum(ByteView source, ByteView destination, ByteView message) {
  InternetChecksum sum;
  sum.add(source);
  sum.add(destination);
  sum.add_u32(static_cast<std::uint32_t>(message.size()));
  sum.add_u16(spec::protocol_icmpv6);
  sum.add(message);
  return sum.value();
}

// An address some host can have, at a hardware address some host can have. An ARP probe (RFC 5227) has the sender
// address 0: it asks and claims nothing.
std::optional<HeardAnnouncement> plausible(const HeardAnnouncement& heard) {
  const bool is_group = (heard.mac.bytes[0] & 1) != 0;
  if (heard.address.is_unspecified() || heard.address.is_multicast() || is_group || heard.mac == MacAddress{}) {
    return std::nullopt;
  }
  return heard;
}

std::optional<HeardAnnouncement> decode_arp(ByteReader reader) {
  const bool is_ethernet = reader.u16() == spec::arp_hardware_ethernet;
  const bool is_ipv4 = reader.u16() == spec::arp_protocol_ipv4;
  const bool has_sizes = reader.u16() == 0x0604;
  reader.skip(2);  // request or reply: both say where the sender is
  HeardAnnouncement heard;
  heard.mac = read_mac(reader);
  heard.address = IpAddress::v4(reader.u32());
  reader.skip(10);  // target
  if (!reader.ok() || !is_ethernet || !is_ipv4 || !has_sizes) return std::nullopt;
  return plausible(heard);
}

std::optional<MacAddress> find_target_link_address(ByteReader options) {
  while (options.remaining() > 0) {  // ends: an option of no length is refused
    const std::uint8_t type = options.u8();
    const std::size_t size = options.u8() * std::size_t{8};
    if (!options.ok() || size == 0) return std::nullopt;
    ByteReader value(options.take(size - 2));
    if (!options.ok()) return std::nullopt;
    if (type == spec::option_target_link_address && size == 8) return read_mac(value);
  }
  return std::nullopt;
}

std::optional<HeardAnnouncement> decode_neighbour_advertisement(ByteReader reader) {
  const bool is_ipv6 = reader.u32() >> 28 == 6;
  const std::uint16_t size = reader.u16();
  const bool is_icmpv6 = reader.u8() == spec::protocol_icmpv6;
  const bool is_local = reader.u8() == spec::hop_limit;
  const ByteView source = reader.take(16);
  const ByteView destination = reader.take(16);
  const ByteView message = reader.take(size);
  if (!reader.ok() || !is_ipv6 || !is_icmpv6 || !is_local || size < spec::advertisement_size) return std::nullopt;
  if (message[0] != spec::neighbour_advertisement || message[1] != 0) return std::nullopt;
  if (icmpv6_checksum(source, destination, message) != 0) return std::nullopt;
  const auto mac = find_target_link_address(ByteReader(message.subspan(spec::advertisement_size)));
  if (!mac) return std::nullopt;
  return plausible({.address = IpAddress::from_bytes(message.subspan(8, 16)), .mac = *mac});
}

std::optional<HeardAnswer> decode_arp_reply(ByteReader reader) {
  const bool is_reply = reader.u16() == spec::arp_hardware_ethernet && reader.u16() == spec::arp_protocol_ipv4 &&
                        reader.u16() == 0x0604 && reader.u16() == spec::arp_reply;
  reader.skip(6);  // where the neighbour is
  HeardAnswer heard;
  heard.by = IpAddress::v4(reader.u32());
  heard.mac = read_mac(reader);
  heard.ours = IpAddress::v4(reader.u32());
  return reader.ok() && is_reply ? std::optional(heard) : std::nullopt;
}

}  // namespace

Bytes gratuitous_arp(const IpAddress& address, const MacAddress& mac) {
  ASSERT(address.is_v4());
  Bytes frame;
  frame.reserve(42);
  ByteWriter writer(frame);
  write_ethernet(writer, broadcast, mac, spec::ethertype_arp);
  writer.u16(spec::arp_hardware_ethernet);
  writer.u16(spec::arp_protocol_ipv4);
  writer.u8(6);
  writer.u8(4);
  writer.u16(spec::arp_request);
  writer.bytes(mac.bytes);
  writer.bytes(address.bytes());
  writer.bytes(broadcast.bytes);
  writer.bytes(address.bytes());
  return frame;
}

Bytes unsolicited_neighbour_advertisement(const IpAddress& address, const MacAddress& mac, bool router) {
  ASSERT(address.is_v6());
  constexpr std::uint16_t size = spec::advertisement_size + 8;
  Bytes frame;
  frame.reserve(86);
  ByteWriter writer(frame);
  write_ethernet(writer, all_nodes_mac, mac, spec::ethertype_ipv6);
  writer.u32(6u << 28);
  writer.u16(size);
  writer.u8(spec::protocol_icmpv6);
  writer.u8(spec::hop_limit);
  writer.bytes(address.bytes());
  writer.bytes(all_nodes);
  const std::size_t message = writer.size();
  writer.u8(spec::neighbour_advertisement);
  writer.u8(0);
  writer.u16(0);
  writer.u32(spec::override_flag | (router ? spec::router_flag : 0));
  writer.bytes(address.bytes());
  writer.u8(spec::option_target_link_address);
  writer.u8(1);
  writer.bytes(mac.bytes);
  writer.put_u16(message + 2, icmpv6_checksum(address.bytes(), all_nodes, ByteView(frame).subspan(message)));
  return frame;
}

std::optional<HeardAnnouncement> decode_announcement(ByteView frame) {
  ByteReader reader(frame);
  reader.skip(spec::ethernet_header_size - 2);
  switch (reader.u16()) {
    case spec::ethertype_arp: return decode_arp(reader);
    case spec::ethertype_ipv6: return decode_neighbour_advertisement(reader);
    default: return std::nullopt;
  }
}

std::optional<HeardAnswer> decode_answer(ByteView frame) {
  ByteReader reader(frame);
  HeardAnswer heard{.ours = {}, .mac = read_mac(reader), .by = {}};
  reader.skip(6);
  switch (reader.u16()) {
    case spec::ethertype_arp: return decode_arp_reply(reader);
    case spec::ethertype_ipv6: {
      const auto advertised = decode_neighbour_advertisement(reader);
      if (!advertised) return std::nullopt;
      reader.skip(24);  // to the destination
      heard.ours = IpAddress::from_bytes(reader.take(16));
      heard.by = advertised->address;
      return heard;
    }
    default: return std::nullopt;
  }
}

bool is_virtual_router(const MacAddress& mac) {
  const auto& bytes = mac.bytes;
  return bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0x5e && bytes[3] == 0 && (bytes[4] == 1 || bytes[4] == 2);
}

}  // namespace baton::vrrp
