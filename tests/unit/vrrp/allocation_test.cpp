#include "unit/vrrp/allocation.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/vrrp/codec_bench.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

const std::vector<CodecParameters>& all_kinds() {
  static const std::vector<CodecParameters> kinds{v2_plain(), v2_with(AuthType::pass), v2_with(AuthType::ah), v3_ipv4(),
                                                  v3_ipv6(),  with_hmac(v3_ipv4()),    with_hmac(v3_ipv6())};
  return kinds;
}

TEST(Allocation, is_counted) {
  const std::uint64_t before = allocation_count();
  const auto number = std::make_unique<int>(1);
  EXPECT_EQ(allocation_count(), before + 1) << *number;
}

TEST(Allocation, none_for_a_received_packet_good_or_damaged) {
  std::mt19937 random(50);  // the same damage every time
  for (const CodecParameters& parameters : all_kinds()) {
    AdvertCodec web1 = node(parameters, host(parameters, 1));
    AdvertCodec web2 = node(parameters, host(parameters, 2));
    std::size_t accepted = 0;
    for (int i = 0; i < 2000; ++i) {
      Bytes bytes = advert_of(web1);
      if (i % 4 != 0) bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
      if (i % 8 == 1) bytes.resize(random() % (bytes.size() + 1));
      const ReceivedPacket packet = received(bytes, parameters);
      const std::uint64_t before = allocation_count();
      const auto advert = web2.decode(packet, noon);
      ASSERT_EQ(allocation_count(), before);
      if (advert) ++accepted;
    }
    EXPECT_GE(accepted, 500u);
  }
}

TEST(Allocation, none_for_an_advert_sent_into_the_packets_of_the_last) {
  for (const CodecParameters& kind : all_kinds()) {
    AdvertCodec web1 = node(with_peers(kind, {host(kind, 2), host(kind, 3)}), host(kind, 1));
    std::vector<OutgoingPacket> packets;
    web1.encode_into(100, 1s, noon, packets);
    const std::uint64_t before = allocation_count();
    for (int i = 0; i < 100; ++i) web1.encode_into(100, 1s, noon, packets);
    EXPECT_EQ(allocation_count(), before);
  }
}

}  // namespace
}  // namespace baton::vrrp
