#include "kernel/nft_balance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "kernel/nft_monitor.h"
#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  if (pipe != nullptr) (void)::pclose(pipe);
  return text;
}

ServiceKey tcp(const char* address, std::uint16_t port) {
  return ServiceKey::of_address(6, IpAddress::parse(address).value(), port);
}
DestinationKey server(const char* address, std::uint16_t port) {
  return {.address = IpAddress::parse(address).value(), .port = port};
}

class NftBalanceTest : public Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    auto opened = NftBalance::open();
    ASSERT_TRUE(opened) << to_string(opened.error());
    balance_.emplace(std::move(*opened));
  }

  void change(const ServiceKey& key, const TableService* before, const TableService* after, Pick pick = Pick::in_turn) {
    const NftBalance::Change change{.key = key, .before = before, .after = after, .selection = selection(after, pick)};
    const auto done = balance_->change(std::array{change});
    ASSERT_TRUE(done) << to_string(done.error());
  }
  static ServerSelection selection(const TableService* service, Pick pick) {
    ServerSelection result{.pick = pick, .slots = {}};
    if (service == nullptr) return result;
    for (const auto& [key, settings] : service->destinations) {
      if (settings.weight > 0) result.slots.push_back(key);
    }
    return result;
  }
  static std::vector<NftBalance::Change> thousand_services(const TableService* before, const TableService* after) {
    std::vector<NftBalance::Change> changes;
    for (std::uint16_t port = 1; port <= 1'000; ++port) {
      changes.push_back({.key = tcp("10.0.0.100", port),
                         .before = before,
                         .after = after,
                         .selection = selection(after, Pick::in_turn)});
    }
    return changes;
  }
  ServiceTable dumped() {
    const auto table = balance_->dump();
    EXPECT_TRUE(table) << to_string(table.error());
    return table ? *table : ServiceTable{};
  }
  static std::string rules() { return output_of("nft list ruleset"); }

  std::optional<NftBalance> balance_;
};

const ServiceKey web = tcp("10.0.0.100", 80);
const TableService two_servers{
    .options = {.scheduler = "wlc"},
    .destinations = {{server("10.2.0.1", 80), {}}, {server("10.2.0.2", 8080), {.weight = 3, .upper_threshold = 7}}}};

TEST_F(NftBalanceTest, the_kernel_says_what_it_was_told) {
  TableService all{.options = {.scheduler = "mh",
                               .flags = service_flag::persistent,
                               .persistence_seconds = 50,
                               .persistence_prefix = 24,
                               .masquerade = true},
                   .destinations = two_servers.destinations};
  const TableService direct{.options = {.scheduler = "sh", .persistence_prefix = 128},
                            .destinations = {{server("fd00::11", 80), {.method = ForwardMethod::direct}}}};
  const TableService empty{.options = {.scheduler = "rr"}, .destinations = {}};
  const ServiceTable wanted{{web, two_servers},
                            {tcp("10.0.0.100", 0), all},
                            {ServiceKey::of_mark(7, Family::ipv4), all},
                            {tcp("fd00::100", 80), direct},
                            {ServiceKey::of_mark(7, Family::ipv6), direct},
                            {ServiceKey::of_address(17, IpAddress::v4(0x0a000064), 53), empty}};
  constexpr std::array picks{Pick::in_turn, Pick::at_random, Pick::by_source, Pick::by_source_and_port,
                             Pick::by_destination};
  std::size_t number = 0;
  for (const auto& [key, service] : wanted) change(key, nullptr, &service, picks[number++ % picks.size()]);
  EXPECT_EQ(dumped(), wanted);
  auto next = NftBalance::open();  // a balancer that was not there before
  ASSERT_TRUE(next);
  EXPECT_EQ(next->dump().value(), wanted);
}

