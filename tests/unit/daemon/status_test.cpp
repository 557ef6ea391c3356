// What the worker answers on the api channel.
#include "daemon/status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "daemon/channel.h"
#include "daemon/status_service.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

// So many instances, each with so many addresses.
std::string instances(int count, int addresses) {
  std::string text;
  for (int i = 1; i <= count; ++i) {
    text += fmt::format("vrrp_instance VI_{} {{\ninterface eth0\nvirtual_router_id {}\nvirtual_ipaddress {{\n", i, i);
    for (int k = 1; k <= addresses; ++k) text += fmt::format("10.{}.0.{}/24\n", i, k);
    text += "}\n}\n";
  }
  return text;
}

// A node that has started, behind a channel as in the worker.
struct Bench {
  explicit Bench(const std::string& text) : setup(setup_of(text)), node(setup.node), statistics(setup.routers.size()) {
    auto pair = kernel::Channel::make_pair();
    if (pair) std::tie(ours, api) = std::move(*pair);
    vrrp::NodeActions actions;
    node.start(now, actions);
  }
  StatusSource source() {
    return {.node = node,
            .setup = setup,
            .statistics = statistics,
            .worker = worker,
            .is_present = [](const config::VirtualAddress&) { return true; },
            .tracker_text = [](vrrp::TrackerId) { return std::string("exit 0"); }};
  }
  json ask(const std::string& question) {
    StatusService service(source(), ours);
    const auto sent = api.send({reinterpret_cast<const std::uint8_t*>(question.data()), question.size()});
    EXPECT_TRUE(sent);
    EXPECT_TRUE(service.serve(
        {.now = now, .wall = {}},
        {.handover = [this](vrrp::RouterId router) { handed_over = router; }, .announce = [](vrrp::RouterId) {}}));
    const auto message = api.receive();
    if (!message) return "no answer";
    const auto page = StatusPage::from_message(message->bytes);
    if (!page) return json::parse(message->bytes, nullptr, false);
    json reply = page->head;
    reply.update(page->lists.parsed());
    return reply;
  }

  Instant now{1000s};
  Setup setup;
  vrrp::Node node;
  std::vector<RouterStatistics> statistics;
  WorkerStatistics worker;
  kernel::Channel ours;
  kernel::Channel api;
  std::optional<vrrp::RouterId> handed_over;
};

TEST(Status, an_instance_as_json) {
  Bench bench(instances(1, 2));
  bench.statistics[0].adverts_sent = 3;
  bench.statistics[0].rejected[0] = 5;
  const json status = instance_status(bench.source(), 0, {.now = bench.now + 1s, .wall = WallTime(5000s)});
  EXPECT_EQ(status["name"], "VI_1");
  EXPECT_EQ(status["state"], "BACKUP");
  EXPECT_EQ(status["reason"], "start");
  EXPECT_EQ(status["since"], 4999.0);
  EXPECT_EQ(status["priority"]["effective"], 100);
  EXPECT_EQ(status["addresses"].size(), 2U);
  EXPECT_EQ(status["addresses"][0]["address"], "10.1.0.1/24");
  EXPECT_EQ(status["addresses"][0]["present"], true);
  EXPECT_EQ(status["adverts"]["sent"], 3);
  EXPECT_EQ(status["rejected"].size(), 1U);
  EXPECT_TRUE(status["master"].is_null());
  EXPECT_NEAR(status["next_timeout_in"].get<double>(), 2.609, 0.01);  // 3 s and the skew of 100, a second ago
}

TEST(Status, every_reason_has_a_sentence) {
  for (int i = 0; i <= static_cast<int>(vrrp::Reason::configuration); ++i) {
    EXPECT_FALSE(sentence(static_cast<vrrp::Reason>(i)).empty()) << i;
  }
}

TEST(StatusService, pages_are_told_to_their_end_and_none_is_longer_than_a_message) {
  // Sixteen instances with sixty-four addresses each once were one message too long, which ended the worker.
  Bench bench(instances(60, 64));
  std::size_t told = 0;
  json from = 0;
  for (int page = 0; page < 100 && !from.is_null(); ++page) {
    const json reply = bench.ask(json{{"id", page}, {"ask", "status"}, {"from", from}}.dump());
    ASSERT_FALSE(reply.contains("error")) << reply;
    EXPECT_EQ(reply["id"], page);
    told += reply["instances"].size();
    from = reply["next"];
  }
  EXPECT_EQ(told, 60U);
}

