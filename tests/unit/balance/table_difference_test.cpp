#include "balance/table_difference.h"

#include <gtest/gtest.h>

#include <random>

namespace baton::balance {
namespace {

using enum TableOperation::Kind;

const ServiceKey web = ServiceKey::of_address(6, IpAddress::v4(0x0a000064), 80);
const ServiceKey mark = ServiceKey::of_mark(3, Family::ipv6);
const DestinationKey one{.address = IpAddress::v4(0x0a020001), .port = 80};
const DestinationKey two{.address = IpAddress::v4(0x0a020002), .port = 80};

TableService served(std::initializer_list<DestinationKey> destinations, const char* scheduler = "rr") {
  TableService service;
  service.options.scheduler = scheduler;
  for (const DestinationKey& key : destinations) service.destinations[key] = {};
  return service;
}

std::vector<std::string> steps(const ServiceTable& wanted, const ServiceTable& actual) {
  std::vector<std::string> texts;
  for (const TableOperation& operation : difference(wanted, actual)) texts.push_back(to_string(operation));
  return texts;
}

TEST(TableDifference, equal_tables_need_nothing) {
  const ServiceTable table{{web, served({one, two})}, {mark, served({})}};
  EXPECT_EQ(difference(table, table), TableOperations{});
}

TEST(TableDifference, a_service_comes_before_its_servers) {
  EXPECT_EQ(steps({{web, served({one})}}, {}),
            (std::vector<std::string>{"add TCP 10.0.0.100:80", "add 10.2.0.1:80 to TCP 10.0.0.100:80"}));
}

TEST(TableDifference, servers_come_before_others_go) {
  EXPECT_EQ(
      steps({{web, served({two})}}, {{web, served({one})}}),
      (std::vector<std::string>{"add 10.2.0.2:80 to TCP 10.0.0.100:80", "remove 10.2.0.1:80 from TCP 10.0.0.100:80"}));
}

TEST(TableDifference, what_is_not_wanted_goes_whole) {
  EXPECT_EQ(steps({}, {{mark, served({one, two})}}), (std::vector<std::string>{"remove FWM 3 IPv6"}));
}

TEST(TableDifference, changes_are_made_in_place) {
  ServiceTable wanted{{web, served({one}, "wrr")}};
  wanted[web].destinations[one].weight = 7;
  EXPECT_EQ(steps(wanted, {{web, served({one})}}),
            (std::vector<std::string>{"change TCP 10.0.0.100:80", "change 10.2.0.1:80 of TCP 10.0.0.100:80"}));
}

ServiceTable random_table(std::mt19937& random) {
  ServiceTable table;
  const auto below = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % most); };
  for (std::uint32_t i = below(5); i > 0; --i) {
    TableService service;
    service.options.scheduler = below(2) == 0 ? "rr" : "wlc";
    for (std::uint32_t j = below(5); j > 0; --j) {
      service.destinations[{.address = IpAddress::v4(0x0a020000 + below(4)), .port = 80}] = {
          .weight = static_cast<std::int32_t>(below(3))};
    }
    table[ServiceKey::of_address(6, IpAddress::v4(0x0a000000 + below(4)), 80)] = service;
  }
  return table;
}

TEST(TableDifference, the_steps_lead_from_any_table_to_any_other) {
  std::mt19937 random(1);
  for (int round = 0; round < 2'000; ++round) {
    ServiceTable table = random_table(random);
    const ServiceTable wanted = random_table(random);
    for (const TableOperation& operation : difference(wanted, table)) apply(operation, table);
    ASSERT_EQ(table, wanted) << round;
  }
}

}  // namespace
}  // namespace baton::balance
