// What status and metrics say of BFD.
#include "daemon/bfd_status.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

class BfdStatusTest : public testing::Test {
 protected:
  BfdStatusTest() {
    configuration_.bfd_sessions = {
        {.name = "gateway", .neighbor = *IpAddress::parse("192.0.2.1"), .min_rx = 50ms, .min_tx = 50ms}};
    ledger_.turn();
    (void)ledger_.take_over();
  }

  void put(const BfdLedger::Known& known) { ledger_.put(0, wire_key_of(configuration_.bfd_sessions[0]), known); }
  nlohmann::json session() const { return bfd_status(configuration_, ledger_, clock_).at("sessions").at(0); }

  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(BfdLedger::size() / sizeof(std::uint64_t) + 1);
  BfdLedger ledger_{memory_.data()};
  config::Configuration configuration_;
  ClockReading clock_{.now = Instant(1h), .wall = WallTime(2h)};
};

TEST_F(BfdStatusTest, is_null_where_there_is_no_session) {
  EXPECT_TRUE(bfd_status({}, ledger_, clock_).is_null());
}

TEST_F(BfdStatusTest, tells_what_both_have_agreed) {
  put({.memory = {.state = bfd::State::up,
                  .counts_as_up = true,
                  .remote_state = bfd::State::up,
                  .remote_multiplier = 3,
                  .remote_discriminator = 5,
                  .remote_min_rx = 100ms,
                  .remote_desired_tx = 20ms,
                  .timers = {.desired_min_tx = 50ms, .required_min_rx = 50ms, .multiplier = 5},
                  .since = Instant(50min),
                  .last_received = Instant(59min)},
       .accepted = 7,
       .sent = 8,
       .failures = 1});
  const nlohmann::json it = session();
  EXPECT_EQ(it["state"], "Up");
  EXPECT_EQ(it["text"], "");
  EXPECT_EQ(it["since"], 7'200 - 600);
  EXPECT_EQ(it["last_packet"], 7'200 - 60);
  EXPECT_EQ(it["transmit_interval"], 0.1);
  EXPECT_EQ(it["detection_time"], 0.15);
  EXPECT_EQ(it["packets"], (nlohmann::json{{"sent", 8}, {"accepted", 7}}));
  EXPECT_EQ(it["failures"], 1);
}

TEST_F(BfdStatusTest, says_why_one_is_down_and_that_nothing_was_heard) {
  const nlohmann::json unknown = session();
  EXPECT_EQ(unknown["state"], "Down");
  EXPECT_EQ(unknown["text"], "not up yet");
  EXPECT_TRUE(unknown["neighbor_state"].is_null());
  EXPECT_TRUE(unknown["detection_time"].is_null());
  put({.memory = {.state = bfd::State::down, .diagnostic = bfd::Diagnostic::detection_time_expired}});
  EXPECT_EQ(session()["text"], "control detection time expired");
}

TEST_F(BfdStatusTest, says_when_nobody_speaks) {
  ledger_.beat(clock_.now - 1s);
  EXPECT_EQ(bfd_status(configuration_, ledger_, clock_)["spoken"], true);
  ledger_.beat(clock_.now - 4s);
  EXPECT_EQ(bfd_status(configuration_, ledger_, clock_)["spoken"], false);
}

TEST_F(BfdStatusTest, counts_what_was_thrown_away) {
  bfd::RejectCounters rejected{};
  rejected[static_cast<std::size_t>(bfd::RejectReason::ttl)] = 3;
  ledger_.put(rejected);
  EXPECT_EQ(bfd_status(configuration_, ledger_, clock_)["rejected"], (nlohmann::json{{"ttl", 3}}));
}

}  // namespace
}  // namespace baton::daemon
