#include "vrrp/advert_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/vrrp/codec_bench.h"
#include "vrrp/message_checksum.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

// Whether `receiver` believes the bytes.
bool hears(AdvertCodec& receiver, const Bytes& bytes, WallTime now = noon) {
  return receiver.decode(received(bytes, receiver.parameters()), now).has_value();
}

TEST(AdvertCodec, takes_what_ethernet_filled_up) {
  CodecParameters parameters = v3_ipv4();
  parameters.addresses.pop_back();
  AdvertCodec web1 = node(parameters, "10.0.20.14");
  AdvertCodec web2 = node(parameters, "10.0.20.15");
  const Bytes bytes = advert_of(web1);
  ASSERT_EQ(bytes.size(), 32u);
  for (const std::size_t size : {34u, 38u, 42u, 46u, 50u, 54u}) {  // with tags put in or taken out on the way
    Bytes padded = bytes;
    padded.resize(size, 0x5a);
    EXPECT_TRUE(hears(web2, padded)) << size;
    set_total_length(padded);  // the filling counted to the datagram
    EXPECT_TRUE(hears(web2, padded)) << size;
  }
  for (const std::size_t size : {33u, 36u, 40u, 45u, 47u, 58u}) {
    Bytes padded = bytes;
    padded.resize(size);
    EXPECT_FALSE(hears(web2, padded)) << size;
  }
}

TEST(AdvertCodec, identification_counts_logical_adverts_and_skips_0) {
  AdvertCodec web1 = node(with_peers(v2_plain(), {"10.0.20.15", "10.0.20.16"}), "10.0.20.14");
  web1.restore({.ip_identification = 0xfffe});
  for (const int expected : {0xffff, 1, 2}) {
    for (const OutgoingPacket& packet : web1.encode(100, 1s, noon)) {
      EXPECT_EQ(ByteReader(ByteView(packet.bytes).subspan(4)).u16(), expected);
    }
  }
}

TEST(AdvertCodec, sends_the_standard_group_unless_another_is_given) {  // RFC 9568 §5.1.1.2, §5.1.2.2
  AdvertCodec ipv4 = node(v2_plain(), "10.0.20.14");
  AdvertCodec ipv6 = node(v3_ipv6(), "fe80::14");
  EXPECT_EQ(ipv4.encode(100, 1s, noon).front().destination, ip("224.0.0.18"));
  EXPECT_EQ(ipv6.encode(100, 1s, noon).front().destination, ip("ff02::12"));
  CodecParameters other = v2_plain();
  other.multicast_group = ip("224.0.0.99");
  AdvertCodec web1 = node(other, "10.0.20.14");
  AdvertCodec web2 = node(other, "10.0.20.15");
  EXPECT_TRUE(hears(web2, advert_of(web1)));
}

TEST(AdvertCodec, encode_into_uses_memory_again_and_sends_the_same) {
  AdvertCodec one = node(with_peers(v2_with(AuthType::ah), {"10.0.20.15", "10.0.20.16"}), "10.0.20.14");
  AdvertCodec other = node(one.parameters(), "10.0.20.14");
  std::vector<OutgoingPacket> packets;
  one.encode_into(100, 1s, noon, packets);
  (void)other.encode(100, 1s, noon);
  const std::uint8_t* const place = packets.front().bytes.data();
  one.encode_into(99, 1s, noon, packets);
  const auto expected = other.encode(99, 1s, noon);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[0].bytes, expected[0].bytes);
  EXPECT_EQ(packets[1].bytes, expected[1].bytes);
  EXPECT_EQ(packets.front().bytes.data(), place);
}

TEST(AdvertCodec, announces_the_given_interval) {
  AdvertCodec web1 = node(v3_ipv4(), "10.0.20.14");
  AdvertCodec web2 = node(v3_ipv4(), "10.0.20.15");
  for (const auto& [given, announced] : std::initializer_list<std::pair<Duration, Duration>>{
           {10ms, 10ms}, {1234ms, 1230ms}, {40950ms, 40950ms}, {1ms, 10ms}, {100s, 40950ms}}) {
    const auto advert = web2.decode({.bytes = web1.encode(7, given, noon).front().bytes}, noon);
    ASSERT_TRUE(advert);
    EXPECT_EQ(*advert, (Advert{.source = ip("10.0.20.14"), .priority = 7, .interval = announced}));
  }
}

TEST(AdvertCodec, takes_the_addresses_in_any_order) {  // RFC 9568 §7.1 compares sets
  CodecParameters turned = v2_plain();
  std::ranges::reverse(turned.addresses);
  AdvertCodec web1 = node(turned, "10.0.20.14");
  AdvertCodec web2 = node(v2_plain(), "10.0.20.15");
  bool unlike = true;
  EXPECT_TRUE(web2.decode({.bytes = advert_of(web1)}, noon, &unlike));
  EXPECT_FALSE(unlike);
}

