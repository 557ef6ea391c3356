#include "kernel/netlink_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>

#include "kernel/address_difference.h"
#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using enum AddressRequest::Operation;

// Of this thread's processor time, in which the kernel does what it is asked for: a busy machine is no slower by it.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Clock, duration>;
  static time_point now() {
    timespec time{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time_point(std::chrono::seconds(time.tv_sec) + duration(time.tv_nsec));
  }
};

class Netlink : public Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    monitor = NetlinkSocket::open(NetlinkSocket::Purpose::monitor).value();
    requests = NetlinkSocket::open(NetlinkSocket::Purpose::requests).value();
    ens1 = link().index;
  }

  InterfaceAddress vip(std::uint32_t number) const {
    return {.interface_index = ens1, .address = {IpAddress::v4(0x0a010000 + number), 32}};
  }
  std::vector<RefusedRequest> carry_out(std::vector<AddressRequest> batch) {
    auto refused = requests->carry_out(batch);
    EXPECT_TRUE(refused);
    return std::move(refused).value_or(std::vector<RefusedRequest>{});
  }
  // Reads changes until one is as wanted; false when patience ends.
  bool hear(const std::function<bool(const Change&)>& is_wanted) {
    while (wait_readable(monitor->fd())) {
      const auto changes = monitor->read_changes();
      EXPECT_TRUE(changes && *changes);
      if (!changes || !*changes) return false;
      if (std::ranges::any_of(**changes, is_wanted)) return true;
    }
    return false;
  }
  bool hear_link(bool is_up) {
    return hear([&](const Change& change) {
      const auto* it = std::get_if<LinkChange>(&change);
      return it != nullptr && it->link.index == ens1 && !it->removed && it->link.is_up == is_up;
    });
  }
  bool hear_address(const std::string& address, bool removed) {
    return hear([&](const Change& change) {
      const auto* it = std::get_if<AddressChange>(&change);
      return it != nullptr && it->removed == removed && to_string(it->address.address) == address;
    });
  }
  // The address as a dump tells it.
  std::optional<InterfaceAddress> find(const IpPrefix& address) {
    const auto addresses = requests->dump_addresses();
    EXPECT_TRUE(addresses);
    for (const InterfaceAddress& it : *addresses) {
      if (it.address == address) return it;
    }
    return std::nullopt;
  }

  std::optional<NetlinkSocket> monitor;
  std::optional<NetlinkSocket> requests;
  std::uint32_t ens1 = 0;
};

TEST_F(Netlink, a_dump_tells_links_and_addresses) {
  run("ip link set ens1 address 02:00:00:00:00:01 mtu 1400");
  const Link it = link();
  EXPECT_EQ(to_string(it.mac), "02:00:00:00:00:01");
  EXPECT_EQ(it.mtu, 1400U);
  EXPECT_TRUE(it.is_up && it.has_arp && it.is_ethernet);
  EXPECT_FALSE(link("lo").is_ethernet);
  EXPECT_THAT(table().addresses_on(ens1), testing::Contains(IpPrefix{ip("10.0.0.1"), 24}));
}

TEST_F(Netlink, a_link_that_is_taken_down_and_up_is_told) {
  run("ip link set ens1 down");
  EXPECT_TRUE(hear_link(false));
  run("ip link set ens1 up");
  EXPECT_TRUE(hear_link(true));
}

TEST_F(Netlink, a_lost_carrier_is_a_link_that_is_down) {
  there([] { run("ip link set ens1 down"); });
  EXPECT_TRUE(hear_link(false));
  there([] { run("ip link set ens1 up"); });
  EXPECT_TRUE(hear_link(true));
}

TEST_F(Netlink, a_port_that_leaves_its_bridge_is_no_link_removed) {
  run("ip link add br0 type bridge && ip link set ens1 master br0 && ip link set ens1 nomaster");
  run("ip address add 10.9.9.9/32 dev lo");  // the last thing to be told
  const bool heard = hear([&](const Change& change) {
    const auto* it = std::get_if<LinkChange>(&change);
    EXPECT_FALSE(it != nullptr && it->removed);
    const auto* address = std::get_if<AddressChange>(&change);
    return address != nullptr && to_string(address->address.address) == "10.9.9.9/32";
  });
  EXPECT_TRUE(heard);
}

