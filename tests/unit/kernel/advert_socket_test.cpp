#include "kernel/advert_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "base/checksum.h"
#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint8_t vrrp = 112;
constexpr std::uint8_t ah = 51;

const IpAddress group4 = IpAddress::v4(0xe0000012);  // 224.0.0.18
const IpAddress group6 = IpAddress::parse("ff02::12").value();

// A VRRP message that differs by VRID and priority alone; the checksum is the kernel's to fill in (IPv6).
Bytes message(std::uint8_t vrid, std::uint8_t priority = 100) {
  return {0x31, vrid, priority, 0, 0, 100, 0, 0};
}

// With the IP header (and AH) that IP_HDRINCL asks for.
Bytes datagram4(std::uint8_t vrid, std::uint8_t priority = 100, std::uint8_t protocol = vrrp,
                const IpAddress& destination = group4, const IpAddress& source = IpAddress::v4(0x0a000001)) {
  Bytes bytes;
  ByteWriter out(bytes);
  const std::size_t ah_size = protocol == ah ? 24 : 0;
  out.u16(0x45c0);
  out.u16(static_cast<std::uint16_t>(20 + ah_size + 8));
  out.u16(1);
  out.u16(0);
  out.u8(255);
  out.u8(protocol);
  out.u16(0);
  out.bytes(source.bytes());
  out.bytes(destination.bytes());
  out.zeros(ah_size);
  out.bytes(message(vrid, priority));
  return bytes;
}

class Adverts : public Network {
 protected:
  static AdvertSocketOptions options(Family family, std::initializer_list<std::uint8_t> vrids,
                                     std::uint8_t protocol = vrrp) {
    AdvertSocketOptions result{.family = family,
                               .protocol = protocol,
                               .interface = "ens1",
                               .interface_index = link().index,
                               .groups = {family == Family::ipv4 ? group4 : group6}};
    for (const std::uint8_t vrid : vrids) result.vrids.insert(vrid);
    return result;
  }
  AdvertSocket open(const AdvertSocketOptions& wanted) {
    auto socket = AdvertSocket::open(wanted);
    EXPECT_TRUE(socket) << (socket ? "" : to_string(socket.error()));
    return std::move(socket).value();
  }
  AdvertSocket open_there(Family family, std::initializer_list<std::uint8_t> vrids, std::uint8_t protocol = vrrp) {
    std::optional<AdvertSocket> socket;
    there([&] { socket = open(options(family, vrids, protocol)); });
    return std::move(*socket);
  }

  struct Received {
    Bytes bytes;
    IpAddress source;
    IpAddress destination;
    std::uint8_t hop_limit = 0;
  };
  // What has come when a datagram of priority `last` is there.
  static std::vector<Received> receive_until(AdvertSocket& socket, std::uint8_t last = 1) {
    std::vector<Received> received;
    bool finished = false;
    while (!finished && wait_readable(socket.fd())) {
      (void)socket.receive([&](const ReceivedDatagram& it) {
        received.push_back({{it.bytes.begin(), it.bytes.end()}, it.source, it.destination, it.hop_limit});
        const std::size_t priority_place = socket.options().family == Family::ipv6 ? 2 : it.bytes.size() - 6;
        finished = finished || it.bytes[priority_place] == last;
      });
    }
    EXPECT_TRUE(finished) << "the last datagram did not come";
    return received;
  }
};

TEST_F(Adverts, an_ipv4_advert_arrives_as_it_was_sent) {
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  AdvertSocket sender = open(options(Family::ipv4, {50}));
  sender.send(group4, datagram4(50, 1), 255);
  sender.flush();
  EXPECT_EQ(sender.counters().sent, 1U);
  const auto received = receive_until(receiver);
  ASSERT_THAT(received, SizeIs(1));
  Bytes bytes = received[0].bytes;
  InternetChecksum checksum;
  checksum.add(ByteView(bytes).first(20));
  EXPECT_EQ(checksum.value(), 0);  // the kernel has filled in the header's checksum
  bytes[10] = bytes[11] = 0;
  EXPECT_EQ(bytes, datagram4(50, 1));
}

TEST_F(Adverts, other_vrids_stay_in_the_kernel) {
  AdvertSocket receiver = open_there(Family::ipv4, {50, 255, 1});
  AdvertSocket sender = open(options(Family::ipv4, {}));
  for (const std::uint8_t vrid : Bytes{49, 50, 51, 255, 2, 0}) sender.send(group4, datagram4(vrid), 255);
  sender.send(group4, datagram4(1, 1), 255);
  sender.flush();
  std::vector<int> vrids;
  for (const auto& it : receive_until(receiver)) vrids.push_back(it.bytes[21]);
  EXPECT_THAT(vrids, ElementsAre(50, 255, 1));
}

