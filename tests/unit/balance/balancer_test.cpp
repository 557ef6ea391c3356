#include "balance/balancer.h"

#include <gtest/gtest.h>

namespace baton::balance {
namespace {

DestinationKey at(std::uint8_t last, std::uint16_t port = 80) {
  return {.address = IpAddress::v4(0x0a020000U | last), .port = port};
}

struct MadeServer {
  std::int32_t weight = 1;
  unsigned checks = 1;
  bool starts_down = false;
  bool inhibit = false;
  bool adds_weight = false;
};

// 10.0.0.100:80 in front of 10.2.0.1, 10.2.0.2, ...
Service service(const std::vector<MadeServer>& servers) {
  Service service{.name = "web", .keys = {ServiceKey::of_address(6, IpAddress::v4(0x0a000064), 80)}};
  service.options.scheduler = "rr";
  std::uint8_t last = 1;
  for (const MadeServer& each : servers) {
    RealServer server{.key = at(last++), .inhibit_on_failure = each.inhibit};
    server.settings.weight = each.weight;
    server.checks.resize(each.checks, Check{.starts_down = each.starts_down, .adds_weight = each.adds_weight});
    service.servers.push_back(std::move(server));
  }
  return service;
}

class Bench {
 public:
  explicit Bench(Service service) : balancer({std::move(service)}) { balancer.start(at_start); }

  void up(std::uint32_t check, std::optional<std::int32_t> weight = {}) {
    balancer.on_verdict({.check = check, .is_up = true, .weight = weight, .reason = "well"}, actions);
  }
  void down(std::uint32_t check) { balancer.on_verdict({.check = check, .is_up = false, .reason = "ill"}, actions); }
  Actions take() { return std::exchange(actions, {}); }
  // The weights of who is in the table, by the last number of their addresses.
  std::map<int, std::int32_t> table() const {
    std::map<int, std::int32_t> weights;
    for (const auto& [key, settings] : balancer.wanted(0).destinations) {
      weights[key.address.bytes()[3]] = settings.weight;
    }
    return weights;
  }

