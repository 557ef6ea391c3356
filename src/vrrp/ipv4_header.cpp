#include "vrrp/ipv4_header.h"

namespace baton::vrrp {

Ipv4Header Ipv4Header::read(ByteReader& reader) {
  Ipv4Header header;
  const std::uint8_t first = reader.u8();
  header.version = first >> 4;
  header.words = first & 0xf;
  reader.skip(1);  // type of service
  header.total_length = reader.u16();
  header.identification = reader.u16();
  reader.skip(2);  // fragmentation: the kernel has put the datagram together
  header.ttl = reader.u8();
  header.protocol = reader.u8();
  reader.skip(2);  // checksum: the kernel has verified it
  header.source = IpAddress::v4(reader.u32());
  header.destination = IpAddress::v4(reader.u32());
  return header;
}

void Ipv4Header::write(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>(version << 4 | words));
  writer.u8(spec::internetwork_control);
  writer.u16(total_length);
  writer.u16(identification);
  writer.u16(0);
  writer.u8(ttl);
  writer.u8(protocol);
  writer.u16(0);
  writer.bytes(source.bytes());
  writer.bytes(destination.bytes());
}

}  // namespace baton::vrrp
