#include "daemon/address_plan.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"
#include "unit/kernel/network.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* two_that_share = R"(
vrrp_instance A {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    10.0.0.1/24
    10.0.0.2/24
  }
}
vrrp_instance B {
  interface eth0
  virtual_router_id 2
  virtual_ipaddress {
    10.0.0.2/24
  }
}
)";
constexpr vrrp::RouterId a = 0;
constexpr vrrp::RouterId b = 1;

// A plan on a kernel that does what it is asked.
struct Bench {
  Setup setup = setup_of(two_that_share);
  kernel::InterfaceTable kernel;
  AddressPlan plan{setup};
  Instant now{std::chrono::seconds(100)};

  explicit Bench(std::uint32_t index = 2) {
    link(index);
    plan.follow(kernel);
    settle();
  }
  explicit Bench(const std::string& only_address)
      : setup(setup_of("vrrp_instance A {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n " +
                       only_address + "/64\n }\n}\n")) {
    link(2);
    plan.follow(kernel);
    settle();
  }
  void link(std::uint32_t index, bool is_up = true) {
    kernel.apply(kernel::LinkChange{{.index = index, .name = "eth0", .is_up = is_up, .is_enabled = is_up}, false});
  }
  void unlink(std::uint32_t index) {
    kernel.apply(kernel::LinkChange{{.index = index, .name = "eth0"}, true});
    plan.forget_interface(index);
    plan.follow(kernel);
  }
  kernel::AddressChange change(const char* address, bool removed, std::uint32_t index = 2, std::uint8_t length = 24) {
    const kernel::AddressChange it{
        .address = {.interface_index = index, .address = {.address = *IpAddress::parse(address), .length = length}},
        .removed = removed};
    kernel.apply(it);
    return it;
  }
  // Whose address somebody took, and for how long it stays away.
  std::vector<std::pair<vrrp::RouterId, std::chrono::seconds>> thefts() {
    std::vector<std::pair<vrrp::RouterId, std::chrono::seconds>> found;
    for (const auto& theft : plan.thefts(kernel, now)) {
      found.emplace_back(theft.router, std::chrono::duration_cast<std::chrono::seconds>(theft.hold));
    }
    return found;
  }
  // Carries everything out; "+10.0.0.1/24@2", "-...".
  std::vector<std::string> settle() {
    std::vector<std::string> done;
    for (int i = 0; i < 100 && !plan.is_settled(); ++i) {
      for (const auto& request : plan.next_requests(kernel, 10)) {
        const bool removed = request.operation == kernel::AddressRequest::Operation::remove;
        done.push_back((removed ? "-" : "+") + to_string(request.address.address) + "@" +
                       std::to_string(request.address.interface_index));
        kernel.apply(kernel::AddressChange{.address = request.address, .removed = removed});
      }
    }
    EXPECT_TRUE(plan.is_settled());
    return done;
  }
};

TEST(AddressPlan, a_router_that_holds_has_its_addresses_and_loses_them_when_it_does_not) {
  Bench bench;
  bench.plan.set_holding(a, true);
  EXPECT_TRUE(bench.plan.lacks_addresses(a, bench.kernel));
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.1/24@2", "+10.0.0.2/24@2"));
  EXPECT_FALSE(bench.plan.lacks_addresses(a, bench.kernel));
  bench.plan.set_holding(a, false);
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.1/24@2", "-10.0.0.2/24@2"));
}

TEST(AddressPlan, an_address_stays_as_long_as_one_of_its_routers_holds_it) {
  Bench bench;
  bench.plan.set_holding(a, true);
  bench.plan.set_holding(b, true);
  (void)bench.settle();
  bench.plan.set_holding(a, false);
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.1/24@2"));
  bench.plan.set_holding(b, false);
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.2/24@2"));
}

TEST(AddressPlan, what_an_earlier_life_left_is_removed) {
  Bench bench;
  (void)bench.change("10.0.0.1", false);
  bench.plan.follow(bench.kernel);
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.1/24@2"));
}

TEST(AddressPlan, what_a_stranger_removes_comes_back_and_its_holders_are_named) {
  Bench bench;
  bench.plan.set_holding(a, true);
  bench.plan.set_holding(b, true);
  (void)bench.settle();
  bench.plan.on_change(bench.change("10.0.0.2", true));
  EXPECT_THAT(bench.thefts(), testing::UnorderedElementsAre(std::pair(a, 0s), std::pair(b, 0s)));
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.2/24@2"));
}

TEST(AddressPlan, what_a_stranger_keeps_removing_comes_back_later_each_time) {
  Bench bench;
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  bench.plan.on_change(bench.change("10.0.0.1", true));
  EXPECT_THAT(bench.thefts(), ElementsAre(std::pair(a, 0s)));
  (void)bench.settle();
  bench.plan.on_change(bench.change("10.0.0.1", true));
  EXPECT_THAT(bench.thefts(), ElementsAre(std::pair(a, 1s)));
  EXPECT_TRUE(bench.plan.is_settled());  // and so others do not wait for it
  EXPECT_EQ(bench.plan.next_put_back(), bench.now + 1s);
  EXPECT_THAT(bench.plan.put_back(bench.now + 999ms), IsEmpty());
  EXPECT_THAT(bench.plan.put_back(bench.now + 1s), ElementsAre(a));
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.1/24@2"));
}