  Balancer balancer;
  Actions at_start;
  Actions actions;
};

using Weights = std::map<int, std::int32_t>;

TEST(Balancer, servers_serve_from_the_start) {
  Bench bench(service({{.weight = 1}, {.weight = 3}, {.weight = 2, .checks = 0}}));
  EXPECT_EQ(bench.at_start, (Actions{QuorumChanged{.service = 0, .has_quorum = true, .weight = 6}}));
  EXPECT_EQ(bench.table(), (Weights{{1, 1}, {2, 3}, {3, 2}}));
}

TEST(Balancer, a_server_that_fails_goes_and_comes_back) {
  Bench bench(service({{}, {}}));
  bench.down(1);
  EXPECT_EQ(bench.take(), (Actions{ServerChanged{.service = 0, .server = 1, .is_up = false, .reason = "ill"}}));
  EXPECT_EQ(bench.table(), (Weights{{1, 1}}));
  bench.down(1);
  EXPECT_EQ(bench.take(), Actions{});
  bench.up(1);
  EXPECT_EQ(bench.take(), (Actions{ServerChanged{.service = 0, .server = 1, .is_up = true, .reason = "well"}}));
  EXPECT_EQ(bench.table(), (Weights{{1, 1}, {2, 1}}));
}

TEST(Balancer, a_server_is_up_while_all_its_checks_are) {
  Bench bench(service({{.checks = 2}, {}}));
  bench.down(0);
  bench.down(1);
  bench.take();
  bench.up(0);
  EXPECT_EQ(bench.take(), Actions{});
  EXPECT_EQ(bench.table(), (Weights{{2, 1}}));
  bench.up(1);
  EXPECT_EQ(bench.take().size(), 1U);
}

TEST(Balancer, a_drained_server_keeps_its_place_and_gets_nothing_new) {
  Bench bench(service({{.weight = 3}, {.weight = 2}}));
  (void)bench.balancer.take_changed();
  bench.balancer.set_drained(0, 0, true, bench.actions);
  EXPECT_EQ(bench.balancer.take_changed(), std::vector<std::size_t>{0});
  EXPECT_EQ(bench.table(), (Weights{{1, 0}, {2, 2}}));
  EXPECT_EQ(bench.take(), Actions{});  // nobody calls that down
  bench.up(0, 9);                      // what its check says counts when it is back
  EXPECT_EQ(bench.table(), (Weights{{1, 0}, {2, 2}}));
  bench.down(0);
  EXPECT_EQ(bench.table(), (Weights{{2, 2}}));
  bench.up(0);
  bench.take();
  bench.balancer.set_drained(0, 0, false, bench.actions);
  EXPECT_EQ(bench.table(), (Weights{{1, 9}, {2, 2}}));
  EXPECT_EQ(bench.take(), Actions{});
}

TEST(Balancer, a_server_that_rises_serves_with_a_part_of_its_weight_and_the_quorum_counts_the_whole) {
  Bench bench(service({{.weight = 32}, {.weight = 1}}));
  bench.balancer.set_share(0, 0, 1);
  bench.balancer.set_share(0, 1, 1);
  EXPECT_EQ(bench.table(), (Weights{{1, 2}, {2, 1}}));
  bench.balancer.set_share(0, 0, 8);
  EXPECT_EQ(bench.table(), (Weights{{1, 16}, {2, 1}}));
  EXPECT_EQ(bench.balancer.weight(0, 0), 32);
  bench.balancer.set_share(0, 0, ramp_steps);
  EXPECT_EQ(bench.table(), (Weights{{1, 32}, {2, 1}}));
  EXPECT_EQ(bench.take(), Actions{});
}

// FILE_CHECK: 0, which a missing file is as well, leaves the weight as it is.
TEST(Balancer, a_weight_that_is_added_is_added_to_the_configured_one) {
  Bench bench(service({{.weight = 10, .adds_weight = true}, {.weight = 1, .checks = 0}}));
  for (const auto& [added, weight] :
       std::vector<std::pair<int, std::int32_t>>{{0, 10}, {-3, 7}, {5, 15}, {-20, 0}, {0, 10}}) {
    bench.up(0, added);
    EXPECT_EQ(bench.table(), (Weights{{1, weight}, {2, 1}})) << added;
  }
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  bench.up(0, most);
  EXPECT_EQ(bench.table(), (Weights{{1, most}, {2, 1}}));
}

TEST(Balancer, weights_of_several_checks_each_move_the_configured_one) {
  Service made = service({{.weight = 10, .checks = 2}});
  made.servers[0].checks[1].adds_weight = true;
  Bench bench(std::move(made));
  bench.up(0, 20);  // MISC_CHECK with misc_dynamic
  bench.up(1, 3);
  EXPECT_EQ(bench.table(), (Weights{{1, 23}}));
  bench.up(0, 4);
  EXPECT_EQ(bench.table(), (Weights{{1, 7}}));
}

TEST(Balancer, draining_the_last_server_loses_the_quorum) {
  Bench bench(service({{.weight = 3}}));
  bench.balancer.set_drained(0, 0, true, bench.actions);
  EXPECT_EQ(bench.take(), (Actions{QuorumChanged{.service = 0, .has_quorum = false, .weight = 0}}));
  bench.balancer.set_drained(0, 0, true, bench.actions);
  EXPECT_EQ(bench.take(), Actions{});
  bench.balancer.set_drained(0, 0, false, bench.actions);
  EXPECT_EQ(bench.take(), (Actions{QuorumChanged{.service = 0, .has_quorum = true, .weight = 3}}));
}

TEST(Balancer, alpha_servers_wait_for_their_checks) {
  Bench bench(service({{.starts_down = true}, {.starts_down = true}}));
  EXPECT_EQ(bench.at_start, (Actions{QuorumChanged{.service = 0, .has_quorum = false, .weight = 0}}));
  EXPECT_EQ(bench.table(), Weights{});
  bench.down(1);  // nobody was told yet
  EXPECT_EQ(bench.take(), (Actions{ServerChanged{.service = 0, .server = 1, .is_up = false, .reason = "ill"}}));
  bench.down(1);
  EXPECT_EQ(bench.take(), Actions{});
  bench.up(0);
  EXPECT_EQ(bench.take(), (Actions{ServerChanged{.service = 0, .server = 0, .is_up = true, .reason = "well"},
                                   QuorumChanged{.service = 0, .has_quorum = true, .weight = 1}}));
}

TEST(Balancer, inhibited_servers_stay_with_weight_0) {
  Bench bench(service({{.weight = 5, .inhibit = true}, {}}));
  bench.down(0);
  EXPECT_EQ(bench.table(), (Weights{{1, 0}, {2, 1}}));
  bench.up(0);
  EXPECT_EQ(bench.table(), (Weights{{1, 5}, {2, 1}}));
}

TEST(Balancer, who_is_not_translated_is_asked_at_the_services_port) {
  const ServiceKey key = ServiceKey::of_address(6, IpAddress::v4(1), 80);
  const DestinationKey server{.address = IpAddress::v4(9), .port = 8080};
  EXPECT_EQ(under(key, server, ForwardMethod::masquerade).port, 8080);
  EXPECT_EQ(under(key, server, ForwardMethod::direct).port, 80);
  EXPECT_EQ(under(key, server, ForwardMethod::tunnel).port, 80);
  EXPECT_EQ(under(ServiceKey::of_mark(5, Family::ipv4), server, ForwardMethod::direct).port, 0);
  TableService table{.options = {}, .destinations = {{server, {.method = ForwardMethod::direct, .weight = 3}}}};
  table = under(key, std::move(table));
  ASSERT_EQ(table.destinations.size(), 1U);
  EXPECT_EQ(table.destinations.begin()->first.port, 80);
  EXPECT_EQ(table.destinations.begin()->second.weight, 3);
}

TEST(Balancer, quorum_is_lost_and_gained_with_hysteresis) {
  Service made = service({{.weight = 2}, {.weight = 2}, {.weight = 2}, {.weight = 2}});
  made.quorum = 4;
  made.hysteresis = 2;  // lost below 2, gained at 6
  Bench bench(made);
  bench.take();
  bench.down(0);
  bench.down(1);
  bench.down(2);  // 2
  EXPECT_TRUE(bench.balancer.has_quorum(0));
  bench.take();
  bench.down(3);  // 0
  EXPECT_EQ(bench.take().back(), Action(QuorumChanged{.service = 0, .has_quorum = false, .weight = 0}));
  bench.up(0);
  bench.up(1);  // 4
  EXPECT_FALSE(bench.balancer.has_quorum(0));
  bench.take();
  bench.up(2);  // 6
  EXPECT_EQ(bench.take().back(), Action(QuorumChanged{.service = 0, .has_quorum = true, .weight = 6}));
}

TEST(Balancer, the_sorry_server_serves_alone_without_quorum) {
  Service made = service({{}, {}, {}});
  made.quorum = 2;
  made.sorry = SorryServer{.key = at(99)};
  Bench bench(made);
  bench.down(0);
  EXPECT_EQ(bench.table(), (Weights{{2, 1}, {3, 1}}));
  bench.down(1);
  EXPECT_EQ(bench.table(), (Weights{{99, 1}}));
  bench.up(1);
  EXPECT_EQ(bench.table(), (Weights{{2, 1}, {3, 1}}));
}

TEST(Balancer, an_inhibited_sorry_server_is_always_there) {
  Service made = service({{}});
  made.sorry = SorryServer{.key = at(99), .inhibit = true};
  Bench bench(made);
  EXPECT_EQ(bench.table(), (Weights{{1, 1}, {99, 0}}));
  bench.down(0);
  EXPECT_EQ(bench.table(), (Weights{{99, 1}}));
}

TEST(Balancer, a_check_may_set_the_weight) {
  Service made = service({{.weight = 10}, {.weight = 10}});
  made.quorum = 12;
  Bench bench(made);
  bench.up(0, 3);
  EXPECT_EQ(bench.table(), (Weights{{1, 3}, {2, 10}}));
  EXPECT_EQ(bench.take(), Actions{});
  bench.up(0, 1);
  EXPECT_EQ(bench.take(), (Actions{QuorumChanged{.service = 0, .has_quorum = false, .weight = 11}}));
  bench.down(0);
  bench.up(0, 7);
  EXPECT_EQ(bench.table(), (Weights{{1, 7}, {2, 10}}));
}

TEST(Balancer, only_omega_tells_the_end) {
  Bench silent(service({{}}));
  silent.balancer.stop(silent.actions);
  EXPECT_EQ(silent.take(), Actions{});
  Service made = service({{}, {}});
  made.tells_the_end = true;
  Bench bench(made);
  bench.down(0);
  bench.take();
  bench.balancer.stop(bench.actions);
  EXPECT_EQ(bench.take(), (Actions{ServerChanged{.service = 0, .server = 1, .is_up = false, .reason = "Baton stops"},
                                   QuorumChanged{.service = 0, .has_quorum = false, .weight = 0}}));
}

TEST(Balancer, what_was_known_is_no_news) {
  Balancer balancer({service({{.starts_down = true}, {.starts_down = true}})});
  balancer.remember(0, {.state = CheckState::up, .has_weight = true, .weight = 4});
  balancer.remember_quorum(0, true);
  Actions actions;
  balancer.start(actions);
  EXPECT_EQ(actions, Actions{});
  EXPECT_EQ(balancer.wanted(0).destinations.at(at(1)).weight, 4);
  EXPECT_FALSE(balancer.is_up(0, 1));
}

TEST(Balancer, servers_that_are_up_at_the_start_are_told_where_that_is_wanted) {
  Balancer balancer({service({{}, {.starts_down = true}, {}, {.checks = 0}})});
  balancer.remember(2, {.state = CheckState::down});
  balancer.remember_server(0, 0);
  Actions actions;
  balancer.start(actions, true);
  EXPECT_EQ(actions, (Actions{ServerChanged{.service = 0, .server = 3, .is_up = true, .reason = {}, .is_first = true},
                              QuorumChanged{.service = 0, .has_quorum = true, .weight = 2}}));
}

TEST(Balancer, names_the_services_that_changed) {
  Bench bench(service({{}, {}}));
  EXPECT_EQ(bench.balancer.take_changed(), std::vector<std::size_t>{0});
  bench.up(0);
  EXPECT_EQ(bench.balancer.take_changed(), std::vector<std::size_t>{});
  bench.down(0);
  bench.down(1);
  EXPECT_EQ(bench.balancer.take_changed(), std::vector<std::size_t>{0});
  bench.down(77);  // no such check
  EXPECT_EQ(bench.balancer.take_changed(), std::vector<std::size_t>{});
}

}  // namespace
}  // namespace baton::balance
