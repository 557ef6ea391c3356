#include "cli/services_render.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/why_service.h"

namespace baton::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json server(const char* address, const char* state, json::array_t checks) {
  const bool is_up = std::string_view(state) == "up";
  return {{"address", address},
          {"state", state},
          {"since", 1000.0},
          {"weight", {{"configured", 2}, {"in_force", is_up ? json(2) : json()}}},
          {"traffic", is_up ? json{{"connections", 1204}, {"active", 17}, {"packets_in", nullptr}} : json()},
          {"checks", std::move(checks)}};
}

json page() {
  json failing{{"kind", "HTTP_GET"},   {"state", "down"},        {"since", 1000.0}, {"outcome", "http_status"},
               {"text", "status 503"}, {"failures_in_a_row", 4}, {"tries", 9},      {"failures", 4}};
  json service{{"name", "10.0.0.1 80 TCP"},
               {"group", nullptr},
               {"addresses", json::array_t{"TCP 10.0.0.1:80"}},
               {"addresses_not_shown", 0},
               {"scheduler", "rr"},
               {"quorum", {{"wanted", 3}, {"hysteresis", 0}, {"have", 2}, {"met", false}}},
               {"sorry_server", {{"address", "10.0.0.9:80"}, {"in_use", true}}},
               {"servers", json::array_t{server("10.0.0.11:80", "up", {}), server("10.0.0.12:80", "down", {failing})}}};
  return {{"plane", {{"state", "serves"}, {"name", "nftables"}, {"problem", nullptr}}},
          {"services", json::array_t{std::move(service)}}};
}

std::string rendered(const json& page, bool whole) {
  return render_services(page, page["services"], 1060, whole, false);
}

TEST(ServicesRender, what_is_down_stands_below_its_service) {
  EXPECT_EQ(rendered(page(), false),
            "served by nftables\n"
            "10.0.0.1 80 TCP  TCP 10.0.0.1:80  NO QUORUM  1 of 2 up, weight 2 of 3 wanted; sorry server 10.0.0.9:80 "
            "serves\n"
            "  10.0.0.12:80          down for 1 min, gets nothing: HTTP_GET: status 503 (4 failures in a row)\n");
}

TEST(ServicesRender, whole_shows_those_that_are_up_and_all_checks) {
  EXPECT_THAT(rendered(page(), true),
              HasSubstr("  10.0.0.11:80          up for 1 min, weight 2, 1204 connections, 17 open\n"));
  EXPECT_THAT(rendered(page(), true), HasSubstr("9 tries, 4 failed"));
}

TEST(ServicesRender, says_who_hears_of_connections) {
  json director = page();
  director["plane"]["connection_sync"] = {{"tells", false}, {"hears", true}};
  EXPECT_THAT(rendered(director, false),
              testing::StartsWith("served by nftables, hears of the connections of other directors\n"));
}

TEST(ServicesRender, says_that_nothing_serves_in_the_kernel) {
  json without = page();
  without["plane"] = {{"state", "missing"}, {"problem", "virtual servers are not served"}};
  EXPECT_THAT(rendered(without, false), testing::StartsWith("virtual servers are not served\n"));
}

TEST(ServicesRender, one_line_only_where_something_is_down) {
  json summary{{"services", 2}, {"without_quorum", 0}, {"servers", 4}, {"servers_down", 0}, {"plane", "serves"}};
  EXPECT_EQ(services_line(summary), "");
  EXPECT_EQ(services_line(nullptr), "");
  summary["servers_down"] = 1;
  EXPECT_THAT(services_line(summary), HasSubstr("0 of 2 services without quorum, 1 of 4 real servers down"));
  summary["plane"] = "missing";
  EXPECT_THAT(services_line(summary), HasSubstr("nothing in the kernel"));
}

TEST(ServicesRender, a_service_is_meant_by_name_or_address) {
  const json page = cli::page();
  const json& service = page["services"][0];
  EXPECT_TRUE(is_service(service, "10.0.0.1:80") && is_service(service, "10.0.0.1 80 TCP"));
  EXPECT_FALSE(is_service(service, "10.0.0.1:8") || is_service(service, ""));
}

TEST(WhyService, a_real_server_is_out_because_its_check_says_so) {
  const auto all = explain_services(page(), "10.0.0.12:80", 1060);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].state, "down");
  EXPECT_THAT(all[0].wrong, testing::Contains(HasSubstr("status 503")));
  EXPECT_THAT(all[0].wrong, testing::Contains(HasSubstr("sorry server 10.0.0.9:80")));
  EXPECT_THAT(all[0].changes, testing::Contains(HasSubstr("HTTP_GET must succeed")));
}

TEST(WhyService, a_service_says_what_its_quorum_lacks) {
  const auto all = explain_services(page(), "10.0.0.1:80", 1060);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].state, "no quorum");
  EXPECT_THAT(all[0].wrong, testing::Contains(HasSubstr("10.0.0.12:80 is down")));
  EXPECT_THAT(all[0].wrong, Not(testing::Contains(HasSubstr("10.0.0.11:80"))));
  EXPECT_THAT(all[0].changes, testing::ElementsAre(HasSubstr("again at weight 3")));
  EXPECT_TRUE(explain_services(page(), "10.0.0.3:80", 1060).empty());
}

TEST(WhyService, an_instance_is_no_address_and_port) {
  EXPECT_TRUE(is_address_and_port("10.0.0.1:80") && is_address_and_port("[fd00::1]:80"));
  for (const char* text :
       {"VI_1", "10.0.0.1", "fd00::1", "fd00::1:80", "VI:80", "10.0.0.1:", "10.0.0.1:99999", "[]:80"}) {
    EXPECT_FALSE(is_address_and_port(text)) << text;
  }
}

}  // namespace
}  // namespace baton::cli
