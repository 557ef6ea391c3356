#include "plan/services.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "plan/render.h"
#include "unit/plan/made_plan.h"

namespace baton::plan {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string real(int number, int weight = 1, const std::string& check = "TCP_CHECK {\nconnect_timeout 3\n}") {
  return fmt::format("real_server 10.0.1.{} 80 {{\nweight {}\n{}\n}}\n", number, weight, check);
}
std::string service(const std::string& lines) {
  return "virtual_server 10.0.20.100 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\ndelay_loop 6\nretry 2\n"
         "delay_before_retry 1\n" +
         lines + "}\n";
}
std::vector<std::string> findings_of(const Plan& plan) {
  std::vector<std::string> ids;
  for (const Finding& each : plan.findings) {
    if (each.message.starts_with("virtual_server")) ids.push_back(each.id);
  }
  return ids;
}
Plan both(const std::string& services) {
  return plan_of({instance(110) + services, instance(100) + services});
}

TEST(PlanServices, servers_that_weigh_the_same_are_missed_alike) {
  const Plan plan = both(service(real(1) + real(2) + real(3)));
  ASSERT_EQ(plan.services.size(), 1U);  // both files have it just so
  const ServicePlan& it = plan.services[0];
  EXPECT_THAT(it.nodes, ElementsAre(0, 1));
  EXPECT_EQ(it.deaths_survived, 2U);
  ASSERT_EQ(it.fates.size(), 2U);
  EXPECT_TRUE(it.fates[0].any_one);
  EXPECT_EQ(it.fates[0].dead.size(), 3U);
  EXPECT_EQ(serving_text(it, it.fates[0]), "the others serve");
  EXPECT_EQ(deaths_text(it, it.fates[1]), "all die");
  EXPECT_EQ(serving_text(it, it.fates[1]), "nobody serves");
  EXPECT_FALSE(it.fates[1].has_quorum);
  EXPECT_THAT(findings_of(plan), ElementsAre());
}

// A try every 6 s, then two more a second apart, each of which meets nobody for 3 s.
TEST(PlanServices, a_death_is_noticed_when_all_tries_have_failed) {
  const Plan plan = both(service(real(1) + real(2)));
  EXPECT_EQ(plan.services[0].fates[0].noticed, 6s + 3 * 3s + 2 * 1s);
  const Plan none = both(service(real(1) + real(2, 1, "")));
  EXPECT_EQ(none.services[0].fates[1].noticed, std::nullopt);
  EXPECT_THAT(findings_of(none), ElementsAre("unnoticed-death"));
  EXPECT_THAT(render_text(none, Detail::what_moves), HasSubstr("but nobody notices"));
}

TEST(PlanServices, a_quorum_says_who_may_die) {
  const Plan plan = both(service("quorum 3\nsorry_server 10.0.1.9 80\n" + real(1, 2) + real(2, 1) + real(3, 1)));
  const ServicePlan& it = plan.services[0];
  EXPECT_EQ(it.deaths_survived, 0U);  // the heavy one must not, each of the others may
  ASSERT_EQ(it.fates.size(), 3U);
  EXPECT_EQ(serving_text(it, it.fates[0]), "the sorry server 10.0.1.9:80 alone serves");
  EXPECT_EQ(deaths_text(it, it.fates[1]), "one of 10.0.1.2:80 and 10.0.1.3:80 dies");
  EXPECT_TRUE(it.fates[1].has_quorum);
  const std::string text = render_text(plan, Detail::what_moves);
  EXPECT_THAT(text, HasSubstr("virtual_server 10.0.20.100 80 TCP on web1, web2: none may die"));
  const auto json = to_json(plan)["services"][0];
  EXPECT_EQ(json["deaths"][0]["servers"], nlohmann::json::array_t{"10.0.1.1:80"});
  EXPECT_EQ(json["deaths"][0]["sorry_serves"], true);
  EXPECT_EQ(json["deaths"][0]["quorum"], false);
  EXPECT_EQ(json["deaths"][0]["noticed_within"], 17.0);
  EXPECT_THAT(render_html(plan), HasSubstr("When real servers die"));
}

TEST(PlanServices, one_death_may_end_it) {
  EXPECT_THAT(findings_of(both(service("quorum 2\n" + real(1) + real(2)))),
              ElementsAre());  // no sorry server: the other goes on
  EXPECT_THAT(findings_of(both(service("sorry_server 10.0.1.9 80\n" + real(1) + real(2, 0)))), ElementsAre());
  EXPECT_THAT(findings_of(both(service(real(1) + real(2, 0)))), ElementsAre("one-death-ends-it"));
}

TEST(PlanServices, a_node_that_may_hold_the_address_must_have_the_service) {
  const Plan plan = plan_of({instance(110, "", "VI_1") + service(real(1) + real(2)), instance(100)});
  EXPECT_THAT(findings_of(plan), ElementsAre("service-missing"));
  const Plan differ = plan_of({instance(110) + service(real(1) + real(2)), instance(100) + service(real(1) + real(3))});
  EXPECT_EQ(differ.services.size(), 2U);
  EXPECT_THAT(findings_of(differ), ElementsAre());
}

TEST(PlanServices, need_no_instance) {
  const Plan plan = plan_of({service(real(1) + real(2))});
  EXPECT_EQ(plan.services.size(), 1U);
  EXPECT_EQ(plan.worst(), Severity::note);
}

TEST(PlanServices, many_servers_take_no_time) {
  std::string servers;
  for (int i = 0; i < 2'000; ++i) {
    servers +=
        fmt::format("real_server 10.1.{}.{} 80 {{\nweight {}\nTCP_CHECK {{\n}}\n}}\n", i / 250, i % 250 + 1, i % 7 + 1);
  }
  const Plan plan = plan_of({service(servers)});
  EXPECT_EQ(plan.services[0].fates.size(), 8U);
  EXPECT_THAT(render_text(plan, Detail::what_moves), HasSubstr("may die"));
}

}  // namespace
}  // namespace baton::plan
