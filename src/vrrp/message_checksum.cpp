#include "vrrp/message_checksum.h"

#include "base/checksum.h"
#include "vrrp/advert.h"

namespace baton::vrrp {

std::uint16_t message_checksum(ByteView message) {
  InternetChecksum sum;
  sum.add(message);
  return sum.value();
}

std::uint16_t pseudo_header_checksum(ByteView message, const IpAddress& source, const IpAddress& destination) {
  InternetChecksum sum;
  sum.add(source.bytes());
  sum.add(destination.bytes());
  sum.add_u32(static_cast<std::uint32_t>(message.size()));  // 16 bits in IPv4: the sum is the same
  sum.add_u16(spec::protocol_vrrp);
  sum.add(message);
  return sum.value();
}

}  // namespace baton::vrrp
