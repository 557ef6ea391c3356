#include "daemon/announcer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

// Owners that serve from the start; every address is where it belongs; what is sent goes nowhere.
struct Bench {
  explicit Bench(const std::string& head)
      : setup(setup_of(head + owner("A", 1, "10.0.0.1/24 dev eth0\n10.0.0.2/24 dev eth0") +
                       owner("B", 2, "10.0.1.1/24 dev eth1") + owner("C", 3, "10.0.2.1/24 dev eth2"))),
        node(setup.node) {
    for (std::uint32_t index = 0; index < 3; ++index) {
      interfaces.apply(kernel::LinkChange{{.index = index + 2, .name = "eth" + std::to_string(index), .is_up = true}});
    }
    for (const RouterSetup& router : setup.routers) {
      for (const config::VirtualAddress& address : router.addresses) {
        interfaces.apply(kernel::AddressChange{*to_interface_address(address, interfaces)});
      }
    }
    vrrp::NodeActions actions;
    node.start(now, actions);
    for (vrrp::RouterId id = 0; id < 3; ++id) announcer.add(id, 2);
  }
  static std::string owner(const std::string& name, int vrid, const std::string& addresses) {
    return "\nvrrp_instance " + name + " {\ninterface eth0\nstate MASTER\npriority 255\nvirtual_router_id " +
           std::to_string(vrid) + "\nvirtual_ipaddress {\n" + addresses + "\n}\n}\n";
  }
  // When each call of send_some() had something to send, in milliseconds, until nothing is left.
  std::vector<int> times() {
    std::vector<int> times;
    const Instant begin = now;
    for (int i = 0; i < 100 && !announcer.is_idle(); ++i) {
      EXPECT_FALSE(announcer.send_some(node, now, AddressState::settled));
      times.push_back(static_cast<int>((now - begin) / 1ms));
      if (const auto next = announcer.next_at()) now = std::max(now, *next);
    }
    return times;
  }

  Setup setup;
  vrrp::Node node;
  kernel::InterfaceTable interfaces;
  Transport transport{setup, nullptr, {.on_packet = {}, .on_frame = {}, .on_error = [](const SysError&) {}}};
  Announcer announcer{setup, interfaces, transport};
  Instant now{100s};
};

TEST(Announcer, without_an_interval_everything_leaves_at_once) {
  EXPECT_EQ(Bench("").times(), std::vector{0});
}

TEST(Announcer, vrrp_garp_interval_is_kept_on_each_interface_by_itself) {
  // Four frames on eth0; the two of eth1 and of eth2 leave beside them.
  EXPECT_EQ(Bench("global_defs {\nvrrp_garp_interval 0.1\n}").times(), (std::vector{0, 100, 200, 300}));
}

TEST(Announcer, interfaces_of_a_garp_group_share_a_distance) {
  // eth0 and eth1 have six frames, eth2 is free.
  EXPECT_EQ(Bench("garp_group {\ninterfaces {\neth0\neth1\n}\ngarp_interval 0.2\n}").times(),
            (std::vector{0, 200, 400, 600, 800, 1000}));
}

TEST(Announcer, addresses_that_cannot_be_announced_take_no_more_than_a_round_and_no_more_than_a_turn_has_time_for) {
  std::string addresses;
  const std::size_t count = 2 * limits::addresses_a_turn;
  for (std::size_t i = 0; i < count; ++i) addresses += fmt::format("10.1.{}.{}/24 dev none0\n", i / 250, i % 250 + 1);
  const daemon::Setup setup = setup_of(Bench::owner("A", 1, addresses));
  const kernel::InterfaceTable interfaces;
  vrrp::Node node(setup.node);
  vrrp::NodeActions actions;
  node.start(Instant(100s), actions);
  Transport transport(setup, nullptr, {.on_packet = {}, .on_frame = {}, .on_error = [](const SysError&) {}});
  Announcer announcer(setup, interfaces, transport);
  announcer.add(0, 1'000'000'000);
  int turns = 0;
  for (bool is_more = true; is_more && turns < 100; ++turns) {
    is_more = announcer.send_some(node, Instant(100s), AddressState::settled);
  }
  EXPECT_TRUE(announcer.is_idle());
  EXPECT_GE(turns, 2);
  EXPECT_LE(turns, 4);
}

// Of many that are taken over some come turns later than others, and are announced all the same.
TEST(Announcer, an_address_that_was_waited_for_is_announced_in_every_round) {
  for (int turns = 10; turns <= 12; ++turns) {
    Bench bench("global_defs {\nvrrp_garp_interval 0.1\n}");
    const auto late = *to_interface_address(bench.setup.routers[2].addresses[0], bench.interfaces);
    bench.interfaces.apply(kernel::AddressChange{.address = late, .removed = true});
    for (int i = 0; i < turns; ++i) {  // the others are through
      (void)bench.announcer.send_some(bench.node, bench.now, AddressState::on_their_way);
      bench.now += 10s;
    }
    bench.interfaces.apply(kernel::AddressChange{late});
    EXPECT_EQ(bench.times(), (std::vector{0, 100})) << turns;
  }
}

TEST(Announcer, gna_interval_alone_holds_no_arp_back) {
  Bench bench("garp_group {\ninterface eth0\ngna_interval 0.2\n}");
  EXPECT_EQ(bench.times(), (std::vector{0, 0, 0, 0}));
}

TEST(Announcer, what_is_not_served_any_more_is_dropped_while_it_waits) {
  Bench bench("global_defs {\nvrrp_garp_interval 60\n}");
  (void)bench.announcer.send_some(bench.node, bench.now, AddressState::settled);
  EXPECT_FALSE(bench.announcer.is_idle());
  vrrp::NodeActions actions;
  bench.node.on_link("eth0", false, bench.now, actions);
  (void)bench.announcer.send_some(bench.node, bench.now, AddressState::settled);
  EXPECT_TRUE(bench.announcer.is_idle());
}

}  // namespace
}  // namespace baton::daemon