TEST(AdvertCodec, may_take_another_address_list_and_says_so) {  // as keepalived from 2.3.3
  CodecParameters other = v2_plain();
  other.addresses.pop_back();
  CodecParameters tolerant = v2_plain();
  tolerant.accept_other_address_lists = true;
  AdvertCodec web1 = node(other, "10.0.20.14");
  AdvertCodec web2 = node(tolerant, "10.0.20.15");
  bool unlike = false;
  EXPECT_TRUE(web2.decode({.bytes = advert_of(web1)}, noon, &unlike));
  EXPECT_TRUE(unlike);
}

TEST(AdvertCodec, takes_255_addresses_in_any_order) {
  CodecParameters many = v3_ipv4();
  many.addresses.clear();
  for (std::uint32_t i = 0; i < 255; ++i) many.addresses.push_back(IpAddress::v4(0x0a010000 + i));
  CodecParameters turned = many;
  std::ranges::reverse(turned.addresses);
  AdvertCodec web1 = node(many, "10.0.20.14");
  AdvertCodec web2 = node(turned, "10.0.20.15");
  EXPECT_TRUE(hears(web2, advert_of(web1)));
}

TEST(AdvertCodec, takes_both_readings_of_the_version_3_checksum) {
  CodecParameters rfc_9568 = v3_ipv4();
  rfc_9568.checksum_v3 = ChecksumV3::message_only;
  AdvertCodec one = node(v3_ipv4(), "10.0.20.14");
  AdvertCodec other = node(rfc_9568, "10.0.20.15");
  EXPECT_TRUE(hears(other, advert_of(one)));
  EXPECT_TRUE(hears(one, advert_of(other)));
}

TEST(AdvertCodec, speaks_the_old_unicast_checksum_with_who_speaks_it) {  // keepalived up to 1.3.6
  AdvertCodec web1 = node(with_peers(v3_ipv4(), {"10.0.20.15", "10.0.20.16"}), "10.0.20.14");
  AdvertCodec old = node(with_peers(v3_ipv4(), {"10.0.20.14"}), "10.0.20.15");
  const auto is_old = [](const OutgoingPacket& packet) {
    const ByteView bytes(packet.bytes);
    return pseudo_header_checksum(bytes.subspan(20), IpAddress::from_bytes(bytes.subspan(12, 4)), ip("224.0.0.18")) ==
           0;
  };
  const Bytes new_advert = advert_of(old);
  Bytes old_advert = new_advert;
  ByteWriter(old_advert).put_u16(26, 0);
  ByteWriter(old_advert)
      .put_u16(26, pseudo_header_checksum(ByteView(old_advert).subspan(20), ip("10.0.20.15"), ip("224.0.0.18")));

  EXPECT_FALSE(is_old(web1.encode(100, 1s, noon)[0]));
  EXPECT_TRUE(hears(web1, old_advert));
  AdvertCodec successor = node(web1.parameters(), "10.0.20.14");
  successor.restore(web1.memory());
  const auto copies = successor.encode(100, 1s, noon);
  EXPECT_TRUE(is_old(copies[0]));
  EXPECT_FALSE(is_old(copies[1]));
  EXPECT_TRUE(hears(successor, new_advert));  // it was upgraded
  EXPECT_FALSE(is_old(successor.encode(100, 1s, noon)[0]));
}

TEST(AdvertCodec, takes_the_kernels_word_for_the_ipv6_checksum) {
  AdvertCodec web1 = node(v3_ipv6(), "fe80::14");
  AdvertCodec web2 = node(v3_ipv6(), "fe80::15");
  Bytes bytes = advert_of(web1);
  bytes[6] ^= 1;
  ReceivedPacket packet = received(bytes, v3_ipv6());
  EXPECT_FALSE(web2.decode(packet, noon));
  packet.checksum_verified = true;
  EXPECT_TRUE(web2.decode(packet, noon));
}

TEST(AdvertCodec, unicast_believes_strangers_unless_told_otherwise) {
  AdvertCodec web1 = node(with_peers(v3_ipv4(), {"10.0.20.15"}), "10.0.20.14");
  AdvertCodec web2 = node(with_peers(v3_ipv4(), {"10.0.20.16"}), "10.0.20.15");
  EXPECT_TRUE(hears(web2, advert_of(web1)));
}

TEST(AdvertCodec, unicast_takes_a_ttl_in_the_range_of_the_peer) {
  CodecParameters parameters = with_peers(v3_ipv4(), {"10.0.20.14"});
  parameters.peers.front().min_ttl = 250;
  AdvertCodec web1 = node(with_peers(v3_ipv4(), {"10.0.20.15"}), "10.0.20.14");
  AdvertCodec web2 = node(parameters, "10.0.20.15");
  Bytes bytes = advert_of(web1);
  for (const auto& [ttl, is_taken] : {std::pair{255, true}, {250, true}, {249, false}}) {
    bytes[8] = static_cast<std::uint8_t>(ttl);
    EXPECT_EQ(hears(web2, bytes), is_taken) << ttl;
  }
}

