// room: vrrp
// Any bytes as an IPv4 datagram from the raw socket.
#include <chrono>

#include "fuzz/advert_decode.h"

using namespace baton;
using namespace baton::vrrp;
using namespace std::chrono_literals;

namespace {

std::vector<CodecParameters> parameters() {
  const CodecParameters v2{.version = Version::v2,
                           .vrid = 50,
                           .advert_interval = 1s,
                           .addresses = {*IpAddress::parse("10.0.20.100"), *IpAddress::parse("10.0.20.101")}};
  CodecParameters pass = v2;
  pass.authentication = {.type = AuthType::pass, .password = {'t', 'u', 'l', 'e'}};
  CodecParameters ah = pass;
  ah.authentication.type = AuthType::ah;
  ah.addresses.pop_back();
  CodecParameters v3 = v2;
  v3.version = Version::v3;
  v3.accept_other_address_lists = true;
  CodecParameters unicast = v3;
  unicast.peers = {{.address = *IpAddress::parse("10.0.20.14"), .min_ttl = 64}};
  unicast.check_unicast_source = true;
  CodecParameters hmac = v3;
  hmac.hmac = fuzz_hmac();
  return {v2, pass, ah, v3, unicast, hmac};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<AdvertCodec> codecs = make_codecs(parameters(), *IpAddress::parse("10.0.20.15"));
  if (size == 0) return 0;
  const ByteView datagram = ByteView(data, size).subspan(1);
  (void)peek_vrid(Family::ipv4, datagram);
  judge(codecs[data[0] % codecs.size()], {.bytes = datagram});
  return 0;
}
