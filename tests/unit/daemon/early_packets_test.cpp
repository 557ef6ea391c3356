#include "daemon/early_packets.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) {
  return Instant(since_start);
}

struct Heard {
  vrrp::RouterId router;
  Bytes bytes;
  bool operator==(const Heard&) const = default;
};

std::vector<Heard> replayed(EarlyPackets& packets, Instant from) {
  std::vector<Heard> heard;
  packets.replay(from, [&](vrrp::RouterId router, const vrrp::ReceivedPacket& packet) {
    heard.push_back({router, Bytes(packet.bytes.begin(), packet.bytes.end())});
  });
  return heard;
}

TEST(EarlyPackets, what_came_after_the_worker_before_had_left_is_heard) {
  EarlyPackets packets;
  for (std::uint8_t i = 1; i <= 3; ++i) {
    const Bytes bytes{i};
    packets.keep(i, {.bytes = bytes}, at(i * 1s));
  }
  EXPECT_EQ(replayed(packets, at(2s)), (std::vector<Heard>{{2, {2}}, {3, {3}}}));
  EXPECT_EQ(replayed(packets, at(0s)), std::vector<Heard>{});
}

TEST(EarlyPackets, a_flood_pushes_out_the_oldest) {
  EarlyPackets packets;
  for (vrrp::RouterId i = 0; i <= limits::early_packets; ++i) packets.keep(i, {}, at(1s));
  const auto heard = replayed(packets, at(0s));
  ASSERT_EQ(heard.size(), limits::early_packets);
  EXPECT_EQ(heard.front().router, 1U);
}

}  // namespace
}  // namespace baton::daemon