TEST_F(Netlink, a_deleted_link_is_told) {
  run("ip link del ens1");
  EXPECT_TRUE(hear([&](const Change& change) {
    const auto* it = std::get_if<LinkChange>(&change);
    return it != nullptr && it->removed && it->link.index == ens1;
  }));
}

TEST_F(Netlink, an_address_that_somebody_adds_or_removes_is_told) {
  run("ip address add 10.0.0.100/32 dev ens1");
  EXPECT_TRUE(hear_address("10.0.0.100/32", false));
  run("ip address del 10.0.0.100/32 dev ens1");
  EXPECT_TRUE(hear_address("10.0.0.100/32", true));
}

TEST_F(Netlink, an_address_has_the_properties_it_was_given) {
  InterfaceAddress address{.interface_index = ens1,
                           .address = {ip("10.0.7.1"), 24},
                           .scope = 253,
                           .label = "ens1:vip",
                           .broadcast = ip("10.0.7.255")};
  EXPECT_THAT(carry_out({{add, address}}), IsEmpty());
  auto found = find(address.address);
  ASSERT_TRUE(found);
  found->flags = 0;  // IFA_F_PERMANENT
  EXPECT_EQ(*found, address);
}

TEST_F(Netlink, an_ipv6_virtual_address_is_usable_at_once_and_no_source) {  // trap T14
  const InterfaceAddress address{.interface_index = ens1,
                                 .address = {ip("2001:db8::100"), 128},
                                 .flags = address_flag::no_duplicate_detection,
                                 .preferred_seconds = 0};
  EXPECT_THAT(carry_out({{add, address}}), IsEmpty());
  const auto found = find(address.address);
  ASSERT_TRUE(found);
  EXPECT_NE(found->flags & address_flag::no_duplicate_detection, 0U);
  EXPECT_NE(found->flags & address_flag::deprecated, 0U);
  constexpr std::uint32_t tentative = 0x40;
  EXPECT_EQ(found->flags & tentative, 0U);
}

TEST_F(Netlink, adding_what_is_there_and_removing_what_is_not_count_as_done) {
  const InterfaceAddress v6{.interface_index = ens1, .address = {ip("2001:db8::1"), 128}};
  EXPECT_THAT(carry_out({{add, vip(1)}, {add, vip(1)}, {add, v6}, {add, v6}}), IsEmpty());
  EXPECT_THAT(carry_out({{remove, vip(1)}, {remove, vip(1)}, {remove, v6}, {remove, v6}}), IsEmpty());
  InterfaceAddress elsewhere = vip(1);
  elsewhere.interface_index = 4711;
  EXPECT_THAT(carry_out({{remove, elsewhere}}), IsEmpty());
}

TEST_F(Netlink, one_refused_address_of_a_thousand_is_named_and_the_others_are_there) {
  std::vector<AddressRequest> batch;
  for (std::uint32_t number = 1; number <= 1'000; ++number) batch.push_back({add, vip(number)});
  batch[617].address.address.length = 33;
  const auto refused = carry_out(batch);
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].index, 617U);
  EXPECT_EQ(refused[0].code, EINVAL);
  EXPECT_THAT(table().addresses_on(ens1), SizeIs(999 + 2));  // and its own two
}