TEST_F(Adverts, an_advert_that_ends_before_its_vrid_is_let_through_to_be_counted) {
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  AdvertSocket sender = open(options(Family::ipv4, {}));
  Bytes cut = datagram4(50);
  cut.resize(21);
  cut[3] = 21;
  sender.send(group4, cut, 255);
  sender.send(group4, datagram4(50, 1), 255);
  sender.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(2));
}

TEST_F(Adverts, vrids_can_change_while_the_socket_lives) {
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  VridSet other;
  other.insert(60);
  ASSERT_TRUE(receiver.set_vrids(other));
  AdvertSocket sender = open(options(Family::ipv4, {}));
  sender.send(group4, datagram4(50), 255);
  sender.send(group4, datagram4(60, 1), 255);
  sender.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(1));
}

TEST_F(Adverts, every_vrid_fits_the_filter) {
  AdvertSocketOptions all = options(Family::ipv4, {});
  for (int vrid = 1; vrid <= 255; ++vrid) all.vrids.insert(static_cast<std::uint8_t>(vrid));
  AdvertSocket sender = open(all);
  EXPECT_TRUE(sender.set_vrids(all.vrids));  // for a moment the kernel holds both
  AdvertSocket receiver = open_there(Family::ipv4, {});
  ASSERT_TRUE(receiver.set_vrids(all.vrids));
  sender.send(group4, datagram4(0), 255);
  for (int vrid = 1; vrid <= 255; ++vrid) {
    sender.send(group4, datagram4(static_cast<std::uint8_t>(vrid), vrid == 255 ? 1 : 100), 255);
  }
  sender.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(255));
}

TEST_F(Adverts, the_filter_looks_through_the_authentication_header) {
  AdvertSocket receiver = open_there(Family::ipv4, {50}, ah);
  AdvertSocket plain = open_there(Family::ipv4, {50});
  AdvertSocket sender = open(options(Family::ipv4, {}, ah));
  sender.send(group4, datagram4(51, 100, ah), 255);
  sender.send(group4, datagram4(50, 1, ah), 255);
  sender.flush();
  const auto received = receive_until(receiver);
  ASSERT_THAT(received, SizeIs(1));
  EXPECT_EQ(received[0].bytes.size(), 20U + 24 + 8);
  EXPECT_FALSE(wait_readable(plain.fd(), 0));
}

TEST_F(Adverts, an_ipv6_advert_has_the_source_and_hop_limit_it_was_given_and_a_right_checksum) {
  run("ip address add fe80::100/64 dev ens1 nodad");  // a virtual address: not to be chosen
  const IpAddress source = link_local();
  AdvertSocket receiver = open_there(Family::ipv6, {50});
  AdvertSocket sender = open(options(Family::ipv6, {50}));
  sender.send(group6, message(50), 255, source);
  sender.send(group6, message(50, 1), 254, ip("fe80::100"));
  sender.flush();
  const auto received = receive_until(receiver);
  ASSERT_THAT(received, SizeIs(2));
  EXPECT_EQ(received[0].source, source);
  EXPECT_EQ(received[0].destination, group6);
  EXPECT_EQ(received[0].hop_limit, 255);
  EXPECT_EQ(received[1].source, ip("fe80::100"));
  EXPECT_EQ(received[1].hop_limit, 254);
  InternetChecksum checksum;
  checksum.add(source.bytes());
  checksum.add(group6.bytes());
  checksum.add_u32(8);
  checksum.add_u32(vrrp);
  checksum.add(received[0].bytes);
  EXPECT_EQ(checksum.value(), 0);
}

TEST_F(Adverts, an_ipv6_source_that_is_not_ours_is_a_failure_and_not_another_source) {
  AdvertSocket sender = open(options(Family::ipv6, {50}));
  sender.send(group6, message(50), 255, ip("fe80::dead"));
  sender.flush();
  EXPECT_EQ(sender.counters().failed, 1U);
  EXPECT_EQ(sender.counters().last_error, EINVAL);
}

TEST_F(Adverts, unicast_needs_no_group_and_no_interface) {
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  AdvertSocketOptions routed = options(Family::ipv4, {50});
  routed.interface.clear();
  routed.interface_index = 0;
  routed.groups.clear();
  AdvertSocket sender = open(routed);
  sender.send(ip("10.0.0.2"), datagram4(50, 1, vrrp, ip("10.0.0.2")), 255);
  sender.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(1));
}

TEST_F(Adverts, a_group_that_was_not_joined_and_ones_own_adverts_are_not_heard) {
  std::optional<AdvertSocket> deaf;
  there([&] {
    AdvertSocketOptions without_group = options(Family::ipv4, {50});
    without_group.groups.clear();
    deaf = open(without_group);
  });
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  AdvertSocket sender = open(options(Family::ipv4, {50}));
  sender.send(group4, datagram4(50, 1), 255);
  sender.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(1));
  EXPECT_FALSE(wait_readable(deaf->fd(), 0));
  EXPECT_FALSE(wait_readable(sender.fd(), 0));
}