TEST(AdvertCodec, vrid_is_found_in_front_of_everything_else) {
  for (const CodecParameters& parameters : {v2_plain(), v2_with(AuthType::ah), v3_ipv4(), v3_ipv6()}) {
    AdvertCodec web1 = node(parameters, host(parameters, 1));
    const Bytes bytes = advert_of(web1);
    EXPECT_EQ(peek_vrid(parameters.family, bytes), 50);
  }
  AdvertCodec web1 = node(v2_plain(), "10.0.20.14");
  Bytes with_options = advert_of(web1);
  with_options[0] = 0x46;
  with_options.insert(with_options.begin() + 20, 4, 0);
  EXPECT_EQ(peek_vrid(Family::ipv4, with_options), 50);
  EXPECT_EQ(peek_vrid(Family::ipv4, Bytes(21, 0x45)), std::nullopt);
  EXPECT_EQ(peek_vrid(Family::ipv4, Bytes(40, 0)), std::nullopt);
  EXPECT_EQ(peek_vrid(Family::ipv6, Bytes{0x31}), std::nullopt);
}

// Any parameters that make() takes: what one node sends, another with the same parameters hears.
TEST(AdvertCodec, what_is_sent_is_heard) {
  std::mt19937 random(50);  // the same tries every time
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  for (int round = 0; round < 2000; ++round) {
    const bool is_v2 = below(2) == 0;
    const bool is_v6 = !is_v2 && below(2) == 0;
    CodecParameters parameters = is_v6 ? v3_ipv6() : is_v2 ? v2_plain() : v3_ipv4();
    parameters.vrid = static_cast<std::uint8_t>(1 + below(255));
    parameters.advert_interval = is_v2 ? Duration(1s * (1 + below(255))) : Duration(10ms * (1 + below(4095)));
    parameters.addresses.resize(below(3));
    for (std::uint32_t i = below(20); i > 0; --i) {
      parameters.addresses.push_back(is_v6 ? ip("2001:db8::" + std::to_string(i)) : IpAddress::v4(0x0a020000 + i));
    }
    if (is_v2) parameters.authentication = v2_with(static_cast<AuthType>(below(3))).authentication;
    if (parameters.authentication.type == AuthType::none && below(3) == 0) parameters = with_hmac(parameters);
    if (below(2) == 0) parameters.checksum_v3 = ChecksumV3::message_only;
    const bool is_unicast = below(2) == 0;
    const auto peer = [&](int number) {
      return is_unicast ? with_peers(parameters, {host(parameters, number)}) : parameters;
    };
    AdvertCodec web1 = node(peer(2), host(parameters, 1));
    AdvertCodec web2 = node(peer(1), host(parameters, 2));
    const auto priority = static_cast<std::uint8_t>(below(256));
    const Bytes bytes = advert_of(web1, priority);
    const auto advert = web2.decode(received(bytes, web2.parameters()), noon);
    ASSERT_TRUE(advert) << name(advert.error()) << " in round " << round;
    EXPECT_EQ(*advert, (Advert{ip(host(parameters, 1)), priority, parameters.advert_interval}));
  }
}

// --- memory over a change of process ---

TEST(AdvertCodec, the_guardian_says_goodbye_for_a_dead_worker) {
  for (const CodecParameters& parameters :
       {v2_plain(), v2_with(AuthType::ah), v3_ipv4(), with_hmac(v3_ipv4()), with_hmac(v3_ipv6())}) {
    const std::string own = host(parameters, 1);
    AdvertCodec guardian = node(parameters, own);  // made when the daemon started
    AdvertCodec worker = node(parameters, own);
    AdvertCodec peer = node(parameters, host(parameters, 2));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(hears(peer, advert_of(worker)));
    const CodecMemory last_will = worker.memory();  // read from the shared page, byte for byte

    guardian.restore(last_will);
    const Bytes goodbye = advert_of(guardian, spec::priority_stop);
    const auto advert = peer.decode(received(goodbye, parameters), noon);
    ASSERT_TRUE(advert) << name(advert.error());
    EXPECT_EQ(advert->priority, spec::priority_stop);

    AdvertCodec successor = node(parameters, own);
    successor.restore(guardian.memory());
    EXPECT_TRUE(hears(peer, advert_of(successor)));
    EXPECT_EQ(successor.memory().ip_identification, 102);
  }
}

TEST(AdvertCodec, a_successor_still_refuses_what_its_predecessor_heard) {
  for (const CodecParameters& parameters : {v2_with(AuthType::ah), with_hmac(v3_ipv4())}) {
    AdvertCodec web1 = node(parameters, "10.0.20.14");
    AdvertCodec web2 = node(parameters, "10.0.20.15");
    const Bytes bytes = advert_of(web1);
    ASSERT_TRUE(hears(web2, bytes));
    AdvertCodec successor = node(parameters, "10.0.20.15");
    successor.restore(web2.memory());
    EXPECT_FALSE(hears(successor, bytes));
    EXPECT_TRUE(hears(successor, advert_of(web1)));
  }
}

}  // namespace
}  // namespace baton::vrrp
