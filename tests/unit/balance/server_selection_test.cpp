#include "balance/server_selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace baton::balance {
namespace {

DestinationKey server(std::uint32_t number) {
  return {.address = IpAddress::v4(0x0a020000 + number), .port = 80};
}

// Servers 1, 2, ... with these weights.
TableService service(const char* scheduler, std::initializer_list<std::int32_t> weights, std::uint32_t flags = 0) {
  TableService result;
  result.options = {.scheduler = scheduler, .flags = flags};
  std::uint32_t number = 0;
  for (const std::int32_t weight : weights) result.destinations[server(++number)] = {.weight = weight};
  return result;
}

std::string order(const ServerSelection& selection) {
  std::string letters;
  for (const DestinationKey& slot : selection.slots) {
    letters += static_cast<char>('a' + slot.address.v4_host_order() - 0x0a020001);
  }
  return letters;
}

std::map<DestinationKey, std::size_t> shares(const ServerSelection& selection) {
  std::map<DestinationKey, std::size_t> result;
  for (const DestinationKey& slot : selection.slots) ++result[slot];
  return result;
}

TEST(ServerSelection, round_robin_gives_everybody_one_turn_whatever_the_weight) {
  const ServerSelection selection = select_servers(service("rr", {5, 1, 2}));
  EXPECT_EQ(selection.pick, Pick::in_turn);
  EXPECT_EQ(order(selection), "abc");
}

TEST(ServerSelection, weights_are_turns_that_nobody_gets_in_one_heap) {
  EXPECT_EQ(order(select_servers(service("wrr", {3, 1}))), "aaba");
  EXPECT_EQ(order(select_servers(service("wrr", {3, 1, 1}))), "abaca");
  EXPECT_EQ(order(select_servers(service("wrr", {300, 100}))), "aaba");
}

TEST(ServerSelection, a_server_of_weight_zero_gets_no_new_connection) {
  for (const char* scheduler : {"rr", "wrr", "wlc", "sh", "mh", "dh", "fo", "twos"}) {
    const ServerSelection selection = select_servers(service(scheduler, {0, 2, 1}));
    ASSERT_FALSE(selection.slots.empty()) << scheduler;
    EXPECT_EQ(std::ranges::count(selection.slots, server(1)), 0) << scheduler;
  }
}

TEST(ServerSelection, without_a_server_there_is_no_slot) {
  for (const char* scheduler : {"rr", "wrr", "sh", "fo", "twos"}) {
    EXPECT_TRUE(select_servers(service(scheduler, {})).slots.empty()) << scheduler;
    EXPECT_TRUE(select_servers(service(scheduler, {0, 0})).slots.empty()) << scheduler;
  }
}

TEST(ServerSelection, great_weights_stay_within_the_bound_and_every_server_has_a_slot) {
  const ServerSelection selection = select_servers(service("wrr", {65535, 1, 65534}));
  EXPECT_LE(selection.slots.size(), limits::slots);
  const auto share = shares(selection);
  EXPECT_EQ(share.at(server(2)), 1U);
  EXPECT_NEAR(static_cast<double>(share.at(server(1))), 512, 2);
}

TEST(ServerSelection, failover_takes_the_heaviest_alone) {
  EXPECT_EQ(order(select_servers(service("fo", {1, 7, 3}))), "b");
  EXPECT_EQ(order(select_servers(service("ovf", {1, 7, 3}))), "b");
}

TEST(ServerSelection, schedulers_that_count_connections_have_a_stand_in) {
  EXPECT_EQ(stand_in("wlc"), "wrr");
  EXPECT_EQ(order(select_servers(service("wlc", {3, 1}))), "aaba");
  EXPECT_EQ(order(select_servers(service("lc", {3, 1}))), "ab");
  for (const char* exact : {"rr", "wrr", "sh", "mh", "dh", "fo"}) EXPECT_EQ(stand_in(exact), "") << exact;
}

TEST(ServerSelection, hashes_are_of_source_port_or_destination) {
  EXPECT_EQ(select_servers(service("sh", {1})).pick, Pick::by_source);
  EXPECT_EQ(select_servers(service("sh", {1}, service_flag::scheduler_2)).pick, Pick::by_source_and_port);
  EXPECT_EQ(select_servers(service("mh", {1}, service_flag::scheduler_2)).pick, Pick::by_source_and_port);
  EXPECT_EQ(select_servers(service("lblc", {1})).pick, Pick::by_destination);
}

TEST(ServerSelection, a_hash_shares_by_weight) {
  const ServerSelection selection = select_servers(service("mh", {3, 1}));
  const auto share = shares(selection);
  EXPECT_NEAR(static_cast<double>(share.at(server(1))) / static_cast<double>(selection.slots.size()), 0.75, 0.02);
}

TEST(ServerSelection, a_server_that_goes_moves_few_clients_but_its_own) {
  const ServerSelection before = select_servers(service("sh", {1, 1, 1, 1}));
  const ServerSelection after = select_servers(service("sh", {1, 1, 0, 1}));
  ASSERT_EQ(before.slots.size(), after.slots.size());
  std::size_t moved = 0;
  for (std::size_t i = 0; i < before.slots.size(); ++i) {
    if (before.slots[i] != server(3) && before.slots[i] != after.slots[i]) ++moved;
  }
  EXPECT_LT(moved, before.slots.size() / 6);
}

}  // namespace
}  // namespace baton::balance
