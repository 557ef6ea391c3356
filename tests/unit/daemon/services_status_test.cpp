// What an operator is told of load balancing, of boards and ledgers that a test has written.
#include "daemon/services_status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "daemon/check_list.h"
#include "kernel/process_settings.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* two_services =
    "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\nquorum 2\nsorry_server 10.0.0.9 80\n"
    "real_server 10.0.0.11 80 {\nweight 1\nTCP_CHECK {\n}\n}\n"
    "real_server 10.0.0.12 80 {\nweight 3\nTCP_CHECK {\n}\n}\n}\n"
    "virtual_server 10.0.0.2 53 {\nlb_algo rr\nlb_kind NAT\nprotocol UDP\n"
    "real_server 10.0.0.13 53 {\nweight 1\nTCP_CHECK {\n}\n}\n}\n";

class ServicesStatusTest : public testing::Test {
 protected:
  void SetUp() override {
    auto ledger = kernel::SharedMemory::create(CheckLedger::size(), kernel::SharedMemory::Pages::when_touched);
    ASSERT_TRUE(ledger);
    ledger_memory_ = std::move(*ledger);
    auto board = kernel::SharedMemory::create(CheckBoard::size_for(shape_));
    ASSERT_TRUE(board);
    board_memory_ = std::move(*board);
    source_.board = CheckBoard(board_memory_.data(), shape_);
    source_.ledger = CheckLedger(ledger_memory_.data());
    log::Logger log({.syslog = false});
    for (const ListedCheck& check : list_checks(setup_.configuration, log)) source_.keys.push_back(check.key);
    (void)source_.ledger.take_over(source_.keys);
  }
  void say(std::size_t check, balance::CheckState state, Instant at) {
    source_.board.note_check(check, {.state = state}, at);
  }
  json page() const { return ServicesStatus(setup_.configuration, source_).page(0, clock_); }

  CheckBoard::Shape shape_{.checks = 3, .services = 2, .servers = 3};
  setup::Setup setup_ = setup_of(two_services);
  kernel::SharedMemory ledger_memory_;
  kernel::SharedMemory board_memory_;
  ServicesSource source_;
  ClockReading clock_{.now = Instant(1000s), .wall = WallTime(5000s)};
};

TEST_F(ServicesStatusTest, says_why_a_server_is_out_since_when_and_what_serves) {
  say(0, balance::CheckState::up, Instant(900s));
  say(1, balance::CheckState::down, Instant(940s));
  say(1, balance::CheckState::down, Instant(960s));  // no news: since 940
  source_.ledger.put(
      1,
      {.is_up = false, .failures_in_a_row = 4, .last_failure = health::Failure::http_status, .tries = 9, .failures = 4},
      "503");
  source_.board.set_quorum(0, false);
  const json service = page()["services"][0];
  EXPECT_EQ(service["name"], "10.0.0.1 80 TCP");
  EXPECT_EQ(service["addresses"], json::array_t{"TCP 10.0.0.1:80"});
  EXPECT_EQ(service["quorum"], (json{{"wanted", 2}, {"hysteresis", 0}, {"have", 1}, {"met", false}}));
  EXPECT_EQ(service["sorry_server"], (json{{"address", "10.0.0.9:80"}, {"in_use", true}}));
  const json server = service["servers"][1];
  EXPECT_EQ(server["address"], "10.0.0.12:80");
  EXPECT_EQ(server["state"], "down");
  EXPECT_EQ(server["since"], 4940);
  EXPECT_EQ(server["weight"], (json{{"configured", 3}, {"in_force", nullptr}}));
  const json check = server["checks"][0];
  EXPECT_EQ(check["kind"], "TCP_CHECK");
  EXPECT_EQ(check["outcome"], "http_status");
  EXPECT_THAT(check["text"].get<std::string>(), testing::HasSubstr("503"));
  EXPECT_EQ(check["tries"], 9);
  EXPECT_EQ(check["failures"], 4);
  EXPECT_EQ(service["servers"][0]["weight"]["in_force"], nullptr);  // the sorry server alone serves
}

TEST_F(ServicesStatusTest, a_server_that_nobody_has_tried_is_up_since_nobody_knows_when) {
  const json server = page()["services"][1]["servers"][0];
  EXPECT_EQ(server["state"], "up");
  EXPECT_EQ(server["since"], nullptr);
  EXPECT_EQ(server["weight"]["in_force"], 1);
  EXPECT_EQ(server["checks"][0]["outcome"], nullptr);
  EXPECT_EQ(server["checks"][0]["state"], "not known yet");
}

