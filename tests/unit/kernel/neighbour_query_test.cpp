#include "kernel/neighbour_query.h"

#include <gmock/gmock.h>

#include <vector>

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

class Neighbours : public Network {
 protected:
  std::vector<KnownNeighbour> ask() {
    auto query = NeighbourQuery::open().value();
    EXPECT_TRUE(query.ask());
    std::vector<KnownNeighbour> found;
    while (query.is_open() && wait_readable(query.fd())) {
      EXPECT_TRUE(query.read([&](const KnownNeighbour& one) { found.push_back(one); }));
    }
    EXPECT_FALSE(query.is_open());
    return found;
  }
};

TEST_F(Neighbours, those_with_a_mac_address_are_told_and_those_that_were_not_found_are_not) {
  run("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev ens1 nud stale");
  run("ip neigh add 2001:db8::7 lladdr 02:00:00:00:00:08 dev ens1 nud reachable");
  run("ip neigh add 10.0.0.8 dev ens1 nud failed");
  const auto found = ask();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found, testing::Contains(testing::Field(&KnownNeighbour::address, ip("10.0.0.7"))));
  EXPECT_THAT(found, testing::Contains(testing::Field(&KnownNeighbour::address, ip("2001:db8::7"))));
  for (const KnownNeighbour& one : found) EXPECT_EQ(one.interface_index, link().index);
}

TEST_F(Neighbours, a_large_table_comes_in_parts) {
  std::string batch;
  for (int i = 0; i < 900; ++i) {
    batch += fmt::format("neigh add 10.0.{}.{} lladdr 02:00:00:00:00:07 dev ens1 nud permanent\n", 10 + i / 200,
                         1 + i % 200);
  }
  std::ofstream("/tmp/neighbours-" + std::to_string(::getpid())) << batch;
  run(fmt::format("ip -batch /tmp/neighbours-{0}; rm /tmp/neighbours-{0}", ::getpid()));
  EXPECT_EQ(ask().size(), 900U);
}

TEST_F(Neighbours, the_gateway_of_an_interface_is_that_of_its_default_route) {
  auto query = NeighbourQuery::open().value();
  EXPECT_EQ(query.gateway(link().index, Family::ipv4).value(), std::nullopt);
  EXPECT_EQ(query.gateway(link().index, Family::ipv6).value(), std::nullopt);
  run("ip route add default via 10.0.0.2 dev ens1");
  run("ip -6 route add default via fe80::2 dev ens1");
  EXPECT_EQ(query.gateway(link().index, Family::ipv4).value(), ip("10.0.0.2"));
  EXPECT_EQ(query.gateway(link().index, Family::ipv6).value(), ip("fe80::2"));
}

}  // namespace
}  // namespace baton::kernel
