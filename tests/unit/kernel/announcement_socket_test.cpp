#include "kernel/announcement_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/packet_filter.h"
#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

void ethernet(ByteWriter& out, std::uint16_t type) {
  out.u16(0xffff), out.u32(0xffffffff);
  out.u16(0x0200), out.u32(1);
  out.u16(type);
}

// ARP whose sender says "10.0.0.`number` lives at 02:00:00:00:00:01".
Bytes arp(std::uint8_t number) {
  Bytes frame;
  ByteWriter out(frame);
  ethernet(out, 0x0806);
  out.u16(1), out.u16(0x0800), out.u8(6), out.u8(4), out.u16(1);
  out.u16(0x0200), out.u32(1);
  out.u32(0x0a000000U + number);
  out.u16(0xffff), out.u32(0xffffffff);
  out.u32(0x0a000000U + number);
  return frame;
}

// An ICMPv6 message about 2001:db8::`number`; type 136 is a neighbour advertisement.
Bytes icmpv6(std::uint8_t number, std::uint8_t type = 136) {
  Bytes frame;
  ByteWriter out(frame);
  ethernet(out, 0x86dd);
  out.u32(0x60000000), out.u16(24), out.u8(58), out.u8(255);
  const auto address = [&] { out.u32(0x20010db8), out.u64(0), out.u32(number); };
  address();
  address();
  out.u8(type), out.u8(0), out.u16(0), out.u32(0x20000000);
  address();
  return frame;
}

class Announcements : public Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    run("ip link set ens1 arp off");  // nothing on the wire but what the test sends
    there([this] {
      run("ip link set ens1 arp off");
      receiver = AnnouncementSocket::open(link().index).value();
    });
    sender = AnnouncementSocket::open(link().index).value();
  }

  // Sends them and the last one, which the receiver must let through; what came before it.
  std::vector<Bytes> exchange(std::vector<Bytes> frames, const Bytes& last) {
    frames.push_back(last);
    EXPECT_EQ(sender->send(frames), frames.size());
    std::vector<Bytes> received;
    while (wait_readable(receiver->fd())) {
      bool finished = false;
      (void)receiver->receive([&](ByteView frame) {
        Bytes bytes(frame.begin(), frame.end());
        finished = finished || bytes == last;
        if (!finished) received.push_back(std::move(bytes));
      });
      if (finished) return received;
    }
    ADD_FAILURE() << "the last frame did not come";
    return received;
  }

  std::optional<AnnouncementSocket> receiver;
  std::optional<AnnouncementSocket> sender;
};

TEST_F(Announcements, arp_and_neighbour_advertisements_are_heard_and_nothing_else) {
  Bytes ipv4 = arp(1);
  ipv4[13] = 0x00;  // another ethertype
  EXPECT_THAT(exchange({arp(1), ipv4, icmpv6(2), icmpv6(3, 135)}, arp(99)), ElementsAre(arp(1), icmpv6(2)));
}

TEST_F(Announcements, only_what_is_asked_for_is_heard) {
  ASSERT_TRUE(receiver->hear_only(std::vector{ip("10.0.0.7"), ip("10.0.0.99"), ip("2001:db8::7")}));
  EXPECT_THAT(exchange({arp(1), arp(7), icmpv6(1), icmpv6(7), icmpv6(99)}, arp(99)), ElementsAre(arp(7), icmpv6(7)));
}

// Questions of others for our addresses are none of our business: a busy LAN is full of them.
TEST_F(Announcements, answers_to_questions_of_our_addresses_are_heard) {
  ASSERT_TRUE(receiver->hear_only(std::vector{ip("10.0.0.7"), ip("10.0.0.99"), ip("2001:db8::7")}));
  const auto with_target = [](std::uint8_t target, std::uint8_t operation) {
    Bytes frame = arp(1);
    frame[21] = operation;
    frame[41] = target;
    return frame;
  };
  const auto to = [](std::uint8_t destination) {
    Bytes frame = icmpv6(1);
    frame[53] = destination;
    return frame;
  };
  EXPECT_THAT(exchange({with_target(7, 1), with_target(7, 2), with_target(8, 2), to(7), to(8)}, arp(99)),
              ElementsAre(with_target(7, 2), to(7)));
}

TEST_F(Announcements, as_many_addresses_as_the_filter_holds) {
  std::vector<IpAddress> addresses;
  for (std::uint32_t i = 0; i < limits::filtered_addresses; ++i) addresses.push_back(IpAddress::v4(0x0a000001 + i));
  ASSERT_TRUE(receiver->hear_only(addresses));
  EXPECT_THAT(exchange({arp(1), arp(64), arp(65), icmpv6(1)}, arp(2)), ElementsAre(arp(1), arp(64)));
}

TEST_F(Announcements, of_more_addresses_than_the_filter_holds_all_are_heard) {
  ASSERT_TRUE(receiver->hear_only(std::vector(limits::filtered_addresses + 1, ip("10.0.0.7"))));
  EXPECT_THAT(exchange({arp(1), icmpv6(3)}, arp(99)), SizeIs(2));
}

TEST_F(Announcements, ones_own_frames_are_not_heard) {
  EXPECT_THAT(exchange({arp(1)}, arp(99)), SizeIs(1));
  EXPECT_FALSE(wait_readable(sender->fd(), 0));
}

TEST_F(Announcements, a_thousand_frames_leave_in_one_call) {
  const std::vector<Bytes> frames(1'000, arp(1));
  EXPECT_EQ(sender->send(frames), frames.size());
  EXPECT_EQ(sender->counters().sent, 1'000U);
}

// Who does not read loses the rest, and knows how many.
TEST_F(Announcements, what_finds_no_room_is_lost_and_counted) {
  const std::vector<Bytes> frames(20'000, arp(1));
  std::size_t sent = 0;
  for (int i = 0; i < 100 && sent < frames.size(); ++i) sent += sender->send(std::span(frames).subspan(sent));
  EXPECT_EQ(sent, frames.size());
  std::size_t heard = 0;
  while (const std::size_t some = receiver->receive([](ByteView) {})) heard += some;
  const std::uint64_t lost = receiver->take_losses();
  EXPECT_GT(lost, 0U);
  EXPECT_LE(heard + lost, frames.size());
  EXPECT_EQ(receiver->take_losses(), 0U);
}

TEST_F(Announcements, frames_for_a_link_that_is_down_are_lost_and_counted) {
  run("ip link set ens1 down");
  EXPECT_EQ(sender->send(std::vector{arp(1), arp(2)}), 2U);
  EXPECT_EQ(sender->counters().failed, 2U);
  EXPECT_EQ(sender->counters().last_error, ENETDOWN);
}

// Else a loop would spin until the link is up again.
TEST_F(Announcements, a_link_that_goes_down_or_away_wakes_the_reader_once) {
  for (const std::string command : {"ip link set ens1 down", "ip link set ens1 up && ip link del ens1"}) {
    run(command);
    EXPECT_TRUE(wait_readable(sender->fd())) << command;
    (void)sender->receive([](ByteView) {});
    EXPECT_FALSE(wait_readable(sender->fd(), 0)) << command;
  }
}

TEST_F(Announcements, an_interface_that_is_not_there_is_an_error) {
  const auto socket = AnnouncementSocket::open(4711);
  ASSERT_FALSE(socket);
  EXPECT_EQ(to_string(socket.error()), "bind a packet socket to interface 4711: No such device");
}

}  // namespace
}  // namespace baton::kernel