TEST_F(Adverts, an_advert_on_another_interface_is_not_heard) {
  there([] {
    run("ip link add ens2 type veth peer name ens3 && ip link set ens3 up && ip address add 10.0.2.2/24 dev ens2 && ip "
        "link set ens2 up");
  });
  std::optional<AdvertSocket> other;
  there([&] {
    AdvertSocketOptions wanted = options(Family::ipv4, {50});
    wanted.interface = "ens2";
    wanted.interface_index = link("ens2").index;
    other = open(wanted);
  });
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  AdvertSocket sender = open(options(Family::ipv4, {50}));
  sender.send(group4, datagram4(50, 1), 255);
  sender.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(1));
  EXPECT_FALSE(wait_readable(other->fd(), 0));
}

TEST_F(Adverts, a_missing_interface_is_named) {
  AdvertSocketOptions missing = options(Family::ipv4, {50});
  missing.interface = "ens9";
  const auto socket = AdvertSocket::open(missing);
  ASSERT_FALSE(socket);
  EXPECT_EQ(to_string(socket.error()), "bind a raw socket to ens9: No such device");
}

TEST_F(Adverts, sending_into_a_link_that_is_down_is_counted_and_does_not_wait) {
  AdvertSocket sender = open(options(Family::ipv4, {50}));
  run("ip link set ens1 down");
  for (int i = 0; i < 100; ++i) sender.send(group4, datagram4(50), 255);
  sender.flush();
  EXPECT_EQ(sender.counters().sent, 0U);
  EXPECT_EQ(sender.counters().failed, 100U);
  EXPECT_THAT(sender.counters().last_error, testing::AnyOf(ENETDOWN, ENETUNREACH));
}

TEST_F(Adverts, a_queue_that_nobody_flushes_is_bounded) {
  AdvertSocket sender = open(options(Family::ipv4, {50}));
  for (std::size_t i = 0; i < limits::queued_datagrams + 5; ++i) sender.send(group4, {}, 255);
  EXPECT_EQ(sender.counters().failed, 5U);
  EXPECT_EQ(sender.counters().last_error, ENOBUFS);
}

TEST_F(Adverts, an_interface_made_anew_wants_a_new_socket) {
  AdvertSocket before = open(options(Family::ipv4, {50}));
  run("ip link del ens1");
  before.send(group4, datagram4(50), 255);
  before.flush();
  EXPECT_EQ(before.counters().failed, 1U);

  there_->enter();
  run("ip link add ens1 type veth peer name ens0 && ip link set ens0 netns " + here_->path());
  run("ip address add 10.0.0.2/24 dev ens1 && ip link set ens1 up");
  here_->enter();
  run("ip link set ens0 name ens1 && ip address add 10.0.0.1/24 dev ens1 && ip link set ens1 up");
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  before.send(group4, datagram4(50), 255);
  before.flush();
  EXPECT_EQ(before.counters().failed, 2U);  // bound to an interface that never comes back
  AdvertSocket after = open(options(Family::ipv4, {50}));
  after.send(group4, datagram4(50, 1), 255);
  after.flush();
  EXPECT_THAT(receive_until(receiver), SizeIs(1));
}

// A flood on the socket: one call takes one batch, so that a timer waits no longer than that.
TEST_F(Adverts, one_call_reads_one_batch_of_a_flood) {
  constexpr int flood = 50'000;
  AdvertSocket receiver = open_there(Family::ipv4, {50});
  AdvertSocket sender = open(options(Family::ipv4, {50}));
  using Clock = std::chrono::steady_clock;
  Clock::duration longest{};
  Clock::duration all{};
  std::size_t received = 0;
  std::size_t most = 0;
  for (int sent = 0; sent < flood;) {
    for (int i = 0; i < 500; ++i, ++sent) sender.send(group4, datagram4(50), 255);
    sender.flush();
    for (bool empty = false; !empty;) {
      std::size_t batch = 0;
      const auto begin = Clock::now();
      empty = receiver.receive([&](const ReceivedDatagram&) { ++batch; });
      const auto took = Clock::now() - begin;
      longest = std::max(longest, took);
      all += took;
      received += batch;
      most = std::max(most, batch);
    }
  }
  const auto micros = [](auto duration) { return std::chrono::duration<double, std::micro>(duration).count(); };
  std::printf("%zu of %d datagrams, %.2f us each, at most %zu a call, longest call %.0f us\n", received, flood,
              micros(all) / static_cast<double>(received), most, micros(longest));
  EXPECT_EQ(received, static_cast<std::size_t>(flood));
  EXPECT_EQ(sender.counters().failed, 0U);
  EXPECT_LE(most, 64U);
}

}  // namespace
}  // namespace baton::kernel
