// What the fuzzer drives, driven by chance: the core beside the reference, and nodes that are told anything. And that
// both judges notice.
#include <gtest/gtest.h>

#include "sim/lockstep.h"
#include "sim/node_walk.h"
#include "sim/random.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

Bytes random_bytes(std::uint64_t seed) {
  Random random(seed);
  Bytes bytes(random.below(600) + 20);
  for (std::uint8_t& each : bytes) each = static_cast<std::uint8_t>(random.next());
  return bytes;
}

TEST(Walk, the_core_does_what_the_reference_does) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const Bytes bytes = random_bytes(seed);
    Choices choices(bytes);
    ASSERT_EQ(walk_in_lockstep(choices), "") << "seed " << seed;
  }
}

TEST(Walk, a_node_makes_sense_whatever_it_is_told) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const Bytes bytes = random_bytes(seed);
    Choices choices(bytes);
    ASSERT_EQ(walk_a_node(choices), "") << "seed " << seed;
  }
}

// A reference that keeps to RFC 9568 waits out the master-down time where Baton takes over after its skew time.
TEST(Walk, notices_a_core_that_differs_from_its_reference) {
  Lockstep pair({.priority = 100, .conduct = Conduct::keepalived});
  EXPECT_EQ(pair.take({.what = Lockstep::Step::What::start_or_stop}), "");
  const Advert lower{.source = IpAddress::v4(0x0a000001), .priority = 50, .interval = 1s};
  EXPECT_EQ(pair.take({.what = Lockstep::Step::What::advert, .advert = lower}),
            "advert (of 50): they do not wait for the same");
}

TEST(NodeJudge, notices_what_makes_no_sense) {
  const Node node({.trackers = {}, .routers = {{.name = "VI_1", .links = {"eth0"}}}, .groups = {}});
  const auto judge = [&](const NodeActions& actions) { return NodeJudge(1, 0).judge(node, actions); };
  EXPECT_EQ(judge({}), "");
  EXPECT_EQ(judge({RouterAction{0, StateChanged{State::backup, State::master}}}),
            "router 0 tells BACKUP -> MASTER after INIT");
  EXPECT_EQ(judge({RouterAction{0, StateChanged{State::init, State::backup}}}), "router 0 is INIT, untold");
  EXPECT_EQ(judge({RouterAction{0, StateChanged{State::init, State::fault}}, RouterAction{0, SendAdvert{}}}),
            "router 0 adverts as FAULT");
  EXPECT_EQ(judge(NodeActions(65, RouterAction{0, SendAdvert{}})), "65 actions");
}

}  // namespace
}  // namespace baton::sim
