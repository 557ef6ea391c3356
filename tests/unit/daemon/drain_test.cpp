#include "daemon/drain.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/bytes.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string service(const std::string& title, const std::vector<int>& servers) {
  std::string text = "virtual_server " + title + " {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n";
  for (const int each : servers) text += "real_server 10.1.0." + std::to_string(each) + " 80 {\nweight 1\n}\n";
  return text + "}\n";
}

class Board {
 public:
  explicit Board(std::size_t servers)
      : memory_(CheckBoard::size_for({.servers = servers}) / sizeof(std::uint64_t) + 1),
        board(memory_.data(), {.servers = servers}) {}

 private:
  std::vector<std::uint64_t> memory_;

 public:
  CheckBoard board;
};

DrainOrder order(const char* server, const char* service = "") {
  return {.id = 7, .is_drained = true, .server = server, .service = service};
}

TEST(Drain, an_order_survives_the_way_to_the_guardian) {
  const DrainOrder sent{.id = 3, .is_drained = false, .server = "[fd00::1]:80", .service = "10.0.0.1 80 TCP"};
  const std::string text = to_message(sent);
  EXPECT_EQ(drain_order_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}), sent);
}

TEST(Drain, what_is_no_order_is_none) {
  for (const std::string text : {"", "{}", "[]", R"({"id":1,"maintenance":"on"})", R"({"id":1,"drain":1,"server":"x"})",
                                 R"({"id":-1,"drain":true,"server":"x"})", R"({"id":1,"drain":true})"}) {
    EXPECT_FALSE(drain_order_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) << text;
  }
  EXPECT_FALSE(drain_order_of_request(json::object(), true));
  EXPECT_FALSE(drain_order_of_request({{"server", 80}}, true));
  EXPECT_FALSE(drain_order_of_request({{"server", std::string(256, 'x')}}, true));
}

TEST(Drain, is_for_every_service_that_has_the_server_or_for_one) {
  const auto setup = setup_of(service("10.0.0.1 80", {1, 2}) + service("10.0.0.2 80", {2, 3}));
  Board made(4);
  const json both = carry_out(order("10.1.0.2:80"), setup.configuration, made.board);
  EXPECT_EQ(both["services"], (json{"10.0.0.1 80 TCP", "10.0.0.2 80 TCP"}));
  EXPECT_EQ(both["changed"], true);
  EXPECT_TRUE(made.board.is_drained(1) && made.board.is_drained(2));
  EXPECT_FALSE(made.board.is_drained(0) || made.board.is_drained(3));
  EXPECT_EQ(carry_out(order("10.1.0.2:80"), setup.configuration, made.board)["changed"], false);
  DrainOrder back = order("10.1.0.2:80", "10.0.0.2 80 TCP");
  back.is_drained = false;
  EXPECT_EQ(carry_out(back, setup.configuration, made.board)["services"], json::array_t{"10.0.0.2 80 TCP"});
  EXPECT_TRUE(made.board.is_drained(1));
  EXPECT_FALSE(made.board.is_drained(2));
}

TEST(Drain, of_nobody_is_an_error_that_says_so) {
  const auto setup = setup_of(service("10.0.0.1 80", {1}));
  Board made(1);
  const json none = carry_out(order("10.1.0.9:80"), setup.configuration, made.board);
  EXPECT_EQ(none["kind"], "not-found");
  EXPECT_THAT(none["error"].get<std::string>(), HasSubstr("10.1.0.9:80"));
  EXPECT_EQ(carry_out(order("10.1.0.1:80", "x"), setup.configuration, made.board)["kind"], "not-found");
  EXPECT_FALSE(made.board.is_drained(0));
}

}  // namespace
}  // namespace baton::daemon