TEST_F(Netlink, every_refusal_of_a_large_batch_is_told) {
  std::vector<AddressRequest> batch(5'000, {add, vip(1)});
  for (AddressRequest& request : batch) request.address.interface_index = 4711;
  const auto refused = carry_out(batch);
  ASSERT_THAT(refused, SizeIs(5'000));
  EXPECT_EQ(refused[4'999].index, 4'999U);
  EXPECT_EQ(refused[4'999].code, ENODEV);
  EXPECT_THAT(carry_out({{add, vip(1)}}), IsEmpty());  // and the socket is as good as before
}

// Changes lost because nobody read them: dump again.
TEST_F(Netlink, an_overflow_is_told_and_a_dump_knows_what_was_lost) {
  constexpr int small = 4096;
  ASSERT_EQ(::setsockopt(monitor->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
  std::vector<AddressRequest> batch;
  for (std::uint32_t number = 1; number <= 500; ++number) batch.push_back({add, vip(number)});
  EXPECT_THAT(carry_out(batch), IsEmpty());
  bool overflow = false;
  for (int i = 0; i < 10 && !overflow; ++i) {
    const auto changes = monitor->read_changes();
    ASSERT_TRUE(changes);
    overflow = !changes->has_value();
  }
  EXPECT_TRUE(overflow);
  EXPECT_TRUE(table().has({ens1, vip(500).address}));
}

// Addresses of the virtual network's prefix hang on the first of it: when that goes the kernel takes the others along
// (trap T11), and the difference puts back those that are wanted.
TEST_F(Netlink, addresses_that_vanish_with_their_primary_are_put_back) {
  run("sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.ens1.promote_secondaries=0");
  AddressDifference difference;
  const auto settle = [&] {
    while (!difference.is_settled()) {
      const auto batch = difference.take(table(), 100);
      EXPECT_THAT(carry_out(batch), IsEmpty());
      difference.look_again_at_all();
      if (batch.empty()) break;
    }
  };
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    InterfaceAddress address = vip(number);
    address.address.length = 24;
    difference.want(address);
  }
  settle();
  difference.do_not_want({ens1, {vip(1).address.address, 24}});
  settle();
  difference.look_again_at_all();
  settle();
  const InterfaceTable now = table();
  EXPECT_FALSE(now.has({ens1, {vip(1).address.address, 24}}));
  EXPECT_TRUE(now.has({ens1, {vip(2).address.address, 24}}));
  EXPECT_TRUE(now.has({ens1, {vip(3).address.address, 24}}));
}

// Ten thousand addresses on one interface, in chunks that a timer can wait for. The kernel's own price for one grows to
// 0.2 ms at the end; a chunk is sized by how long the one before took.
TEST_F(Netlink, ten_thousand_addresses_come_in_short_steps) {
  constexpr std::uint32_t many = 10'000;
  constexpr auto budget = std::chrono::microseconds(2'000);
  InterfaceTable actual = table();
  AddressDifference difference;
  for (std::uint32_t number = 1; number <= many; ++number) difference.manage(vip(number));
  while (!difference.is_settled()) ASSERT_THAT(difference.take(actual, many), IsEmpty());
  const auto begin = Clock::now();
  for (std::uint32_t number = 1; number <= many; ++number) difference.want(vip(number));
  const auto wanted = Clock::now();
  std::vector<Clock::duration> steps;
  std::size_t chunk = 64;
  while (!difference.is_settled()) {
    const auto step_begin = Clock::now();
    const auto batch = difference.take(actual, chunk);
    ASSERT_THAT(carry_out(batch), IsEmpty());
    for (const AddressRequest& request : batch) actual.apply(AddressChange{.address = request.address});
    steps.push_back(Clock::now() - step_begin);
    const auto fitting = batch.size() * budget / std::max<Clock::duration>(steps.back(), Clock::duration(1));
    chunk = std::clamp<std::size_t>(static_cast<std::size_t>(fitting), 4, 2 * chunk);
  }
  const auto end = Clock::now();
  std::ranges::sort(steps);
  const auto ms = [](Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
  std::printf(
      "10,000 addresses: wanted after %.1f ms, present after %.0f ms in %zu steps; median %.1f, p99 %.1f, worst %.1f "
      "ms\n",
      ms(wanted - begin), ms(end - begin), steps.size(), ms(steps[steps.size() / 2]),
      ms(steps[steps.size() * 99 / 100]), ms(steps.back()));
  EXPECT_THAT(table().addresses_on(ens1), SizeIs(many + 2));
  EXPECT_LT(ms(end - begin), 20'000);  // 2,000 on an idle machine
  EXPECT_LT(ms(steps[steps.size() / 2]), 10);

  const auto read_begin = Clock::now();
  std::size_t changes = 0;
  Clock::duration longest{};
  while (wait_readable(monitor->fd(), 0)) {
    const auto one = Clock::now();
    const auto some = monitor->read_changes();
    ASSERT_TRUE(some && *some) << "the receive buffer holds the echo of ten thousand addresses";
    changes += (*some)->size();
    longest = std::max(longest, Clock::now() - one);
  }
  std::printf("their %zu changes read in %.1f ms, longest call %.1f ms\n", changes, ms(Clock::now() - read_begin),
              ms(longest));
  EXPECT_GE(changes, many);  // and some of the interface's own beginning
}

}  // namespace
}  // namespace baton::kernel
