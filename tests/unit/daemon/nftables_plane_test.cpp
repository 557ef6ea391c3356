#include "daemon/nftables_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ServiceKey web = ServiceKey::of_address(6, IpAddress::v4(0x0a000064), 80);

DestinationKey server(const char* address) {
  return {.address = IpAddress::parse(address).value(), .port = 80};
}

struct Answer {
  TableService service;
  std::vector<std::string> said;
};

Answer possible(const TableService& service) {
  Answer answer;
  answer.service =
      possible_with_nftables(web, service, [&](const std::string& sentence) { answer.said.push_back(sentence); });
  return answer;
}

TEST(NftablesPlane, what_it_can_do_stays_as_it_is) {
  const TableService service{.options = {.scheduler = "wrr"},
                             .destinations = {{server("10.2.0.1"), {.weight = 3}}, {server("10.2.0.2"), {}}}};
  const Answer answer = possible(service);
  EXPECT_EQ(answer.service, service);
  EXPECT_THAT(answer.said, IsEmpty());
}

TEST(NftablesPlane, servers_that_it_cannot_reach_are_left_out_and_named) {
  const Answer answer = possible({.options = {.scheduler = "rr"},
                                  .destinations = {{server("10.2.0.1"), {.method = ForwardMethod::tunnel}},
                                                   {server("10.2.0.2"), {.method = ForwardMethod::direct}},
                                                   {server("10.2.0.3"), {}},
                                                   {server("fd00::1"), {.method = ForwardMethod::direct}}}});
  ASSERT_EQ(answer.service.destinations.size(), 1U);
  EXPECT_TRUE(answer.service.destinations.contains(server("10.2.0.2")));
  EXPECT_THAT(answer.said, ElementsAre(HasSubstr("10.2.0.1:80 is left out, nftables has no tunnels"),
                                       HasSubstr("10.2.0.3:80 is left out"), HasSubstr("[fd00::1]:80 is left out")));
}

TEST(NftablesPlane, a_sorry_server_that_waits_decides_nothing) {
  const Answer answer = possible({.options = {.scheduler = "rr"},
                                  .destinations = {{server("10.2.0.1"), {.method = ForwardMethod::direct, .weight = 0}},
                                                   {server("10.2.0.2"), {.weight = 1}},
                                                   {server("10.2.0.3"), {.weight = 0}}}});
  EXPECT_FALSE(answer.service.destinations.contains(server("10.2.0.1")));
  EXPECT_TRUE(answer.service.destinations.contains(server("10.2.0.2")));
  EXPECT_TRUE(answer.service.destinations.contains(server("10.2.0.3")));
}

TEST(NftablesPlane, what_serves_instead_is_said) {
  EXPECT_THAT(possible({.options = {.scheduler = "wlc"}}).said, ElementsAre(HasSubstr("instead of wlc, wrr serves")));
  EXPECT_THAT(
      possible({.options = {.scheduler = "rr"}, .destinations = {{server("10.2.0.1"), {.upper_threshold = 5}}}}).said,
      ElementsAre(HasSubstr("uthreshold has no effect")));
  EXPECT_THAT(possible({.options = {.scheduler = "rr", .persistence_engine = "sip"}}).said,
              ElementsAre(HasSubstr("no persistence engine")));
}

}  // namespace
}  // namespace baton::daemon
