#include "setup/balance_setup.h"

#include <gtest/gtest.h>

namespace baton::setup {
namespace {

config::HealthCheck check(std::uint16_t port, bool alpha = false) {
  config::HealthCheck made;
  made.target.port = port;
  made.alpha = alpha;
  return made;
}

config::RealServer real_server(std::uint8_t last, std::vector<config::HealthCheck> checks) {
  config::RealServer server{.address = IpAddress::v4(0x0a020000U | last), .port = 80};
  server.checks = std::move(checks);
  return server;
}

config::VirtualServer virtual_server(const std::string& name, std::vector<config::RealServer> servers) {
  config::VirtualServer server{.name = name, .entries = {{.first = IpAddress::v4(0x0a010001), .port = 80}}};
  server.transport = config::Transport::tcp;
  server.real_servers = std::move(servers);
  return server;
}

TEST(BalanceSetup, a_range_is_many_services_with_the_same_servers) {
  config::Configuration configuration;
  config::VirtualServer server = virtual_server("G", {real_server(1, {})});
  server.group = "G";
  server.entries = {{.first = IpAddress::v4(0x0a0100ff), .count = 2, .port = 80},
                    {.mark = 3, .family = Family::ipv6},
                    {.first = IpAddress::v4(0x0a010100), .port = 80}};  // in the range already
  configuration.virtual_servers = {server};
  const BalanceSetup setup = make_balance_setup(configuration);
  ASSERT_EQ(setup.services.size(), 1U);
  EXPECT_EQ(setup.services[0].keys, (std::vector{ServiceKey::of_address(6, IpAddress::v4(0x0a0100ff), 80),
                                                 ServiceKey::of_address(6, IpAddress::v4(0x0a010100), 80),
                                                 ServiceKey::of_mark(3, Family::ipv6)}));
  EXPECT_EQ(setup.hooks[0].name, "[G]:80");
}

TEST(BalanceSetup, names_are_keepaliveds) {
  config::Configuration configuration;
  configuration.virtual_servers = {virtual_server("a", {real_server(1, {})}), virtual_server("b", {})};
  configuration.virtual_servers[1].entries = {{.mark = 3}};
  const BalanceSetup setup = make_balance_setup(configuration);
  EXPECT_EQ(setup.hooks[0].name, "[10.1.0.1]:tcp:80");
  EXPECT_EQ(setup.hooks[0].servers[0].name, "[10.2.0.1]:tcp:80");
  EXPECT_EQ(setup.hooks[1].name, "FWM 3");
}

TEST(BalanceSetup, checks_are_numbered_through) {
  config::Configuration configuration;
  configuration.virtual_servers = {virtual_server("a", {real_server(1, {check(1), check(2)}), real_server(2, {})}),
                                   virtual_server("b", {real_server(1, {check(3)})})};
  const auto checks = checks_of(configuration);
  ASSERT_EQ(checks.size(), 3U);
  for (std::size_t i = 0; i < checks.size(); ++i) EXPECT_EQ(checks[i]->target.port, i + 1);
}

}  // namespace
}  // namespace baton::setup
