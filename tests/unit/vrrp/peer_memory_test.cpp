#include "vrrp/peer_memory.h"

#include <gtest/gtest.h>

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

Advert from(std::uint32_t host, std::uint8_t priority) {
  return {.source = IpAddress::v4(0x0a000000 + host), .priority = priority, .interval = 1s};
}

TEST(PeerMemory, knows_who_was_heard_above_a_priority) {
  PeerMemory peers;
  EXPECT_FALSE(peers.knows_better_than(0));
  peers.remember(from(1, 102), Instant(1s));
  EXPECT_TRUE(peers.knows_better_than(101));
  EXPECT_FALSE(peers.knows_better_than(102));
}

TEST(PeerMemory, the_last_advert_of_a_peer_counts) {
  PeerMemory peers;
  peers.remember(from(1, 102), Instant(1s));
  peers.remember(from(1, 98), Instant(2s));
  EXPECT_FALSE(peers.knows_better_than(98));
}

TEST(PeerMemory, a_goodbye_does_not_say_how_good_a_peer_is) {
  PeerMemory peers;
  peers.remember(from(1, 102), Instant(1s));
  peers.remember(from(1, 0), Instant(2s));
  EXPECT_TRUE(peers.knows_better_than(101));
}

TEST(PeerMemory, forgets_whoever_did_not_come) {
  PeerMemory peers;
  peers.remember(from(1, 102), Instant(1s));
  peers.forget_above(100);
  EXPECT_FALSE(peers.knows_better_than(100));
}

TEST(PeerMemory, is_bounded_and_the_oldest_makes_room) {
  PeerMemory peers;
  peers.remember(from(0, 200), Instant(1s));
  for (std::uint32_t i = 1; i < limits::peers_remembered; ++i) peers.remember(from(i, 50), Instant(2s) + i * 1s);
  EXPECT_TRUE(peers.knows_better_than(199));
  peers.remember(from(1000, 50), Instant(100s));
  EXPECT_FALSE(peers.knows_better_than(199));
}

}  // namespace
}  // namespace baton::vrrp
