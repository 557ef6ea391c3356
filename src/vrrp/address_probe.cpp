#include "vrrp/address_probe.h"

#include "base/checksum.h"

namespace baton::vrrp {

namespace {

constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_icmpv6 = 58;
constexpr std::uint8_t solicitation = 135;       // RFC 4861 §4.3
constexpr std::uint8_t option_source_link = 1;   // RFC 4861 §4.6.1
constexpr std::uint16_t solicitation_size = 32;  // with that option
constexpr MacAddress broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

Bytes arp_request(const IpAddress& target, const MacAddress& mac, const IpAddress& sender, const MacAddress& to) {
  ASSERT(target.is_v4() && sender.is_v4());
  Bytes frame;
  ByteWriter writer(frame);
  writer.bytes(to.bytes);
  writer.bytes(mac.bytes);
  writer.u16(ethertype_arp);
  writer.u16(1);       // Ethernet
  writer.u16(0x0800);  // IPv4
  writer.u8(6);
  writer.u8(4);
  writer.u16(1);  // request
  writer.bytes(mac.bytes);
  writer.bytes(sender.bytes());
  writer.zeros(6);
  writer.bytes(target.bytes());
  return frame;
}

}  // namespace

Bytes arp_probe(const IpAddress& target, const MacAddress& mac) {
  return arp_request(target, mac, IpAddress(), broadcast);
}

Bytes teaching_question(const IpAddress& ours, const MacAddress& mac, const IpAddress& target,
                        const std::optional<MacAddress>& to) {
  if (target.is_v6()) return neighbour_solicitation(target, ours, mac);
  return arp_request(target, mac, ours, to.value_or(broadcast));
}

Bytes neighbour_solicitation(const IpAddress& target, const IpAddress& source, const MacAddress& mac) {
  ASSERT(target.is_v6() && source.is_v6());
  const ByteView last = target.bytes().last(3);
  // The solicited-node group, RFC 4291 §2.7.1.
  const std::array<std::uint8_t, 16> group{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, last[0], last[1], last[2]};
  Bytes frame;
  ByteWriter writer(frame);
  writer.bytes(MacAddress{{0x33, 0x33, 0xff, last[0], last[1], last[2]}}.bytes);
  writer.bytes(mac.bytes);
  writer.u16(ethertype_ipv6);
  writer.u32(6U << 28);
  writer.u16(solicitation_size);
  writer.u8(protocol_icmpv6);
  writer.u8(255);  // hop limit, RFC 4861 §7.1.1
  writer.bytes(source.bytes());
  writer.bytes(group);
  const std::size_t message = writer.size();
  writer.u8(solicitation);
  writer.u8(0);
  writer.zeros(6);  // checksum, reserved
  writer.bytes(target.bytes());
  writer.u8(option_source_link);
  writer.u8(1);
  writer.bytes(mac.bytes);
  InternetChecksum sum;
  sum.add(source.bytes());
  sum.add(group);
  sum.add_u32(solicitation_size);
  sum.add_u16(protocol_icmpv6);
  sum.add(ByteView(frame).subspan(message));
  writer.put_u16(message + 2, sum.value());
  return frame;
}

}  // namespace baton::vrrp
