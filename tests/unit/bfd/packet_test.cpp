// The BFD Control packet: as the RFC draws it, as keepalived and FRR send it, and each way not to be one.
#include "bfd/packet.h"

#include <gtest/gtest.h>

#include <functional>

namespace baton::bfd {
namespace {

using namespace std::chrono_literals;

Packet good() {
  return {.diagnostic = Diagnostic::neighbor_signaled_down,
          .state = State::up,
          .poll = true,
          .detect_multiplier = 3,
          .my_discriminator = 0x01020304,
          .your_discriminator = 0x0a0b0c0d,
          .desired_min_tx = 100ms,
          .required_min_rx = 50ms,
          .required_min_echo_rx = 0ms};
}

Bytes bytes_of(const Packet& packet) {
  Bytes bytes;
  encode(packet, bytes);
  return bytes;
}

TEST(BfdPacket, is_as_the_rfc_draws_it) {
  EXPECT_EQ(bytes_of(good()), (Bytes{0x23, 0xe0, 3,    24,   1, 2, 3,    4,    0x0a, 0x0b, 0x0c, 0x0d,
                                     0,    1,    0x86, 0xa0, 0, 0, 0xc3, 0x50, 0,    0,    0,    0}));
}

TEST(BfdPacket, comes_back_as_it_was) {
  Packet packet = good();
  EXPECT_EQ(decode(bytes_of(packet)), packet);
  packet = {.diagnostic = static_cast<Diagnostic>(31),
            .state = State::admin_down,
            .final = true,
            .control_plane_independent = true,
            .demand = true,
            .detect_multiplier = 255,
            .my_discriminator = 0xffffffff,
            .desired_min_tx = 0xffffffffus,
            .required_min_rx = 0xffffffffus,
            .required_min_echo_rx = 0xffffffffus};
  EXPECT_EQ(decode(bytes_of(packet)), packet);
}

// tests/vectors/bfd.pcap: two of 2.4.3 come up, with Poll and Final.
TEST(BfdPacket, is_as_keepalived_sends_it) {
  const Bytes up_and_poll{0x20, 0xe0, 0x03, 0x18, 0x57, 0x22, 0x8d, 0x59, 0xfa, 0xaf, 0x95, 0x7c,
                          0x00, 0x01, 0x86, 0xa0, 0x00, 0x01, 0x86, 0xa0, 0x00, 0x00, 0x00, 0x00};
  const Bytes first{0x20, 0x40, 0x03, 0x18, 0xfa, 0xaf, 0x95, 0x7c, 0x00, 0x00, 0x00, 0x00,
                    0x00, 0x0f, 0x42, 0x40, 0x00, 0x01, 0x86, 0xa0, 0x00, 0x00, 0x00, 0x00};
  const auto poll = decode(up_and_poll);
  ASSERT_TRUE(poll);
  EXPECT_EQ(*poll, (Packet{.state = State::up,
                           .poll = true,
                           .detect_multiplier = 3,
                           .my_discriminator = 0x57228d59,
                           .your_discriminator = 0xfaaf957c,
                           .desired_min_tx = 100ms,
                           .required_min_rx = 100ms}));
  EXPECT_EQ(bytes_of(*poll), up_and_poll);
  const auto down = decode(first);
  ASSERT_TRUE(down);
  EXPECT_EQ(down->desired_min_tx, 1s);
  EXPECT_EQ(bytes_of(*down), first);
}

TEST(BfdPacket, may_be_followed_by_padding) {
  Bytes bytes = bytes_of(good());
  bytes.resize(60);
  EXPECT_EQ(decode(bytes), good());
}

TEST(BfdPacket, each_way_to_be_wrong_has_its_name) {
  struct Case {
    RejectReason reason;
    std::function<void(Bytes&)> spoil;
  };
  const Case cases[] = {
      {RejectReason::truncated, [](Bytes& bytes) { bytes.resize(23); }},
      {RejectReason::truncated, [](Bytes& bytes) { bytes.clear(); }},
      {RejectReason::version, [](Bytes& bytes) { bytes[0] = 0x03; }},
      {RejectReason::version, [](Bytes& bytes) { bytes[0] = 0x43; }},
      {RejectReason::length, [](Bytes& bytes) { bytes[3] = 23; }},
      {RejectReason::length, [](Bytes& bytes) { bytes[3] = 25; }},
      {RejectReason::multiplier, [](Bytes& bytes) { bytes[2] = 0; }},
      {RejectReason::multipoint, [](Bytes& bytes) { bytes[1] |= 0x01; }},
      {RejectReason::my_discriminator, [](Bytes& bytes) { std::fill_n(bytes.begin() + 4, 4, 0); }},
      {RejectReason::your_discriminator, [](Bytes& bytes) { std::fill_n(bytes.begin() + 8, 4, 0); }},
      {RejectReason::poll_and_final, [](Bytes& bytes) { bytes[1] |= 0x30; }},
      {RejectReason::authentication, [](Bytes& bytes) { bytes[1] |= 0x04; }},
  };
  for (const Case& each : cases) {
    Bytes bytes = bytes_of(good());
    each.spoil(bytes);
    const auto packet = decode(bytes);
    ASSERT_FALSE(packet.has_value()) << name(each.reason);
    EXPECT_EQ(packet.error(), each.reason) << name(each.reason) << " is " << name(packet.error());
  }
}

TEST(BfdPacket, of_a_neighbour_that_does_not_know_us_is_down) {
  for (const State state : {State::admin_down, State::down, State::init, State::up}) {
    Packet packet = good();
    packet.state = state;
    packet.your_discriminator = 0;
    const bool is_taken = state == State::admin_down || state == State::down;
    EXPECT_EQ(decode(bytes_of(packet)).has_value(), is_taken) << name(state);
  }
}

TEST(BfdPacket, reasons_and_diagnostics_have_words) {
  for (std::size_t reason = 0; reason < reject_reason_count; ++reason) {
    EXPECT_FALSE(name(static_cast<RejectReason>(reason)).empty());
  }
  EXPECT_EQ(explain(Diagnostic::detection_time_expired), "control detection time expired");
  EXPECT_EQ(explain(static_cast<Diagnostic>(12)), "reserved diagnostic 12");
}

}  // namespace
}  // namespace baton::bfd