TEST(StatusService, groups_and_scripts_follow_the_instances) {
  Bench bench(
      "vrrp_script chk {\nscript \"/usr/bin/true\"\n}\n"
      "vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\ntrack_script {\nchk\n}\n}\n" +
      instances(2, 1));
  const json reply = bench.ask(R"({"id":1,"ask":"status","from":0})");
  ASSERT_EQ(reply["groups"].size(), 1U);
  EXPECT_EQ(reply["groups"][0]["members"], (json{"VI_1", "VI_2"}));
  ASSERT_EQ(reply["scripts"].size(), 1U);
  EXPECT_EQ(reply["scripts"][0]["status"], "not known yet");
  EXPECT_TRUE(reply["next"].is_null());
}

TEST(StatusService, all_groups_and_scripts_are_told) {
  std::string text;
  for (int i = 0; i < 250; ++i) text += fmt::format("vrrp_script chk_{} {{\nscript \"/usr/bin/true\"\n}}\n", i);
  text += instances(1, 1);
  text.insert(
      text.rfind('}'), "track_script {\n" + [] {
        std::string names;
        for (int i = 0; i < 250; ++i) names += fmt::format("chk_{}\n", i);
        return names;
      }() + "}\n");
  Bench bench(text);
  std::size_t told = 0;
  json from = 0;
  for (int page = 0; page < 100 && !from.is_null(); ++page) {
    const json reply = bench.ask(json{{"id", page}, {"ask", "status"}, {"from", from}}.dump());
    told += reply["scripts"].size();
    from = reply["next"];
  }
  EXPECT_EQ(told, 250U);
}

TEST(StatusService, a_group_names_the_member_to_blame) {
  Bench bench("vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\n}\n" + instances(2, 1));
  vrrp::NodeActions actions;
  bench.node.on_configuration_fault(0, true, bench.now, actions);
  const json blamed = instance_status(bench.source(), 1, {.now = bench.now, .wall = {}});
  EXPECT_EQ(blamed["faults"], (json{"its sync group G is in FAULT because of VI_1"}));
}

TEST(StatusService, a_handover_is_for_a_master_that_exists) {
  Bench bench(instances(1, 1));
  EXPECT_THAT(bench.ask(R"({"ask":"handover","instance":"nobody"})")["error"].get<std::string>(), HasSubstr("nobody"));
  EXPECT_EQ(bench.ask(R"({"ask":"handover","instance":"nobody"})")["kind"], "not-found");
  EXPECT_THAT(bench.ask(R"({"ask":"handover","instance":"VI_1"})")["error"].get<std::string>(), HasSubstr("BACKUP"));
  vrrp::NodeActions actions;
  bench.node.on_timeout(bench.now + 4s, actions);
  ASSERT_EQ(bench.node.router(0).state(), vrrp::State::master);
  EXPECT_TRUE(bench.ask(R"({"ask":"handover","instance":"VI_1"})").contains("message"));
  EXPECT_EQ(bench.handed_over, vrrp::RouterId{0});
}

TEST(StatusService, counters_are_cleared_with_the_page_that_tells_them) {
  Bench bench(instances(20, 1));  // two pages
  for (RouterStatistics& each : bench.statistics) each.adverts_sent = 7;
  const json first = bench.ask(R"({"ask":"status","from":0,"clear":true})");
  EXPECT_EQ(first["instances"][0]["adverts"]["sent"], 7);
  EXPECT_EQ(bench.statistics.front().adverts_sent, 0U);
  EXPECT_EQ(bench.statistics.back().adverts_sent, 7U) << "not told yet";
  EXPECT_EQ(bench.ask(R"({"ask":"status","from":0})")["instances"][0]["adverts"]["sent"], 0);
  EXPECT_EQ(bench.statistics.back().adverts_sent, 7U) << "nobody asked for it";
}

TEST(StatusService, tracked_processes_are_told_behind_the_scripts) {
  Bench bench("vrrp_track_process web {\nprocess nginx\n}\n" +
              instances(1, 1).replace(instances(1, 1).rfind('}'), 1, "track_process {\nweb\n}\n}"));
  const json status = bench.ask(R"({"ask":"status","from":0})");
  EXPECT_EQ(status["processes"], (json{{{"name", "web"}, {"status", "not known yet"}}}));
}

TEST(StatusService, nonsense_is_answered) {
  Bench bench(instances(1, 1));
  for (const char* question :
       {"[]", "{", "5", "{}", R"({"ask":7})", R"({"ask":"status","from":-1})", R"({"ask":"status","from":"x"})",
        R"({"ask":"status","from":99999})", R"({"ask":"handover","instance":{}})"}) {
    EXPECT_TRUE(bench.ask(question).is_object()) << question;
  }
}

}  // namespace
}  // namespace baton::daemon
