#include "unit/vrrp/codec_bench.h"

#include "vrrp/message_checksum.h"

namespace baton::vrrp {

void fix_checksum(Bytes& datagram, std::size_t message_offset) {
  ByteWriter writer(datagram);
  writer.put_u16(message_offset + spec::checksum_offset, 0);
  writer.put_u16(message_offset + spec::checksum_offset, message_checksum(ByteView(datagram).subspan(message_offset)));
}

}  // namespace baton::vrrp
