// room: vrrp
// Any bytes as an Ethernet frame. Whatever is heard could have been announced: announced by us, it is heard the same.
#include "base/assert.h"
#include "vrrp/announcement.h"

using namespace baton;
using namespace baton::vrrp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto heard = decode_announcement(ByteView(data, size));
  if (!heard) return 0;
  const Bytes frame = heard->address.is_v4() ? gratuitous_arp(heard->address, heard->mac)
                                             : unsolicited_neighbour_advertisement(heard->address, heard->mac, false);
  ASSERT(decode_announcement(frame) == heard);
  return 0;
}
