#include "kernel/link_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using enum LinkRequest::Operation;

class Stacked : public Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    requests = NetlinkSocket::open(NetlinkSocket::Purpose::requests).value();
  }
  std::vector<RefusedRequest> carry_out(const LinkRequest& request) {
    auto refused = requests->carry_out(std::span(&request, 1));
    EXPECT_TRUE(refused);
    return std::move(refused).value_or(std::vector<RefusedRequest>{});
  }
  static StackedInterface virtual_router(const std::string& name = "vrrp.51") {
    return {.name = name, .base_index = link().index, .mac = MacAddress::parse("00:00:5e:00:01:33")};
  }

  std::optional<NetlinkSocket> requests;
};

TEST_F(Stacked, macvlan_is_made_down_set_up_and_removed) {
  ASSERT_THAT(carry_out({.operation = make, .interface = virtual_router()}), IsEmpty());
  const Link made = link("vrrp.51");
  EXPECT_EQ(made.kind, "macvlan");
  EXPECT_EQ(made.base, link().index);
  EXPECT_EQ(to_string(made.mac), "00:00:5e:00:01:33");
  EXPECT_FALSE(made.is_enabled);
  run("ip -d link show vrrp.51 | grep -q 'macvlan mode private'");
  ASSERT_THAT(carry_out({.operation = set_up, .index = made.index}), IsEmpty());
  EXPECT_TRUE(link("vrrp.51").is_enabled);
  ASSERT_THAT(carry_out({.operation = remove, .index = made.index}), IsEmpty());
  EXPECT_EQ(table().find("vrrp.51"), nullptr);
  EXPECT_THAT(carry_out({.operation = remove, .index = made.index}), IsEmpty());  // gone is what was wanted
}

TEST_F(Stacked, link_group_is_set) {
  StackedInterface interface = virtual_router();
  interface.group = 7;
  ASSERT_THAT(carry_out({.operation = make, .interface = interface}), IsEmpty());
  EXPECT_EQ(link("vrrp.51").group, 7U);
}

TEST_F(Stacked, a_name_that_is_taken_is_refused) {
  ASSERT_THAT(carry_out({.operation = make, .interface = virtual_router()}), IsEmpty());
  const auto refused = carry_out({.operation = make, .interface = virtual_router()});
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].code, EEXIST);
}

TEST_F(Stacked, ipvlan_is_made_or_named_as_what_the_kernel_lacks) {
  StackedInterface interface{.kind = StackedKind::ipvlan, .name = "ipv.51", .base_index = link().index};
  interface.ipvlan_flag = IpvlanFlag::vepa;
  const bool is_known = std::system("ip link add by_ip link ens1 type ipvlan mode l2 vepa 2>/dev/null") == 0;
  if (is_known) run("ip link del by_ip");
  const auto refused = carry_out({.operation = make, .interface = interface});
  if (is_known) {
    ASSERT_THAT(refused, IsEmpty());
    EXPECT_EQ(link("ipv.51").kind, "ipvlan");
    run("ip -d link show ipv.51 | grep -q 'ipvlan *mode l2 vepa'");
  } else {
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_EQ(refused[0].code, EOPNOTSUPP);
  }
}

TEST_F(Stacked, macvlan_goes_down_with_the_interface_it_stands_on) {
  ASSERT_THAT(carry_out({.operation = make, .interface = virtual_router()}), IsEmpty());
  ASSERT_THAT(carry_out({.operation = set_up, .index = link("vrrp.51").index}), IsEmpty());
  EXPECT_TRUE(link("vrrp.51").is_up);
  run("ip link set ens1 down");
  EXPECT_FALSE(link("vrrp.51").is_up);
}

}  // namespace
}  // namespace baton::kernel