// `ip link set down` takes IPv6 addresses; a router that does not track the interface holds them all the same.
TEST(AddressPlan, what_goes_with_its_interface_was_not_stolen_and_comes_back_with_it) {
  Bench bench("fd00::1");
  bench.plan.set_holding(a, true);
  EXPECT_THAT(bench.settle(), ElementsAre("+fd00::1/64@2"));
  bench.plan.on_change(bench.change("fd00::1", true, 2, 64));
  bench.link(2, false);
  EXPECT_THAT(bench.thefts(), IsEmpty());
  EXPECT_TRUE(bench.plan.is_settled()) << "nobody waits for it";
  bench.link(2);
  EXPECT_THAT(bench.thefts(), IsEmpty());
  EXPECT_THAT(bench.settle(), ElementsAre("+fd00::1/64@2"));
  bench.plan.on_change(bench.change("fd00::1", true, 2, 64));
  EXPECT_THAT(bench.thefts(), ElementsAre(std::pair(a, 0s))) << "an interface that is up loses nothing by itself";
}

// BACKUP and MASTER again within one reading of the monitor: the kernel tells of both requests.
TEST(AddressPlan, what_we_removed_and_put_back_ourselves_was_not_stolen) {
  Bench bench;
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  bench.plan.set_holding(a, false);
  (void)bench.settle();
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  for (const bool removed : {true, false}) bench.plan.on_change(bench.change("10.0.0.1", removed));
  EXPECT_THAT(bench.thefts(), IsEmpty());
  EXPECT_THAT(bench.settle(), IsEmpty());
}

TEST(AddressPlan, what_a_stranger_adds_that_nobody_holds_goes) {
  Bench bench;
  bench.plan.on_change(bench.change("10.0.0.2", false));
  EXPECT_THAT(bench.thefts(), IsEmpty());
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.2/24@2"));
}

TEST(AddressPlan, leftovers_of_another_configuration_go_once_and_may_then_be_added_by_hand) {
  Bench bench;
  (void)bench.change("10.0.0.9", false);
  const config::VirtualAddress leftover{.address = {.address = *IpAddress::parse("10.0.0.9"), .length = 24},
                                        .device = "eth0"};
  bench.plan.follow(bench.kernel, std::span(&leftover, 1));
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.9/24@2"));
  bench.plan.on_change(bench.change("10.0.0.9", false));
  EXPECT_THAT(bench.thefts(), IsEmpty());
  EXPECT_THAT(bench.settle(), IsEmpty());
}

TEST(AddressPlan, an_interface_that_comes_back_with_another_index_has_the_addresses_again) {
  Bench bench;
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  bench.unlink(2);
  EXPECT_THAT(bench.settle(), IsEmpty());
  bench.link(7);
  bench.plan.follow(bench.kernel);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.1/24@7", "+10.0.0.2/24@7"));
}

TEST(AddressPlan, requests_that_netlink_could_not_take_are_made_again) {
  Bench bench;
  bench.plan.set_holding(b, true);
  const auto lost = bench.plan.next_requests(bench.kernel, 10);
  EXPECT_TRUE(bench.plan.is_settled());
  bench.plan.look_again(lost);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.2/24@2"));
}

TEST(AddressPlan, an_interface_with_another_name_loses_the_addresses) {
  Bench bench;
  bench.plan.set_holding(a, true);
  (void)bench.settle();
  bench.kernel.apply(kernel::LinkChange{{.index = 2, .name = "wan0", .is_up = true}, false});
  bench.plan.follow(bench.kernel);
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.1/24@2", "-10.0.0.2/24@2"));
  bench.link(2);
  bench.plan.follow(bench.kernel);
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.1/24@2", "+10.0.0.2/24@2"));
}

TEST(AddressPlan, a_virtual_address_with_another_length_at_the_start_is_a_leftover) {
  Bench bench;
  (void)bench.change("10.0.0.77", false);
  (void)bench.change("10.0.0.2", false, 2, 32);
  AddressPlan next(bench.setup);
  next.follow(bench.kernel);
  std::vector<std::string> removed;
  while (!next.is_settled()) {
    for (const auto& request : next.next_requests(bench.kernel, 10))
      removed.push_back(to_string(request.address.address));
  }
  EXPECT_THAT(removed, ElementsAre("10.0.0.2/32"));
  // Alone on the interface it may be the way in for its administrator.
  (void)bench.change("10.0.0.77", true);
  AddressPlan alone(bench.setup);
  alone.follow(bench.kernel);
  while (!alone.is_settled()) EXPECT_THAT(alone.next_requests(bench.kernel, 10), IsEmpty());
}

