#include "doctor/mirror.h"

#include <algorithm>

namespace baton::doctor {

namespace {

using vrrp::AdvertCodec;
using vrrp::CodecParameters;
using vrrp::RejectReason;

vrrp::Authentication authentication_of(const HeardAdvert& advert, const CodecParameters& ours, bool shares_secret) {
  switch (advert.authentication) {
    case HeardAuthentication::pass: return {.type = vrrp::AuthType::pass, .password = advert.password};
    case HeardAuthentication::ah: {
      vrrp::Authentication theirs{.type = vrrp::AuthType::ah};
      if (shares_secret) theirs.password = ours.authentication.password;
      return theirs;
    }
    case HeardAuthentication::none:
    case HeardAuthentication::other: return {};
  }
  return {};
}

// Another secret than ours, whatever ours is.
vrrp::HmacAuthentication unknown_hmac() {
  return {.keys = {{.id = 1, .secret = Bytes(32, 0xa5)}}, .active_key = 1};
}

CodecParameters parameters_of(const HeardAdvert& advert, const CodecParameters& ours, bool shares_secret,
                              const IpAddress& source) {
  CodecParameters theirs{.version = advert.version == 3 ? vrrp::Version::v3 : vrrp::Version::v2,
                         .family = advert.family,
                         .vrid = advert.vrid,
                         .advert_interval = advert.interval,
                         .addresses = advert.addresses,
                         .authentication = authentication_of(advert, ours, shares_secret)};
  if (advert.destination.is_multicast()) {
    theirs.multicast_group = advert.destination;
  } else {
    theirs.peers.push_back({.address = source});
  }
  if (advert.has_hmac) theirs.hmac = shares_secret && ours.hmac ? *ours.hmac : unknown_hmac();
  return theirs;
}

// A packet of ours as they would receive it.
std::optional<RejectReason> judge_ours(AdvertCodec& ours, const CodecParameters& theirs, const IpAddress& source,
                                       const Speaker& speaker) {
  auto peer = AdvertCodec::make(theirs);
  if (!peer) return RejectReason::version;  // VRRPv2 over IPv6, and what else no node can be told
  peer->set_source(speaker.advert.source);
  const auto packets = ours.encode(vrrp::spec::priority_default, ours.parameters().advert_interval, speaker.heard_at);
  if (packets.empty()) return std::nullopt;
  const auto to_them = std::ranges::find(packets, speaker.advert.source, &vrrp::OutgoingPacket::destination);
  const vrrp::OutgoingPacket& packet = to_them == packets.end() ? packets.front() : *to_them;
  const auto judged =
      peer->decode({.bytes = packet.bytes, .source = source, .destination = packet.destination}, speaker.heard_at);
  return judged ? std::nullopt : std::optional(judged.error());
}

}  // namespace

Mirror compare(const setup::RouterSetup& router, const IpAddress& source, const Speaker& speaker) {
  Mirror mirror;
  const HeardAdvert& advert = speaker.advert;
  auto ours = AdvertCodec::make(router.codec);
  if (!ours) return mirror;  // `baton check` says why
  ours->set_source(source);
  const auto judged = ours->decode({.bytes = advert.datagram,
                                    .source = advert.source,
                                    .destination = advert.destination,
                                    .hop_limit = advert.hop_limit},
                                   speaker.heard_at, &mirror.is_other_list);
  if (!judged) mirror.here = judged.error();
  if (mirror.here == RejectReason::address_list) mirror.is_other_list = true;
  if (!advert.is_whole) return mirror;

  // Whoever passes the check of the secret shares it; what comes behind it is known to come behind.
  using enum RejectReason;
  const bool shares_secret = !mirror.here || mirror.here == interval || mirror.here == checksum ||
                             mirror.here == destination || mirror.here == address_list || mirror.here == not_a_peer ||
                             mirror.here == total_length;
  auto sender = AdvertCodec::make(router.codec);
  sender->set_source(source);
  mirror.there = judge_ours(*sender, parameters_of(advert, router.codec, shares_secret, source), source, speaker);
  if (advert.family == Family::ipv4 && advert.version == 3 && router.codec.version == vrrp::Version::v3 &&
      advert.checksum != ChecksumReading::wrong) {
    const bool is_message = router.codec.checksum_v3 == vrrp::ChecksumV3::message_only;
    mirror.has_other_checksum = is_message != (advert.checksum == ChecksumReading::message);
  }
  return mirror;
}

}  // namespace baton::doctor
