// room: health
// UDP_CHECK and PING_CHECK hear datagrams.
#include "fuzz/dialogue_fuzz.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const config::UdpCheck udp{
      .requires_reply = true, .reply = {{'a'}, {.value = 0, .mask = 0xf0}}, .min_reply_bytes = 1, .max_reply_bytes = 9};
  health::hear_all(*health::make_udp_dialogue(udp, 0), data, size);
  health::hear_all(*health::make_ping_dialogue(Family::ipv6, 0x3030303030303030), data, size);
  return 0;
}
