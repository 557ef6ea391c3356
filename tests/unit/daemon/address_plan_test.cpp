#include "daemon/address_plan.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

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

  explicit Bench(std::uint32_t index = 2) {
    link(index);
    plan.follow(kernel);
    settle();
  }
  void link(std::uint32_t index) {
    kernel.apply(kernel::LinkChange{{.index = index, .name = "eth0", .is_up = true}, false});
  }
  void unlink(std::uint32_t index) {
    kernel.apply(kernel::LinkChange{{.index = index, .name = "eth0"}, true});
    plan.forget_interface(index);
    plan.follow(kernel);
  }
  kernel::AddressChange change(const char* address, bool removed, std::uint32_t index = 2) {
    const kernel::AddressChange it{
        .address = {.interface_index = index, .address = {.address = *IpAddress::parse(address), .length = 24}},
        .removed = removed};
    kernel.apply(it);
    return it;
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
  EXPECT_THAT(bench.plan.on_change(bench.change("10.0.0.2", true)), testing::UnorderedElementsAre(a, b));
  EXPECT_THAT(bench.settle(), ElementsAre("+10.0.0.2/24@2"));
}

TEST(AddressPlan, what_a_stranger_adds_that_nobody_holds_goes) {
  Bench bench;
  EXPECT_THAT(bench.plan.on_change(bench.change("10.0.0.2", false)), IsEmpty());
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.2/24@2"));
}

TEST(AddressPlan, leftovers_of_another_configuration_go_once_and_may_then_be_added_by_hand) {
  Bench bench;
  (void)bench.change("10.0.0.9", false);
  const config::VirtualAddress leftover{.address = {.address = *IpAddress::parse("10.0.0.9"), .length = 24},
                                        .device = "eth0"};
  bench.plan.follow(bench.kernel, std::span(&leftover, 1));
  EXPECT_THAT(bench.settle(), ElementsAre("-10.0.0.9/24@2"));
  EXPECT_THAT(bench.plan.on_change(bench.change("10.0.0.9", false)), IsEmpty());
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
  elsewhere.interface = "eth9";
  EXPECT_EQ(sources.of(elsewhere), std::nullopt);
}

}  // namespace
}  // namespace baton::daemon