TEST(SourceAddresses, a_virtual_address_of_any_length_is_none_and_no_leftover) {
  Bench bench;
  (void)bench.change("10.0.0.1", false, 2, 32);
  (void)bench.change("10.0.0.9", false);
  const config::VirtualAddress leftover{.address = {.address = *IpAddress::parse("10.0.0.9"), .length = 24},
                                        .device = "eth0"};
  bench.plan.follow(bench.kernel, std::span(&leftover, 1));
  EXPECT_EQ(SourceAddresses(bench.kernel, bench.plan).of(bench.setup.routers[a]), std::nullopt);
  bench.plan.on_change(bench.change("10.0.0.9", true));  // gone; who adds it now means it
  (void)bench.change("10.0.0.9", false);
  EXPECT_EQ(SourceAddresses(bench.kernel, bench.plan).of(bench.setup.routers[a]), IpAddress::parse("10.0.0.9"));
}

// A real link-local address while the kernel still looks for a duplicate, and with the flag that one was found.
class TentativeSource : public kernel::Network {
 protected:
  // The search takes longer than the test.
  static void add_in_slow_search(const char* address) {
    kernel::run("sysctl -qw net.ipv6.conf.ens1.accept_dad=1 net.ipv6.conf.ens1.dad_transmits=1000");
    kernel::run(std::string("ip -6 address flush dev ens1 && ip -6 address add ") + address + "/64 dev ens1");
  }
  static std::optional<IpAddress> source(const std::string& options,
                                         std::optional<IpAddress> configured = std::nullopt) {
    daemon::Setup setup = setup_of("vrrp_instance A {\ninterface ens1\nvirtual_router_id 1\n" + options +
                                   "\nvirtual_ipaddress {\nfe80::1\n}\n}\n");
    setup.routers[0].configured_source = configured;
    const kernel::InterfaceTable interfaces = table();
    AddressPlan plan(setup);
    plan.follow(interfaces);
    return SourceAddresses(interfaces, plan).of(setup.routers[0]);
  }
};

TEST_F(TentativeSource, is_not_taken_by_who_may_be_master_before_the_kernel_sends_from_it) {
  add_in_slow_search("fe80::77");
  for (const char* hasty : {"advert_int 0.5", "priority 255\nstate MASTER"}) {
    EXPECT_EQ(source(hasty), std::nullopt) << hasty;
    EXPECT_EQ(source(hasty, ip("fe80::77")), std::nullopt) << hasty;
  }
  kernel::run("ip -6 address add fe80::78/64 dev ens1 nodad");
  EXPECT_EQ(source("advert_int 0.5"), ip("fe80::78"));
  EXPECT_EQ(source("advert_int 0.5", ip("fe80::78")), ip("fe80::78"));
}

// A machine that boots need not wait in FAULT for the kernel's second or two.
TEST_F(TentativeSource, will_do_for_who_listens_longer_than_the_kernel_searches) {
  add_in_slow_search("fe80::77");
  EXPECT_EQ(source("advert_int 1"), ip("fe80::77"));
  EXPECT_EQ(source("advert_int 1", ip("fe80::77")), ip("fe80::77"));
  EXPECT_EQ(source("advert_int 1\ntrack_src_ip", ip("fe80::77")), ip("fe80::77"));
  kernel::run("ip -6 address add fe80::78/64 dev ens1 nodad");
  EXPECT_EQ(source("advert_int 1"), ip("fe80::78")) << "one that can be used now is better";
}

TEST(SourceAddresses, the_first_that_is_not_virtual_or_the_configured_one) {
  Bench bench;
  (void)bench.change("10.0.0.1", false);
  (void)bench.change("10.0.0.77", false);
  (void)bench.change("10.0.0.78", false);
  SourceAddresses sources(bench.kernel, bench.plan);
  EXPECT_EQ(sources.of(bench.setup.routers[a]), IpAddress::parse("10.0.0.77"));
  RouterSetup configured = bench.setup.routers[a];
  configured.configured_source = IpAddress::parse("192.0.2.1");
  EXPECT_EQ(sources.of(configured), IpAddress::parse("192.0.2.1"));
  RouterSetup elsewhere = bench.setup.routers[a];
  elsewhere.source_interface = "eth9";
  EXPECT_EQ(sources.of(elsewhere), std::nullopt);
}

TEST(SourceAddresses, a_tracked_one_must_be_on_the_machine_wherever_that_is) {
  Bench bench;
  RouterSetup tracking = bench.setup.routers[a];
  tracking.configured_source = IpAddress::parse("192.0.2.1");
  tracking.tracks_source = true;
  EXPECT_EQ(SourceAddresses(bench.kernel, bench.plan).of(tracking), std::nullopt);
  (void)bench.change("192.0.2.1", false, 7, 32);
  EXPECT_EQ(SourceAddresses(bench.kernel, bench.plan).of(tracking), tracking.configured_source);
}

}  // namespace
}  // namespace baton::daemon
