#include "vrrp/codec_parameters.h"

#include <gtest/gtest.h>

#include <functional>

#include "unit/vrrp/codec_bench.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

void expect(CodecError error, CodecParameters parameters, const std::function<void(CodecParameters&)>& spoil) {
  EXPECT_EQ(check(parameters), std::nullopt);
  spoil(parameters);
  EXPECT_EQ(check(parameters), error);
  EXPECT_FALSE(explain(error).empty());
  const auto made = AdvertCodec::make(parameters);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), error);
}

TEST(CodecParameters, are_refused_by_name) {
  using enum CodecError;
  using P = CodecParameters;
  expect(vrid, v2_plain(), [](P& p) { p.vrid = 0; });
  for (const Duration bad : {0s, 256s}) expect(advert_interval, v2_plain(), [&](P& p) { p.advert_interval = bad; });
  expect(advert_interval, v2_plain(), [](P& p) { p.advert_interval = 1500ms; });
  for (const Duration bad : {9ms, 40960ms}) expect(advert_interval, v3_ipv4(), [&](P& p) { p.advert_interval = bad; });
  expect(too_many_addresses, v3_ipv4(), [](P& p) { p.addresses.assign(256, ip("10.0.0.1")); });
  expect(address_family, v3_ipv4(), [](P& p) { p.addresses.push_back(ip("fe80::1")); });
  expect(address_family, v3_ipv6(), [](P& p) { p.peers.push_back({.address = ip("10.0.0.1")}); });
  expect(address_family, v3_ipv6(), [](P& p) { p.multicast_group = ip("224.0.0.18"); });
  expect(ipv6_needs_version_3, v3_ipv6(), [](P& p) { p.version = Version::v2; });
  expect(authentication_needs_version_2, v3_ipv4(), [](P& p) { p.authentication.type = AuthType::pass; });
  expect(authentication_and_hmac, v2_with(AuthType::ah), [](P& p) { p.hmac = with_hmac(v2_plain()).hmac; });
}

TEST(CodecParameters, of_auth_hmac_are_refused_by_name) {
  using enum CodecError;
  using P = CodecParameters;
  const CodecParameters good = with_hmac(v3_ipv4());
  expect(hmac_key, good, [](P& p) { p.hmac->keys.front().id = 0; });
  expect(hmac_key, good, [](P& p) { p.hmac->keys.push_back(p.hmac->keys.front()); });
  for (const std::size_t size : {31u, 65u}) {
    expect(hmac_key, good, [&](P& p) { p.hmac->keys.front().secret.resize(size); });
  }
  expect(hmac_active_key, good, [](P& p) { p.hmac->active_key = 8; });
  expect(hmac_active_key, good, [](P& p) { p.hmac->active_key = 0; });
  for (const std::uint32_t seconds : {0u, 301u}) {
    expect(hmac_time_window, good, [&](P& p) { p.hmac->time_window_seconds = seconds; });
  }
}

}  // namespace
}  // namespace baton::vrrp