TEST_F(ServicesStatusTest, says_that_there_is_no_plane) {
  EXPECT_EQ(page()["plane"]["state"], "not known yet");
  source_.board.set_plane({.state = PlaneState::missing, .code = ENOENT});
  EXPECT_EQ(page()["plane"]["state"], "missing");
  EXPECT_THAT(page()["plane"]["problem"].get<std::string>(), testing::HasSubstr("No such file"));
  EXPECT_EQ(page()["plane"]["name"], nullptr);
  source_.board.set_plane({.state = PlaneState::serves, .kind = PlaneKind::nftables});
  EXPECT_EQ(page()["plane"]["problem"], nullptr);
  EXPECT_EQ(page()["plane"]["name"], "nftables");
}

TEST_F(ServicesStatusTest, says_who_hears_of_connections) {
  source_.board.set_plane({.state = PlaneState::serves, .kind = PlaneKind::ipvs});
  EXPECT_EQ(page()["plane"]["connection_sync"], (json{{"tells", false}, {"hears", false}}));
  source_.board.set_plane({.state = PlaneState::serves, .kind = PlaneKind::ipvs, .hears_connections = true});
  EXPECT_EQ(page()["plane"]["connection_sync"], (json{{"tells", false}, {"hears", true}}));
}

TEST_F(ServicesStatusTest, says_what_a_server_got_and_what_nobody_counts) {
  EXPECT_EQ(page()["services"][1]["servers"][0]["traffic"], nullptr);
  source_.board.set_traffic(2, {.connections = 7, .active = 0});
  const json traffic = page()["services"][1]["servers"][0]["traffic"];
  EXPECT_EQ(traffic["connections"], 7);
  EXPECT_EQ(traffic["active"], 0);
  EXPECT_EQ(traffic["bytes_in"], nullptr);
  EXPECT_EQ(page()["services"][0]["servers"][1]["traffic"], nullptr);
}

TEST_F(ServicesStatusTest, says_who_is_drained) {
  source_.board.set_drained(1, true);
  const json service = page()["services"][0];
  EXPECT_EQ(service["servers"][0]["state"], "up");
  EXPECT_EQ(service["servers"][1]["state"], "drained");
  EXPECT_EQ(service["servers"][1]["weight"],
            (json{{"configured", 3}, {"in_force", nullptr}}));  // no quorum: the sorry server
  EXPECT_EQ(service["quorum"]["have"], 1);
}

TEST_F(ServicesStatusTest, counts_what_is_down) {
  say(0, balance::CheckState::down, Instant(900s));
  say(1, balance::CheckState::down, Instant(900s));
  const json summary = ServicesStatus(setup_.configuration, source_).summary();
  EXPECT_EQ(summary["services"], 2);
  EXPECT_EQ(summary["without_quorum"], 1);
  EXPECT_EQ(summary["servers"], 3);
  EXPECT_EQ(summary["servers_down"], 2);
}

TEST_F(ServicesStatusTest, is_found_by_name) {
  const ServicesStatus status(setup_.configuration, source_);
  const auto service = status.one("10.0.0.2 53 UDP", clock_);
  ASSERT_TRUE(service);
  EXPECT_EQ((*service)["servers"][0]["address"], "10.0.0.13:53");
  EXPECT_FALSE(status.one("10.0.0.3 53 UDP", clock_));
}

TEST(ServicesStatus, answers_in_pages_that_cut_no_service) {
  std::string text;
  for (int service = 1; service <= 3; ++service) {
    text += fmt::format("virtual_server 10.9.0.{} 80 {{\nprotocol TCP\nlb_algo rr\nlb_kind NAT\n", service);
    for (std::size_t server = 0; server < 300; ++server) {
      text += fmt::format("real_server 10.{}.{}.{} 80 {{\n}}\n", service, server / 250, server % 250 + 1);
    }
    text += "}\n";
  }
  const setup::Setup setup = setup_of(text);
  const ServicesSource source;
  const ServicesStatus status(setup.configuration, source);
  const ClockReading clock{.now = Instant(1s), .wall = WallTime(1s)};
  std::vector<std::string> names;
  json from = 0;
  for (int pages = 0; pages < 5 && !from.is_null(); ++pages) {
    const json page = status.page(from.get<std::size_t>(), clock);
    EXPECT_EQ(page["total"], 3);
    for (const json& service : page["services"]) {
      EXPECT_EQ(service["servers"].size(), 300);
      names.push_back(service["name"]);
    }
    from = page["next"];
  }
  EXPECT_EQ(names, (std::vector<std::string>{"10.9.0.1 80 TCP", "10.9.0.2 80 TCP", "10.9.0.3 80 TCP"}));
  EXPECT_EQ(status.page(99, clock)["services"], json::array());
}

}  // namespace
}  // namespace baton::daemon
