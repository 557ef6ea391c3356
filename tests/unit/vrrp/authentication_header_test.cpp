// The sequence numbers of auth_type AH: who believes whom, and what can never be used twice.
#include "vrrp/authentication_header.h"

#include <gtest/gtest.h>

#include "unit/vrrp/codec_bench.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

AdvertCodec ah_node(int number) {
  const CodecParameters parameters = v2_with(AuthType::ah);
  return node(parameters, host(parameters, number));
}

bool hears(AdvertCodec& receiver, const Bytes& bytes) {
  return receiver.decode({.bytes = bytes}, noon).has_value();
}

// Sends `count` adverts nobody hears.
void talk_alone(AdvertCodec& sender, int count) {
  for (int i = 0; i < count; ++i) (void)advert_of(sender);
}

std::uint32_t sequence_of(const Bytes& datagram) {
  return ByteReader(ByteView(datagram).subspan(28)).u32();
}

TEST(AuthenticationHeader, begins_with_1_and_goes_on_above_what_was_heard) {
  AdvertCodec web1 = ah_node(1);
  AdvertCodec web2 = ah_node(2);
  EXPECT_EQ(sequence_of(advert_of(web1)), 1u);
  talk_alone(web1, 5);
  EXPECT_TRUE(hears(web2, advert_of(web1)));  // 7
  EXPECT_EQ(sequence_of(advert_of(web2)), 8u);
}

TEST(AuthenticationHeader, both_masters_of_a_healed_partition_are_believed_at_once) {
  AdvertCodec web1 = ah_node(1);
  AdvertCodec web2 = ah_node(2);
  talk_alone(web1, 100);
  EXPECT_TRUE(hears(web2, advert_of(web1)));
  // web2 rises in the partition and is behind by the time it waited.
  talk_alone(web1, 13);
  talk_alone(web2, 10);
  const Bytes from_web1 = advert_of(web1);
  const Bytes from_web2 = advert_of(web2);
  ASSERT_LT(sequence_of(from_web2), sequence_of(from_web1));
  EXPECT_TRUE(hears(web1, from_web2));
  EXPECT_TRUE(hears(web2, from_web1));
}

TEST(AuthenticationHeader, a_captured_packet_is_believed_once) {
  AdvertCodec web1 = ah_node(1);
  AdvertCodec web2 = ah_node(2);
  AdvertCodec web3 = ah_node(3);
  std::vector<Bytes> captured;
  for (int i = 0; i < 50; ++i) {
    captured.push_back(advert_of(web1));
    EXPECT_TRUE(hears(web3, captured.back()));
    EXPECT_TRUE(hears(web2, captured.back()));
  }
  captured.push_back(advert_of(web2));
  EXPECT_TRUE(hears(web3, captured.back()));
  for (const Bytes& bytes : captured) EXPECT_FALSE(hears(web3, bytes));
}

TEST(AuthenticationHeader, what_was_captured_before_we_started_is_below_the_floor) {
  AdvertCodec web1 = ah_node(1);
  AdvertCodec web2 = ah_node(2);
  std::vector<Bytes> captured;
  for (int i = 0; i < 50; ++i) captured.push_back(advert_of(web1));
  ASSERT_TRUE(hears(web2, captured.back()));
  AdvertCodec web3 = ah_node(3);  // starts when web1 has died and web2 serves
  ASSERT_TRUE(hears(web3, advert_of(web2)));
  for (const Bytes& bytes : captured) EXPECT_FALSE(hears(web3, bytes));
  ASSERT_TRUE(hears(web1, advert_of(web2)));  // web1 comes back and listens first
  EXPECT_TRUE(hears(web3, advert_of(web1)));
}

TEST(AuthenticationHeader, a_sender_that_restarted_is_believed_when_it_has_heard_somebody) {
  AdvertCodec web1 = ah_node(1);
  AdvertCodec web2 = ah_node(2);
  talk_alone(web1, 500);
  ASSERT_TRUE(hears(web2, advert_of(web1)));
  AdvertCodec restarted = ah_node(1);
  EXPECT_FALSE(hears(web2, advert_of(restarted)));
  EXPECT_TRUE(hears(restarted, advert_of(web2)));
  EXPECT_TRUE(hears(web2, advert_of(restarted)));
}

TEST(AuthenticationHeader, forgetting_a_sender_reopens_nothing) {
  AdvertCodec listener = ah_node(200);
  AdvertCodec web1 = ah_node(1);
  (void)advert_of(listener);  // the first to speak: its floor is 0
  talk_alone(web1, 9);
  const Bytes captured = advert_of(web1);
  ASSERT_TRUE(hears(listener, captured));
  for (int number = 2; number < 2 + static_cast<int>(limits::senders_remembered); ++number) {
    AdvertCodec other = ah_node(number);
    talk_alone(other, 9);
    EXPECT_TRUE(hears(listener, advert_of(other)));
  }
  EXPECT_EQ(listener.memory().heard.find(ip("10.0.20.14")), nullptr);
  EXPECT_FALSE(hears(listener, captured));
  EXPECT_TRUE(hears(listener, advert_of(web1)));
}

TEST(AuthenticationHeader, the_ttl_counts_for_multicast_and_not_for_unicast) {  // unlike RFC 2402, as keepalived
  AdvertCodec web1 = node(with_peers(v2_with(AuthType::ah), {"10.0.20.15"}), "10.0.20.14");
  AdvertCodec web2 = node(with_peers(v2_with(AuthType::ah), {"10.0.20.14"}), "10.0.20.15");
  Bytes unicast = advert_of(web1);
  unicast[8] = 64;
  EXPECT_TRUE(hears(web2, unicast));

  CodecParameters low_ttl = v2_with(AuthType::ah);
  low_ttl.ttl = 254;
  AdvertCodec multicast = node(low_ttl, "10.0.20.14");
  AdvertCodec listener = ah_node(2);
  Bytes bytes = advert_of(multicast);
  bytes[8] = 255;
  const auto advert = listener.decode({.bytes = bytes}, noon);
  ASSERT_FALSE(advert);
  EXPECT_EQ(advert.error(), RejectReason::ah_icv);
}

TEST(AuthenticationHeader, copies_for_several_peers_are_one_advert) {
  AdvertCodec web1 = node(with_peers(v2_with(AuthType::ah), {"10.0.20.15", "10.0.20.16"}), "10.0.20.14");
  const auto copies = web1.encode(100, 1s, noon);
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(sequence_of(copies[0].bytes), sequence_of(copies[1].bytes));
  EXPECT_EQ(copies[0].bytes[5], copies[1].bytes[5]);
  for (int number = 2; number <= 3; ++number) {
    AdvertCodec peer = node(with_peers(v2_with(AuthType::ah), {"10.0.20.14"}), host(v2_plain(), number));
    EXPECT_TRUE(hears(peer, copies[static_cast<std::size_t>(number - 2)].bytes));
  }
}

TEST(AuthenticationHeader, stops_counting_at_the_end) {
  AdvertCodec web1 = ah_node(1);
  web1.restore({.ah_sequence = 0xfffffffd});
  EXPECT_EQ(sequence_of(advert_of(web1)), 0xfffffffeu);
  EXPECT_EQ(sequence_of(advert_of(web1)), 0xfffffffeu);
}

}  // namespace
}  // namespace baton::vrrp
