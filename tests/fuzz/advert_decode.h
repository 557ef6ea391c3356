// What the fuzz targets of both families do: the first byte of the input chooses one of several virtual routers, the
// rest is a datagram for it.
#pragma once

#include <vector>

#include "base/assert.h"
#include "vrrp/advert_codec.h"

namespace baton::vrrp {

inline std::vector<AdvertCodec> make_codecs(const std::vector<CodecParameters>& all, const IpAddress& source) {
  std::vector<AdvertCodec> codecs;
  for (const CodecParameters& parameters : all) {
    auto codec = AdvertCodec::make(parameters);
    ASSERT(codec.has_value());
    codec->set_source(source);
    codecs.push_back(*std::move(codec));
  }
  return codecs;
}

inline HmacAuthentication fuzz_hmac() {
  HmacAuthentication hmac{.active_key = 7};
  hmac.keys.push_back({.id = 7, .secret = Bytes(32, 7)});
  hmac.mode = HmacAuthentication::Mode::permissive;  // lets the fuzzer past the missing trailer too
  return hmac;
}

// A rejected packet changes nothing; an accepted one names a usable interval.
inline void judge(AdvertCodec& codec, const ReceivedPacket& packet) {
  const CodecMemory before = codec.memory();
  bool unlike = false;
  const auto advert = codec.decode(packet, WallTime(std::chrono::seconds(1'800'000'000)), &unlike);
  if (!advert) {
    ASSERT(codec.memory() == before && !unlike);
    ASSERT(!name(advert.error()).empty() && !explain(advert.error()).empty());
    return;
  }
  ASSERT(advert->interval > Duration::zero());
  ASSERT(codec.memory().heard.find(advert->source) != nullptr);
  ASSERT(peek_vrid(codec.parameters().family, packet.bytes) == codec.parameters().vrid);
}

}  // namespace baton::vrrp
