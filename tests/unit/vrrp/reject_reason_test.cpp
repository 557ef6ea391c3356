// One test a reason: which packet has it, and that such a packet leaves no trace.
#include "vrrp/reject_reason.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "unit/vrrp/codec_bench.h"
#include "vrrp/authentication_header.h"

namespace baton::vrrp {
namespace {

using enum RejectReason;
using namespace std::chrono_literals;

// web2 hears an advert of web1 after `damage` was done to it.
class RejectedPacket : public testing::Test {
 protected:
  using Damage = std::function<void(Bytes&)>;

  void expect(RejectReason reason, const CodecParameters& parameters, const Damage& damage) {
    expect(reason, parameters, parameters, damage);
  }
  void expect(
      RejectReason reason, const CodecParameters& sender, const CodecParameters& receiver,
      const Damage& damage = [](Bytes&) {}) {
    AdvertCodec web1 = node(sender, host(sender, 1));
    AdvertCodec web2 = node(receiver, host(receiver, 2));
    Bytes bytes = advert_of(web1);
    damage(bytes);
    expect(reason, web2, received(bytes, receiver));
  }
  void expect(RejectReason reason, AdvertCodec& receiver, const ReceivedPacket& packet, WallTime now = noon) {
    const CodecMemory before = receiver.memory();
    bool unlike = false;
    const auto advert = receiver.decode(packet, now, &unlike);
    ASSERT_FALSE(advert);
    EXPECT_EQ(name(advert.error()), name(reason));
    EXPECT_EQ(receiver.memory(), before);
    EXPECT_FALSE(unlike);
  }
};

TEST_F(RejectedPacket, truncated_in_any_header) {
  for (const std::size_t size : {0u, 1u, 19u, 20u, 27u}) {
    expect(truncated, v2_plain(), [&](Bytes& bytes) { bytes.resize(size); });
  }
  for (const std::size_t size : {20u, 43u, 44u, 51u}) {
    expect(truncated, v2_with(AuthType::ah), [&](Bytes& bytes) { bytes.resize(size); });
  }
  for (const std::size_t size : {0u, 7u}) expect(truncated, v3_ipv6(), [&](Bytes& bytes) { bytes.resize(size); });
  expect(truncated, v2_plain(), [](Bytes& bytes) { bytes[0] = 0x44; });  // a header of 16 bytes
  expect(truncated, v2_plain(), [](Bytes& bytes) { bytes[0] = 0x65; });  // IPv6 where IPv4 belongs
}

TEST_F(RejectedPacket, ip_options) {
  expect(ip_options, v2_plain(), [](Bytes& bytes) {
    bytes[0] = 0x46;
    bytes.insert(bytes.begin() + 20, {0x94, 0x04, 0, 0});  // Router Alert (RFC 2113)
    set_total_length(bytes);
  });
}

TEST_F(RejectedPacket, total_length) {
  expect(total_length, v2_plain(), [](Bytes& bytes) { ByteWriter(bytes).put_u16(2, 400); });
}

TEST_F(RejectedPacket, packet_length_not_that_of_the_announced_addresses) {
  expect(packet_length, v2_plain(), [](Bytes& bytes) { bytes[23] = 3; });
  expect(packet_length, v2_plain(), [](Bytes& bytes) { bytes[23] = 255; });
  expect(packet_length, v2_plain(), [](Bytes& bytes) { bytes.pop_back(); });
  expect(packet_length, v2_plain(), [](Bytes& bytes) { bytes.resize(60); });
  expect(packet_length, v3_ipv6(), [](Bytes& bytes) { bytes.push_back(0); });
  expect(packet_length, with_hmac(v3_ipv4()), v3_ipv4());  // a trailer, and nobody to judge it
}

TEST_F(RejectedPacket, ttl_other_than_255) {  // RFC 9568 §7.1
  expect(ttl, v2_plain(), [](Bytes& bytes) { bytes[8] = 254; });
  AdvertCodec web1 = node(v3_ipv6(), "fe80::14");
  AdvertCodec web2 = node(v3_ipv6(), "fe80::15");
  const Bytes bytes = advert_of(web1);
  ReceivedPacket packet = received(bytes, v3_ipv6());
  packet.hop_limit = 64;
  expect(ttl, web2, packet);
}

TEST_F(RejectedPacket, ttl_outside_the_range_of_the_peer) {
  CodecParameters web2 = with_peers(v3_ipv4(), {"10.0.20.14"});
  web2.peers.front() = {.address = ip("10.0.20.14"), .min_ttl = 254, .max_ttl = 254};
  const CodecParameters web1 = with_peers(v3_ipv4(), {"10.0.20.15"});
  expect(ttl, web1, web2);
  expect(ttl, web1, web2, [](Bytes& bytes) { bytes[8] = 253; });
}

TEST_F(RejectedPacket, version) {
  expect(version, v3_ipv4(), v2_plain());
  expect(version, v2_plain(), v3_ipv4());
}

TEST_F(RejectedPacket, vrid) {
  CodecParameters other = v2_plain();
  other.vrid = 51;
  expect(vrid, other, v2_plain());
}

TEST_F(RejectedPacket, type) {
  expect(type, v2_plain(), [](Bytes& bytes) { bytes[20] = 0x22; });
  expect(type, v3_ipv6(), [](Bytes& bytes) { bytes[0] = 0x30; });
}

TEST_F(RejectedPacket, checksum) {
  for (const CodecParameters& parameters : {v2_plain(), v3_ipv4(), with_peers(v3_ipv4(), {"10.0.20.15"})}) {
    expect(checksum, parameters, [](Bytes& bytes) { bytes[22] ^= 1; });
  }
  expect(checksum, v3_ipv6(), [](Bytes& bytes) { bytes[2] ^= 1; });
}

TEST_F(RejectedPacket, checksum_of_the_old_unicast_reading_in_a_multicast_advert_to_another_group) {
  CodecParameters other_group = v3_ipv4();
  other_group.multicast_group = ip("224.0.0.99");
  AdvertCodec web1 = node(v3_ipv4(), "10.0.20.14");
  AdvertCodec web2 = node(other_group, "10.0.20.15");
  Bytes bytes = advert_of(web1);
  bytes[19] = 99;
  expect(checksum, web2, {.bytes = bytes});
}

TEST_F(RejectedPacket, destination_multicast_against_unicast) {
  const CodecParameters unicast = with_peers(v3_ipv4(), {"10.0.20.14"});
  expect(destination, v3_ipv4(), unicast);
  expect(destination, with_peers(v3_ipv4(), {"10.0.20.15"}), v3_ipv4());
  AdvertCodec web1 = node(v3_ipv6(), "fe80::14");
  AdvertCodec web2 = node(with_peers(v3_ipv6(), {"fe80::14"}), "fe80::15");
  const Bytes bytes = advert_of(web1);
  expect(destination, web2, received(bytes, v3_ipv6()));
}

TEST_F(RejectedPacket, not_a_peer) {
  CodecParameters web2 = with_peers(v3_ipv4(), {"10.0.20.16"});
  web2.check_unicast_source = true;
  expect(not_a_peer, with_peers(v3_ipv4(), {"10.0.20.15"}), web2);
  const CodecParameters hmac = with_hmac(v3_ipv4());  // its replay marks are the peers'
  expect(not_a_peer, with_peers(hmac, {"10.0.20.15"}), with_peers(hmac, {"10.0.20.16"}));
}

TEST_F(RejectedPacket, not_a_peer_from_an_address_no_host_has) {
  for (const char* source : {"0.0.0.0", "224.0.0.18"}) {
    AdvertCodec web1 = node(v2_plain(), source);
    AdvertCodec web2 = node(v2_plain(), "10.0.20.15");
    const Bytes bytes = advert_of(web1);
    expect(not_a_peer, web2, {.bytes = bytes});
  }
}

TEST_F(RejectedPacket, own_address) {
  for (const CodecParameters& parameters : {v2_plain(), v2_with(AuthType::ah), with_hmac(v3_ipv4())}) {
    AdvertCodec web2 = node(parameters, "10.0.20.15");
    const Bytes bytes = advert_of(web2);
    expect(own_address, web2, {.bytes = bytes});
  }
}

TEST_F(RejectedPacket, auth_type_invalid) {
  expect(auth_type_invalid, v2_plain(), [](Bytes& bytes) { bytes[24] = 3; });
}

TEST_F(RejectedPacket, auth_type_mismatch) {
  expect(auth_type_mismatch, v2_plain(), v2_with(AuthType::pass));
  expect(auth_type_mismatch, v2_with(AuthType::pass), v2_plain());
  expect(auth_type_mismatch, v2_plain(), v2_with(AuthType::ah));
  expect(auth_type_mismatch, v2_with(AuthType::ah), v2_plain());
  // AH in the header alone, or in the message alone.
  expect(auth_type_mismatch, v2_with(AuthType::ah), [](Bytes& bytes) { bytes[48] = 0; });
  expect(auth_type_mismatch, v2_plain(), [](Bytes& bytes) { bytes[24] = 2; });
}

TEST_F(RejectedPacket, auth_password) {
  CodecParameters other = v2_with(AuthType::pass);
  other.authentication.password[7] = '!';
  expect(auth_password, other, v2_with(AuthType::pass));
}

TEST_F(RejectedPacket, ah_header) {
  const CodecParameters ah = v2_with(AuthType::ah);
  expect(ah_header, ah, [](Bytes& bytes) { bytes[20] = 6; });   // TCP next
  expect(ah_header, ah, [](Bytes& bytes) { bytes[21] = 5; });   // a longer check value
  expect(ah_header, ah, [](Bytes& bytes) { bytes[27] ^= 1; });  // a security parameters index not the source
}

TEST_F(RejectedPacket, ah_icv_over_all_that_may_not_change_on_the_way) {
  const CodecParameters ah = v2_with(AuthType::ah);
  for (const std::size_t byte : {2u, 4u, 19u, 28u, 31u, 32u, 43u, 46u, 50u, 52u, 67u}) {
    expect(ah_icv, ah, [&](Bytes& bytes) { bytes[byte] ^= 1; });
  }
  CodecParameters other = ah;
  other.authentication.password[0] = 'T';
  expect(ah_icv, other, ah);
}

TEST_F(RejectedPacket, ah_replay) {
  AdvertCodec web1 = node(v2_with(AuthType::ah), "10.0.20.14");
  AdvertCodec web2 = node(v2_with(AuthType::ah), "10.0.20.15");
  const Bytes first = advert_of(web1);
  const Bytes second = advert_of(web1);
  ASSERT_TRUE(web2.decode({.bytes = second}, noon));
  expect(ah_replay, web2, {.bytes = second});
  expect(ah_replay, web2, {.bytes = first});
}

TEST_F(RejectedPacket, hmac_missing) {
  expect(hmac_missing, v3_ipv4(), with_hmac(v3_ipv4()));
  expect(hmac_missing, v3_ipv6(), with_hmac(v3_ipv6()));
}

TEST_F(RejectedPacket, hmac_malformed) {
  const auto trailer = [](Bytes& bytes, std::size_t offset) -> std::uint8_t& {
    return bytes[bytes.size() - 28 + offset];
  };
  expect(hmac_malformed, with_hmac(v3_ipv4()), [&](Bytes& bytes) { trailer(bytes, 0) = 2; });
  expect(hmac_malformed, with_hmac(v3_ipv4()), [&](Bytes& bytes) { trailer(bytes, 3) = 1; });
}

TEST_F(RejectedPacket, hmac_unknown_key) {
  CodecParameters other = with_hmac(v3_ipv4());
  other.hmac->keys.push_back({.id = 8, .secret = Bytes(64, 8)});
  other.hmac->active_key = 8;
  expect(hmac_unknown_key, other, with_hmac(v3_ipv4()));
}

TEST_F(RejectedPacket, hmac_invalid) {
  expect(hmac_invalid, with_hmac(v2_plain()), [](Bytes& bytes) { bytes.back() ^= 1; });
  expect(hmac_invalid, with_hmac(v3_ipv4()), [](Bytes& bytes) { bytes[22] = 255; });
  expect(hmac_invalid, with_hmac(v3_ipv4()), [](Bytes& bytes) { bytes[15] ^= 1; });  // another source
  CodecParameters other = with_hmac(v3_ipv6());
  other.hmac->keys.front().secret.back() ^= 1;
  expect(hmac_invalid, other, with_hmac(v3_ipv6()));
}

TEST_F(RejectedPacket, hmac_stale_before_and_after_the_window) {
  AdvertCodec web1 = node(with_hmac(v3_ipv4()), "10.0.20.14");
  AdvertCodec web2 = node(with_hmac(v3_ipv4()), "10.0.20.15");
  const Bytes bytes = advert_of(web1);
  expect(hmac_stale, web2, {.bytes = bytes}, noon + 6s);
  expect(hmac_stale, web2, {.bytes = bytes}, noon - 6s);
  EXPECT_TRUE(web2.decode({.bytes = bytes}, noon + 5s));
}

TEST_F(RejectedPacket, hmac_replay) {
  AdvertCodec web1 = node(with_hmac(v3_ipv4()), "10.0.20.14");
  AdvertCodec web2 = node(with_hmac(v3_ipv4()), "10.0.20.15");
  const Bytes first = advert_of(web1);
  const Bytes second = advert_of(web1);
  ASSERT_TRUE(web2.decode({.bytes = second}, noon));
  expect(hmac_replay, web2, {.bytes = second});
  expect(hmac_replay, web2, {.bytes = first});
}

TEST_F(RejectedPacket, interval) {  // RFC 3768 §7.1
  CodecParameters slow = v2_plain();
  slow.advert_interval = 2s;
  expect(interval, slow, v2_plain());
  expect(interval, v3_ipv4(), [](Bytes& bytes) {
    bytes[24] = 0xf0;  // reserved bits do not count
    bytes[25] = 0;
    fix_checksum(bytes);
  });
}

TEST_F(RejectedPacket, address_list) {
  CodecParameters other = v2_plain();
  other.addresses.pop_back();
  expect(address_list, other, v2_plain());
  other.addresses = {ip("10.0.20.100"), ip("10.0.20.102")};
  expect(address_list, other, v2_plain());
  other.addresses = {ip("10.0.20.100"), ip("10.0.20.100")};  // as many, and each is ours
  expect(address_list, other, v2_plain());
}

TEST_F(RejectedPacket, owner_ignores) {
  CodecParameters owner = v2_plain();
  owner.ignore_adverts = true;
  expect(owner_ignores, v2_plain(), owner);
}

TEST(RejectReason, has_a_name_and_a_sentence_each) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < reject_reason_count; ++i) {
    const auto reason = static_cast<RejectReason>(i);
    EXPECT_FALSE(explain(reason).empty());
    names.insert(name(reason));
  }
  EXPECT_EQ(names.size(), reject_reason_count);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace baton::vrrp
