#include "vrrp/hmac_trailer.h"

#include <gtest/gtest.h>

#include "unit/vrrp/codec_bench.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;
using Hmac = HmacAuthentication;

constexpr std::uint64_t at(std::uint64_t seconds, std::uint64_t fraction = 0, std::uint64_t counter = 0) {
  return seconds << 32 | fraction << 16 | counter;
}

constexpr WallTime clock_at(std::int64_t seconds, Duration more = 0ns) {
  return WallTime(std::chrono::seconds(seconds) + more);
}

bool hears(AdvertCodec& receiver, const Bytes& bytes, WallTime now) {
  return receiver.decode(received(bytes, receiver.parameters()), now).has_value();
}

TEST(HmacTrailer, is_that_of_the_draft) {  // draft-cassen-vrrp-auth-hmac, the vector for IPv4
  const Bytes message{0x31, 0x33, 0xc8, 0x01, 0x00, 0x64, 0x44, 0x02, 0xc0, 0x00, 0x02, 0x64};
  const Bytes trailer{0x01, 0x01, 0x00, 0x00, 0x68, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x1b, 0x84,
                      0xbc, 0x4e, 0x8e, 0x43, 0x89, 0x2d, 0xc6, 0xd9, 0x84, 0x48, 0xf8, 0xee, 0x22, 0x65};
  Bytes key;
  for (std::uint8_t byte = 0; byte < 32; ++byte) key.push_back(byte);
  KeyedHash hash(KeyedHash::Digest::sha256, key);
  const HmacScope scope{.version = Version::v3, .vrid = 0x33, .source = ip("198.51.100.10")};
  EXPECT_TRUE(verify_hmac_trailer(hash, scope, message, trailer));
  Bytes signed_message = message;
  append_hmac_trailer(hash, scope, 1, at(0x68000000, 0x8000), signed_message);
  EXPECT_EQ(Bytes(signed_message.begin() + 12, signed_message.end()), trailer);
}

TEST(HmacTrailer, time_is_the_clock_or_one_more_than_the_last) {
  const Hmac settings;
  EXPECT_EQ(next_hmac_time(0, clock_at(1000, 500ms), settings), at(1000, 0x8000));
  EXPECT_EQ(next_hmac_time(at(999, 7, 7), clock_at(1000), settings), at(1000));
  EXPECT_EQ(next_hmac_time(at(1000), clock_at(1000), settings), at(1000, 0, 1));
  EXPECT_EQ(next_hmac_time(at(1004), clock_at(1000), settings), at(1004, 0, 1));
}

TEST(HmacTrailer, time_is_the_clocks_again_when_it_was_set_back) {
  Hmac settings;
  EXPECT_EQ(next_hmac_time(at(1006), clock_at(1000), settings), at(1000));
  settings.anti_replay = Hmac::AntiReplay::monotonic;
  EXPECT_EQ(next_hmac_time(at(1006), clock_at(1000), settings), at(1006, 0, 1));
}

TEST(HmacTrailer, time_begins_anew_in_2106) {
  const Hmac settings;
  const std::uint64_t last = at(0xffffffff, 0xffff);
  EXPECT_EQ(next_hmac_time(last, clock_at(0x100000000), settings), at(0));
  EXPECT_TRUE(is_later(at(0), last));
  EXPECT_FALSE(is_later(last, at(0)));
  EXPECT_TRUE(is_in_window(last, clock_at(0x100000004), 5));
  EXPECT_FALSE(is_in_window(last, clock_at(0x100000005), 5));
}

TEST(HmacTrailer, a_sender_whose_clock_was_put_right_is_believed_after_the_window) {
  AdvertCodec web1 = node(with_hmac(v3_ipv4()), "10.0.20.14");
  AdvertCodec web2 = node(with_hmac(v3_ipv4()), "10.0.20.15");
  ASSERT_TRUE(hears(web2, advert_of(web1, 100, noon + 4s), noon));  // 4 s ahead
  AdvertCodec right = node(with_hmac(v3_ipv4()), "10.0.20.14");
  EXPECT_FALSE(hears(web2, advert_of(right, 100, noon + 1s), noon + 1s));
  EXPECT_TRUE(hears(web2, advert_of(right, 100, noon + 10s), noon + 10s));
}

TEST(HmacTrailer, monotonic_needs_no_common_clock) {
  CodecParameters parameters = with_hmac(v3_ipv4());
  parameters.hmac->anti_replay = Hmac::AntiReplay::monotonic;
  AdvertCodec web1 = node(parameters, "10.0.20.14");
  AdvertCodec web2 = node(parameters, "10.0.20.15");
  const Bytes old = advert_of(web1, 100, noon - 24h);
  EXPECT_TRUE(hears(web2, old, noon));
  EXPECT_FALSE(hears(web2, old, noon));
  EXPECT_TRUE(hears(web2, advert_of(web1, 100, noon - 23h), noon));
  AdvertCodec other_clock = node(parameters, "10.0.20.16");  // a mark is its sender's alone
  EXPECT_TRUE(hears(web2, advert_of(other_clock, 100, noon - 48h), noon));
}

TEST(HmacTrailer, permissive_and_receive_only_take_adverts_without) {
  for (const auto mode : {Hmac::Mode::permissive, Hmac::Mode::receive_only}) {
    CodecParameters parameters = with_hmac(v3_ipv4());
    parameters.hmac->mode = mode;
    AdvertCodec plain = node(v3_ipv4(), "10.0.20.16");
    AdvertCodec web1 = node(with_hmac(v3_ipv4()), "10.0.20.14");
    AdvertCodec web2 = node(parameters, "10.0.20.15");
    EXPECT_TRUE(hears(web2, advert_of(plain), noon));
    const Bytes bytes = advert_of(web1);
    EXPECT_TRUE(hears(web2, bytes, noon));
    EXPECT_FALSE(hears(web2, bytes, noon));  // one with a trailer is judged
    EXPECT_EQ(advert_of(web2).size(), mode == Hmac::Mode::permissive ? 36u + 28u : 36u);
  }
}

TEST(HmacTrailer, any_known_key_is_taken_and_the_active_one_sent) {
  CodecParameters next = with_hmac(v2_plain());
  next.hmac->keys.push_back({.id = 8, .secret = Bytes(64, 8)});
  CodecParameters rolled = next;
  rolled.hmac->active_key = 8;
  AdvertCodec web1 = node(next, "10.0.20.14");
  AdvertCodec web2 = node(rolled, "10.0.20.15");
  EXPECT_TRUE(hears(web2, advert_of(web1), noon));
  EXPECT_TRUE(hears(web1, advert_of(web2), noon));
}

TEST(HmacTrailer, many_adverts_in_one_instant_are_all_believed) {
  AdvertCodec web1 = node(with_hmac(v3_ipv6()), "fe80::14");
  AdvertCodec web2 = node(with_hmac(v3_ipv6()), "fe80::15");
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(hears(web2, advert_of(web1, 100, noon), noon));
}

}  // namespace
}  // namespace baton::vrrp
