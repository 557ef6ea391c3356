// Chunks of addresses against a real kernel.
#include "daemon/address_carrier.h"

#include <gtest/gtest.h>

#include "unit/daemon/made_setup.h"
#include "unit/kernel/network.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

class AddressCarrierTest : public kernel::Network {
 protected:
  void begin(const std::string& addresses) {
    setup_ = std::make_unique<daemon::Setup>(
        setup_of("vrrp_instance A {\n interface ens1\n virtual_router_id 1\n virtual_ipaddress {\n  10.0.0.100\n }\n"
                 " virtual_ipaddress_excluded {\n" +
                 addresses + " }\n}\n"));
    auto requests = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
    ASSERT_TRUE(requests);
    requests_ = std::move(*requests);
    interfaces_.replace(*requests_->dump_links(), *requests_->dump_addresses());
    plan_ = std::make_unique<AddressPlan>(*setup_);
    carrier_ = std::make_unique<AddressCarrier>(*plan_, interfaces_, log_, loop_);
    plan_->follow(interfaces_);
    plan_->set_holding(0, true);
  }
  AddressState carry_all(std::optional<Instant> next_advert = std::nullopt) {
    for (int i = 0; i < 10'000; ++i) {
      last_carried_ = loop::now();
      if (carrier_->carry_some(*requests_, next_advert) == AddressState::settled) return AddressState::settled;
    }
    return AddressState::on_their_way;
  }
  bool is_there(const std::string& address) {
    return std::system(("ip address show dev ens1 | grep -qF ' " + address + "/'").c_str()) == 0;
  }

  loop::Loop loop_;
  log::Logger log_{{.console = false, .syslog = false}};
  std::unique_ptr<daemon::Setup> setup_;
  std::optional<kernel::NetlinkSocket> requests_;
  kernel::InterfaceTable interfaces_;
  std::unique_ptr<AddressPlan> plan_;
  std::unique_ptr<AddressCarrier> carrier_;
  Instant last_carried_{};  // when the last chunk was begun
};

TEST_F(AddressCarrierTest, brings_all_addresses_in_several_chunks) {
  std::string many;
  for (int i = 1; i <= 200; ++i) many += "  10.1.0." + std::to_string(i) + "\n";
  begin(many);
  EXPECT_EQ(carrier_->carry_some(*requests_, std::nullopt), AddressState::on_their_way);
  EXPECT_EQ(carry_all(), AddressState::settled);
  EXPECT_TRUE(is_there("10.0.0.100"));
  EXPECT_TRUE(is_there("10.1.0.200"));
  EXPECT_FALSE(carrier_->has_refused());
}

TEST_F(AddressCarrierTest, lets_an_advert_that_is_due_go_first) {
  begin("  10.1.0.1\n");
  // 2 ms after the last ones addresses come all the same: once more, where this program was not run for so long.
  bool is_in_time = false;
  for (int attempt = 0; attempt < 10 && !is_in_time; ++attempt) {
    plan_->set_holding(0, true);
    ASSERT_EQ(carry_all(), AddressState::settled);
    plan_->set_holding(0, false);
    const AddressState state = carrier_->carry_some(*requests_, loop::now());
    is_in_time = loop::now() - last_carried_ < 2ms;
    if (is_in_time) {
      EXPECT_EQ(state, AddressState::on_their_way);
      EXPECT_TRUE(is_there("10.0.0.100"));
    }
    EXPECT_EQ(carry_all(), AddressState::settled);
    EXPECT_FALSE(is_there("10.0.0.100"));
  }
  EXPECT_TRUE(is_in_time);
}

// What the kernel does not take today it may take tomorrow; the rest does not wait for it.
TEST_F(AddressCarrierTest, tries_again_what_was_refused) {
  kernel::run("echo 1 > /proc/sys/net/ipv6/conf/ens1/disable_ipv6");
  begin("  fd00::100\n  10.1.0.1\n");
  EXPECT_EQ(carry_all(), AddressState::settled);
  EXPECT_TRUE(carrier_->has_refused());
  EXPECT_TRUE(is_there("10.1.0.1"));
  EXPECT_FALSE(is_there("fd00::100"));
  kernel::run("echo 0 > /proc/sys/net/ipv6/conf/ens1/disable_ipv6");
  for (int turns = 0; turns < 100 && !is_there("fd00::100"); ++turns) {
    loop_.turn(100ms);
    (void)carry_all();
  }
  EXPECT_TRUE(is_there("fd00::100"));
  EXPECT_FALSE(carrier_->has_refused());
}

}  // namespace
}  // namespace baton::daemon
