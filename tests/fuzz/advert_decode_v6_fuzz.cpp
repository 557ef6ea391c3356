// room: vrrp
// Any bytes as the payload of an IPv6 datagram; the second byte of the input is its hop limit. The kernel's word for
// the checksum is taken, so that the fuzzer need not guess it.
#include <chrono>

#include "fuzz/advert_decode.h"

using namespace baton;
using namespace baton::vrrp;
using namespace std::chrono_literals;

namespace {

std::vector<CodecParameters> parameters() {
  const CodecParameters multicast{.version = Version::v3,
                                  .family = Family::ipv6,
                                  .vrid = 50,
                                  .advert_interval = 1s,
                                  .addresses = {*IpAddress::parse("fe80::20:100")}};
  CodecParameters unicast = multicast;
  unicast.peers = {{.address = *IpAddress::parse("fe80::ff:fe00:1")}};
  CodecParameters hmac = multicast;
  hmac.hmac = fuzz_hmac();
  return {multicast, unicast, hmac};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<AdvertCodec> codecs = make_codecs(parameters(), *IpAddress::parse("fe80::ff:fe00:2"));
  if (size < 2) return 0;
  AdvertCodec& codec = codecs[data[0] % codecs.size()];
  const bool is_unicast = !codec.parameters().peers.empty();
  ReceivedPacket packet{.bytes = ByteView(data, size).subspan(2),
                        .source = *IpAddress::parse("fe80::ff:fe00:1"),
                        .destination = *IpAddress::parse(is_unicast ? "fe80::ff:fe00:2" : "ff02::12"),
                        .hop_limit = data[1],
                        .checksum_verified = true};
  (void)peek_vrid(Family::ipv6, packet.bytes);
  judge(codec, packet);
  packet.checksum_verified = false;
  judge(codec, packet);
  return 0;
}
