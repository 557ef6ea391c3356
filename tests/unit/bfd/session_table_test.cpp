// Whose a BFD packet is, and how far it may have come.
#include "bfd/session_table.h"

#include <gtest/gtest.h>

namespace baton::bfd {
namespace {

using namespace std::chrono_literals;

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}

class SessionTableTest : public ::testing::Test {
 protected:
  SessionId add(const std::string& neighbor, SessionParameters parameters = {}) {
    parameters.neighbor = address(neighbor);
    const auto discriminator = static_cast<std::uint32_t>(100 + table.size());
    return table.add(std::move(parameters), Identity{.discriminator = discriminator, .seed = 1}, now);
  }

  struct Arrival {
    std::string_view source = "192.0.2.1";
    std::string_view destination = "192.0.2.9";
    std::uint8_t ttl = 255;
    bool multihop = false;
    std::uint32_t your_discriminator = 0;
    State state = State::down;
  };
  std::optional<RejectReason> hear(const Arrival& arrival) {
    Bytes bytes;
    encode({.state = arrival.state,
            .detect_multiplier = 3,
            .my_discriminator = 7,
            .your_discriminator = arrival.your_discriminator,
            .desired_min_tx = 100ms,
            .required_min_rx = 100ms},
           bytes);
    out.clear();
    return table.on_datagram({.bytes = bytes,
                              .source = address(arrival.source),
                              .destination = address(arrival.destination),
                              .ttl = arrival.ttl,
                              .multihop = arrival.multihop},
                             now, out);
  }

  Instant now{1h};
  SessionTable table;
  SessionActions out;
};

TEST_F(SessionTableTest, a_neighbour_that_knows_nothing_is_known_by_its_address) {
  add("192.0.2.1");
  const SessionId second = add("192.0.2.2");
  EXPECT_EQ(hear({.source = "192.0.2.2"}), std::nullopt);
  ASSERT_FALSE(out.empty());
  EXPECT_EQ(out.front().session, second);
  EXPECT_EQ(table.session(second).state(), State::init);
  EXPECT_EQ(hear({.source = "192.0.2.3"}), RejectReason::unknown_session);
}

TEST_F(SessionTableTest, two_sessions_with_a_neighbour_differ_by_our_address) {
  const SessionId first = add("192.0.2.1", {.source = address("192.0.2.8")});
  const SessionId second = add("192.0.2.1", {.source = address("192.0.2.9")});
  EXPECT_EQ(hear({}), std::nullopt);
  EXPECT_EQ(table.session(first).state(), State::down);
  EXPECT_EQ(table.session(second).state(), State::init);
}

TEST_F(SessionTableTest, one_that_knows_us_is_known_by_our_discriminator) {
  add("192.0.2.1");
  const SessionId second = add("192.0.2.2");
  EXPECT_EQ(hear({.source = "198.51.100.7", .your_discriminator = 101}), std::nullopt);  // RFC 5880 §6.3
  EXPECT_EQ(table.session(second).state(), State::init);
  EXPECT_EQ(hear({.your_discriminator = 102}), RejectReason::unknown_session);
}

TEST_F(SessionTableTest, a_port_has_its_own_sessions) {
  const SessionId single = add("192.0.2.1");
  const SessionId multi = add("192.0.2.1", {.multihop = true, .max_hops = std::nullopt});
  EXPECT_EQ(hear({.multihop = true}), std::nullopt);
  EXPECT_EQ(table.session(multi).state(), State::init);
  EXPECT_EQ(table.session(single).state(), State::down);
  EXPECT_EQ(hear({.your_discriminator = 101}), RejectReason::unknown_session);
}

TEST_F(SessionTableTest, who_is_not_on_the_link_is_not_heard) {  // RFC 5881 §5
  const SessionId id = add("192.0.2.1");
  EXPECT_EQ(hear({.ttl = 254}), RejectReason::ttl);
  EXPECT_EQ(table.session(id).state(), State::down);
  const auto too_far = table.take_too_far();
  ASSERT_TRUE(too_far);
  EXPECT_EQ(too_far->ttl, 254);
  EXPECT_FALSE(table.take_too_far());
  EXPECT_EQ(hear({.ttl = 255}), std::nullopt);
  EXPECT_EQ(table.rejected()[static_cast<std::size_t>(RejectReason::ttl)], 1U);
}

TEST_F(SessionTableTest, max_hops_and_ttl_say_how_far_away_is_too_far) {
  add("192.0.2.1", {.max_hops = 2});
  EXPECT_EQ(hear({.ttl = 252}), RejectReason::ttl);
  EXPECT_EQ(hear({.ttl = 253}), std::nullopt);
  add("192.0.2.2", {.ttl = 64});  // what keepalived sends on IPv6
  EXPECT_EQ(hear({.source = "192.0.2.2", .ttl = 63}), RejectReason::ttl);
  EXPECT_EQ(hear({.source = "192.0.2.2", .ttl = 64}), std::nullopt);
  add("192.0.2.3", {.max_hops = std::nullopt});
  EXPECT_EQ(hear({.source = "192.0.2.3", .ttl = 1}), std::nullopt);
}

TEST_F(SessionTableTest, what_is_no_packet_is_counted) {
  add("192.0.2.1");
  EXPECT_EQ(table.on_datagram({.bytes = {}}, now, out), RejectReason::truncated);
  EXPECT_EQ(table.rejected()[static_cast<std::size_t>(RejectReason::truncated)], 1U);
}

TEST_F(SessionTableTest, serves_whoever_is_next) {
  const SessionId first = add("192.0.2.1");
  const SessionId second = add("192.0.2.2");
  EXPECT_EQ(table.next_timeout(), now);
  table.on_timeout(now, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].session, first);
  EXPECT_EQ(out[1].session, second);
  out.clear();
  table.on_timeout(now, out);
  EXPECT_TRUE(out.empty());
  EXPECT_GE(*table.next_timeout(), now + 750ms);
}

TEST_F(SessionTableTest, ends_a_session_by_telling_the_neighbour) {
  const SessionId id = add("192.0.2.1");
  (void)hear({});
  table.end(id, now, out);
  const auto* sent = std::get_if<SendPacket>(&out.back().action);
  ASSERT_NE(sent, nullptr);
  EXPECT_EQ(sent->packet.state, State::admin_down);
}

}  // namespace
}  // namespace baton::bfd
