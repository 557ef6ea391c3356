#include "plan/render.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "plan/rows.h"
#include "unit/plan/made_plan.h"

namespace baton::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(PlanText, instances_of_one_fate_are_one_row) {
  std::string text;
  for (int i = 1; i <= 20; ++i) text += instance(100, "", fmt::format("VI_{}", i), i);
  const Plan plan = plan_of({text, text});
  const Scenario& vanishes = plan.scenarios.at(1);
  EXPECT_EQ(rows_of(vanishes).size(), 1U);
  const std::string printed = render_text(plan, Detail::all);
  EXPECT_THAT(printed, HasSubstr("VI_1, VI_2, VI_3 and 17 more"));
  EXPECT_LE(longest_line(printed), 100U);
}

TEST(PlanText, long_names_are_wrapped) {
  const std::string name(60, 'x');
  const Plan plan = plan_of({instance(110, "", name), instance(100, "", name)});
  EXPECT_LE(longest_line(render_text(plan, Detail::all)), 100U);
}

TEST(PlanText, what_moves_nothing_is_one_line_but_for_findings) {
  const std::string check = script("interval 2\nweight 2");
  const Plan plan = plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)});
  const std::string text = render_text(plan, Detail::what_moves);
  EXPECT_THAT(text, HasSubstr("chk_nginx fails on web1\n  VI_1"));
  EXPECT_THAT(text, Not(HasSubstr("web2 vanishes\n")));
  EXPECT_THAT(text, HasSubstr("nothing moves when:"));
  EXPECT_THAT(render_text(plan, Detail::all), HasSubstr("web2 vanishes\n"));
}

TEST(PlanJson, has_what_is_promised) {
  const nlohmann::json json = to_json(plan_of({instance(110), instance(100)}));
  EXPECT_EQ(json["nodes"], nlohmann::json({"web1", "web2"}));
  const nlohmann::json& gone = json["scenarios"][1];
  EXPECT_EQ(gone["event"], "machine");
  EXPECT_EQ(gone["node"], "web1");
  EXPECT_EQ(gone["instance"], "VI_1");
  EXPECT_EQ(gone["owner_before"], "web1");
  EXPECT_EQ(gone["owner_after"], "web2");
  EXPECT_NEAR(gone["seconds"].get<double>(), 3.609, 0.001);
  EXPECT_EQ(gone["two_owners_ms"], 0);
  EXPECT_NEAR(gone["no_owner_ms"].get<double>(), 3609, 1);
  EXPECT_EQ(gone["why"], "web2 heard nothing for 3.61 s");
  EXPECT_EQ(gone["timeline"].size(), 2U);
}

TEST(PlanJson, what_lasts_for_good_is_null) {
  const nlohmann::json json = to_json(plan_of({instance(100)}));
  const nlohmann::json& gone = json["scenarios"][1];
  EXPECT_TRUE(gone["owner_after"].is_null());
  EXPECT_TRUE(gone["no_owner_ms"].is_null());
  EXPECT_EQ(gone["seconds"], 0);
}

TEST(PlanPage, loads_nothing_and_runs_nothing) {
  const std::string page = render_html(plan_of({instance(110), instance(100)}));
  for (const char* foreign : {"http:", "https:", "src=", "href=", "<script", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(foreign)));
  }
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(page, HasSubstr("name=\"viewport\""));
  EXPECT_THAT(page, HasSubstr("<h3>web1 vanishes</h3>"));
}

TEST(PlanPage, names_are_text_and_no_markup) {
  const Plan plan = plan_of({instance(110, "", "<i>&"), instance(100)});
  const std::string page = render_html(plan);
  EXPECT_THAT(page, Not(HasSubstr("<i>&")));
  EXPECT_THAT(page, HasSubstr("&lt;i&gt;&amp;"));
}

}  // namespace
}  // namespace baton::plan
