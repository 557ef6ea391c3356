// before_announce (docs/decisions/0029): the addresses of a new MASTER come later than its first advert, and a
// departure waits for them.
#include "unit/vrrp/bench.h"
#include "vrrp/departure.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr Duration delay = 700ms;
const Duration linger = linger_time(1);

TEST(AddressDelay, lets_the_master_before_serve_so_much_longer) {
  Bench bench = Bench::master({.address_delay = delay});
  bench.receive(advert(200));
  bench.advance(linger + delay - 1ns);
  EXPECT_TRUE(bench.router().holds_addresses());
  bench.advance(1ns);
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(AddressDelay, ends_with_the_announcement_all_the_same) {
  Bench bench = Bench::master({.address_delay = delay});
  bench.receive(advert(200));
  bench.advance(300ms);
  bench.announcement();
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(AddressDelay, a_better_master_that_prepares_itself_is_no_second_owner) {
  Bench bench = Bench::master({.address_delay = delay});
  bench.receive(advert(200));
  bench.advance(linger + delay);
  for (const Action& action : bench.actions()) EXPECT_FALSE(std::holds_alternative<SecondOwnerSeen>(action));
}

}  // namespace
}  // namespace baton::vrrp
