#include "setup/balance_memory.h"

#include <gtest/gtest.h>

#include <utility>

#include "setup/balance_setup.h"

namespace baton::setup {
namespace {

using balance::CheckState;

constexpr Instant now(std::chrono::hours(1));

config::HealthCheck check(std::uint16_t port) {
  config::HealthCheck made;
  made.target.port = port;
  return made;
}

IpAddress real_address(std::uint8_t last) {
  return IpAddress::v4(0x0a020000U | last);
}

config::RealServer real_server(std::uint8_t last, std::vector<config::HealthCheck> checks) {
  config::RealServer server{.address = real_address(last), .port = 80};
  server.checks = std::move(checks);
  return server;
}

// `last`: of its address.
config::VirtualServer virtual_server(const std::string& name, std::uint8_t last,
                                     std::vector<config::RealServer> servers) {
  config::VirtualServer server{.name = name, .entries = {{.first = IpAddress::v4(0x0a010000U | last), .port = 80}}};
  server.transport = config::Transport::tcp;
  server.real_servers = std::move(servers);
  return server;
}

ServiceKey key(std::uint8_t last) {
  return ServiceKey::of_address(6, IpAddress::v4(0x0a010000U | last), 80);
}

config::Configuration configuration(std::vector<config::VirtualServer> servers) {
  config::Configuration made;
  made.virtual_servers = std::move(servers);
  return made;
}

// Nothing is known: all checks are up, nobody is drained.
BalanceMemory nothing_known(const config::Configuration& of) {
  BalanceMemory memory;
  for (const config::VirtualServer& server : of.virtual_servers) {
    memory.has_quorum.emplace_back();
    for (const config::RealServer& real : server.real_servers) {
      memory.is_drained.push_back(false);
      memory.is_known.push_back(true);
      memory.rises.emplace_back();
      memory.checks.insert(memory.checks.end(), real.checks.size(), {});
    }
  }
  return memory;
}

std::int32_t weight(const ServiceTable& table, std::uint8_t service, std::uint8_t server) {
  return table.at(key(service)).destinations.at({.address = real_address(server), .port = 80}).weight;
}

TEST(CarryOver, what_is_the_same_keeps_its_state_wherever_it_stands) {
  const config::Configuration before =
      configuration({virtual_server("a", 1, {real_server(1, {check(1)}), real_server(2, {check(2), check(3)})}),
                     virtual_server("b", 2, {real_server(1, {check(4)})})});
  const BalanceMemory memory{.checks = {{.state = CheckState::down},
                                        {.state = CheckState::up, .has_weight = true, .weight = 9},
                                        {.state = CheckState::down},
                                        {.state = CheckState::up}},
                             .has_quorum = {true, false},
                             .is_drained = {false, true, false},
                             .is_known = {true, true, true},
                             .rises = {std::nullopt, now, std::nullopt}};
  const config::Configuration after = configuration(
      {virtual_server("new", 3, {real_server(1, {check(4)})}), virtual_server("b", 2, {real_server(1, {check(4)})}),
       virtual_server("a", 1, {real_server(2, {check(3), check(2)}), real_server(9, {check(1)})})});
  const BalanceMemory carried = carry_over(before, memory, after);
  const std::vector<balance::CheckMemory> expected{{}, memory.checks[3], memory.checks[2], memory.checks[1], {}};
  EXPECT_EQ(carried.checks, expected);
  EXPECT_EQ(carried.has_quorum, (std::vector<std::optional<bool>>{std::nullopt, false, true}));
  EXPECT_EQ(carried.is_drained, (std::vector{false, false, true, false}));
  EXPECT_EQ(carried.is_known, (std::vector{false, true, true, false}));
  EXPECT_EQ(carried.rises, (std::vector<std::optional<Instant>>{std::nullopt, std::nullopt, now, std::nullopt}));
}

TEST(CarryOver, servers_are_found_in_any_order) {
  const config::Configuration before = configuration({virtual_server(
      "a", 1,
      {real_server(1, {check(1)}), real_server(2, {}), real_server(3, {check(3)}), real_server(4, {check(4)})})});
  BalanceMemory memory = nothing_known(before);
  for (std::size_t i = 0; i < 3; ++i) memory.checks[i].weight = static_cast<std::int32_t>(i);
  memory.is_drained[1] = true;
  const config::Configuration after =
      configuration({virtual_server("a", 1,
                                    {real_server(9, {}), real_server(4, {check(4)}), real_server(1, {check(1)}),
                                     real_server(2, {}), real_server(3, {check(3)})})});
  const BalanceMemory carried = carry_over(before, memory, after);
  const std::vector<balance::CheckMemory> expected{memory.checks[2], memory.checks[0], memory.checks[1]};
  EXPECT_EQ(carried.checks, expected);
  EXPECT_EQ(carried.is_drained, (std::vector{false, false, false, true, false}));
}

TEST(CarryOver, a_server_with_another_check_is_what_it_was_until_that_speaks) {
  const config::Configuration before = configuration(
      {virtual_server("a", 1, {real_server(1, {check(1)}), real_server(2, {check(1)}), real_server(3, {check(1)})})});
  BalanceMemory memory = nothing_known(before);
  memory.checks[0].state = CheckState::down;
  memory.checks[1].state = CheckState::up;
  config::Configuration after = before;
  for (config::RealServer& server : after.virtual_servers[0].real_servers) server.checks = {check(2)};
  const BalanceMemory carried = carry_over(before, memory, after);
  EXPECT_EQ(carried.checks[0].state, CheckState::down);
  EXPECT_EQ(carried.checks[1].state, CheckState::up);
  EXPECT_EQ(carried.checks[2].state, CheckState::unknown);
}

// 10.2.0.7, or 10.2.0.8 under the same name, after a reload.
TEST(CarryOver, another_bfd_session_is_another_check) {
  config::HealthCheck follows;
  follows.kind = config::BfdCheck{.session = "gw"};
  config::Configuration before = configuration({virtual_server("a", 1, {real_server(1, {follows, check(1)})})});
  before.bfd_sessions = {{.name = "gw", .neighbor = real_address(7)}};
  BalanceMemory memory = nothing_known(before);
  memory.checks[0] = {.state = CheckState::up, .since = Instant(std::chrono::hours(1))};
  memory.checks[1] = {.state = CheckState::down};
  config::Configuration after = before;
  after.bfd_sessions[0].min_rx = std::chrono::seconds(1);
  EXPECT_EQ(carry_over(before, memory, after).checks[0], memory.checks[0]);
  after.bfd_sessions[0].neighbor = real_address(8);
  const BalanceMemory carried = carry_over(before, memory, after);
  EXPECT_EQ(carried.checks[0], (balance::CheckMemory{.state = CheckState::down})) << "as the server is";
  EXPECT_EQ(carried.checks[1], memory.checks[1]);
}

TEST(ServiceShift, has_what_was_changed_added_and_taken_out_alone) {
  const config::Configuration before = configuration({virtual_server("same", 1, {real_server(1, {})}),
                                                      virtual_server("changed", 2, {real_server(1, {})}),
                                                      virtual_server("gone", 3, {real_server(1, {})})});
  config::Configuration after =
      configuration({virtual_server("new", 4, {real_server(1, {})}), virtual_server("changed", 2, {real_server(1, {})}),
                     virtual_server("same", 1, {real_server(1, {})})});
  after.virtual_servers[1].real_servers[0].weight = 7;
  const ServiceShift shift = service_shift(before, nothing_known(before), after, nothing_known(after), now);
  EXPECT_EQ(shift.before.size(), 2U);
  EXPECT_EQ(weight(shift.before, 2, 1), 1);
  EXPECT_EQ(weight(shift.before, 3, 1), 1);
  EXPECT_EQ(shift.after.size(), 2U);
  EXPECT_EQ(weight(shift.after, 2, 1), 7);
  EXPECT_EQ(weight(shift.after, 4, 1), 1);
}

TEST(ServiceShift, knows_who_is_down_and_who_is_drained) {
  const config::Configuration before = configuration(
      {virtual_server("same", 1, {real_server(1, {check(1)})}),
       virtual_server("a", 2, {real_server(1, {check(1)}), real_server(2, {check(1)}), real_server(3, {check(1)})})});
  config::Configuration after = before;
  for (config::RealServer& server : after.virtual_servers[1].real_servers) server.weight = 5;
  BalanceMemory memory = nothing_known(before);
  memory.checks[1].state = CheckState::down;
  memory.is_drained[2] = true;
  const ServiceShift shift = service_shift(before, memory, after, carry_over(before, memory, after), now);
  ASSERT_EQ(shift.after.size(), 1U);
  EXPECT_EQ(shift.after.at(key(2)).destinations.size(), 2U);
  EXPECT_EQ(weight(shift.after, 2, 2), 0);
  EXPECT_EQ(weight(shift.after, 2, 3), 5);
  EXPECT_EQ(shift.before.at(key(2)).destinations.size(), 2U);
  EXPECT_EQ(weight(shift.before, 2, 3), 1);
}

// A reload in the midst of its slow_start is no reason to run over a cold server.
TEST(ServiceShift, knows_who_rises) {
  config::Configuration before =
      configuration({virtual_server("a", 1, {real_server(1, {}), real_server(2, {}), real_server(3, {})})});
  before.virtual_servers[0].slow_start = std::chrono::seconds(16);
  for (config::RealServer& server : before.virtual_servers[0].real_servers) server.weight = 160;
  config::Configuration after = before;
  after.virtual_servers[0].real_servers[2].weight = 16;
  BalanceMemory memory = nothing_known(before);
  memory.rises[0] = now - std::chrono::minutes(30);
  memory.rises[1] = memory.rises[2] = now - std::chrono::seconds(3);
  const ServiceShift shift = service_shift(before, memory, after, carry_over(before, memory, after), now);
  EXPECT_EQ(weight(shift.after, 1, 1), 160);
  EXPECT_EQ(weight(shift.after, 1, 2), 40);
  EXPECT_EQ(weight(shift.after, 1, 3), 4);
  EXPECT_EQ(weight(shift.before, 1, 3), 40);
}

}  // namespace
}  // namespace baton::setup