TEST_F(NftBalanceTest, servers_come_go_and_change) {
  change(web, nullptr, &two_servers);
  TableService after = two_servers;
  after.destinations.erase(server("10.2.0.1", 80));
  after.destinations[server("10.2.0.2", 8080)].weight = 0;
  after.destinations[server("10.2.0.3", 80)] = {};
  change(web, &two_servers, &after);
  EXPECT_EQ(dumped(), (ServiceTable{{web, after}}));
  TableService other = after;
  other.options.scheduler = "rr";
  change(web, &after, &other);
  EXPECT_EQ(dumped(), (ServiceTable{{web, other}}));
  change(web, &other, nullptr);
  EXPECT_EQ(dumped(), ServiceTable{});
  EXPECT_THAT(rules(), Not(HasSubstr("10.2.0")));
  ASSERT_TRUE(balance_->flush());
  EXPECT_EQ(rules(), "");
}

TEST_F(NftBalanceTest, a_service_becomes_direct) {
  change(web, nullptr, &two_servers);
  TableService direct = two_servers;
  for (auto& [key, settings] : direct.destinations) settings.method = ForwardMethod::direct;
  change(web, &two_servers, &direct);
  EXPECT_EQ(dumped(), (ServiceTable{{web, direct}}));
  EXPECT_THAT(rules(), HasSubstr("goto direct-4"));
  EXPECT_THAT(rules(), Not(HasSubstr("service-1")));
}

TEST_F(NftBalanceTest, a_table_of_others_makes_is_replaced_and_of_theirs_nothing) {
  run("nft add table ip mine && nft add table ip baton_balance && nft add chain ip baton_balance service-1");
  EXPECT_EQ(dumped(), ServiceTable{});
  change(web, nullptr, &two_servers);
  EXPECT_EQ(dumped(), (ServiceTable{{web, two_servers}}));
  EXPECT_THAT(rules(), HasSubstr("table ip mine"));
}

TEST_F(NftBalanceTest, a_thousand_services_fit_one_transaction) {
  const auto done = balance_->change(thousand_services(nullptr, &two_servers));
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(dumped().size(), 1'000U);
}

// What is not read in time is lost, and whoever lost something must think that others changed the table.
TEST_F(NftBalanceTest, ones_own_changes_however_many_crowd_out_nothing) {
  auto monitor = NftMonitor::open(balance_table, balance_->port());
  ASSERT_TRUE(monitor) << to_string(monitor.error());
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(balance_->change(thousand_services(nullptr, &two_servers)));
    ASSERT_TRUE(balance_->change(thousand_services(&two_servers, nullptr)));
  }
  EXPECT_FALSE(monitor->was_changed());
}

TEST_F(NftBalanceTest, what_is_refused_leaves_everything_as_it_was) {
  change(web, nullptr, &two_servers);
  TableService wrong = two_servers;
  wrong.destinations[server("10.2.0.9", 80)] = {};
  const NftBalance::Change same{.key = tcp("10.0.0.101", 80), .after = &two_servers, .selection = {}};
  TableService not_there = two_servers;
  not_there.destinations[server("10.2.0.8", 80)] = {};
  const NftBalance::Change bad{.key = web, .before = &not_there, .after = &wrong, .selection = {}};
  const auto done = balance_->change(std::array{same, bad});
  ASSERT_FALSE(done);
  EXPECT_EQ(dumped(), (ServiceTable{{web, two_servers}}));
  change(tcp("10.0.0.101", 80), nullptr, &two_servers);
  EXPECT_EQ(dumped().size(), 2U);
}

TEST_F(NftBalanceTest, changes_of_others_are_heard_and_ones_own_are_not) {
  auto monitor = NftMonitor::open(balance_table, balance_->port());
  ASSERT_TRUE(monitor) << to_string(monitor.error());
  change(web, nullptr, &two_servers);
  run("nft add table ip mine && nft add chain ip mine in");
  ASSERT_TRUE(wait_readable(monitor->fd()));
  EXPECT_FALSE(monitor->was_changed());
  run("nft flush chain ip baton_balance service-1");
  ASSERT_TRUE(wait_readable(monitor->fd()));
  EXPECT_TRUE(monitor->was_changed());
  run("nft flush ruleset");
  ASSERT_TRUE(wait_readable(monitor->fd()));
  EXPECT_TRUE(monitor->was_changed());
  balance_->distrust();
  EXPECT_EQ(dumped(), ServiceTable{});
  change(web, nullptr, &two_servers);
  EXPECT_EQ(dumped(), (ServiceTable{{web, two_servers}}));
}

}  // namespace
}  // namespace baton::kernel
