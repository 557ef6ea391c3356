#include "daemon/reload.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::optional<ReloadOrder> read(std::string_view text) {
  return reload_order_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(ReloadOrder, is_read_as_it_was_written) {
  const ReloadOrder orders[] = {{.id = 7},
                                {.id = 8, .what = ReloadOrder::What::rehearse},
                                {.id = 9, .what = ReloadOrder::What::confirm},
                                {.id = 10, .confirm_within = 1500ms}};
  for (const ReloadOrder& order : orders) EXPECT_EQ(read(to_message(order)), order) << to_message(order);
}

TEST(ReloadOrder, nonsense_is_none) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"id":1})", R"({"id":1,"reload":"twice"})", R"({"id":-1,"reload":"confirm"})",
        R"({"id":1,"reload":7})", R"({"id":1,"reload":"carry-out","confirm_within":"60"})",
        R"({"id":1,"reload":"carry-out","confirm_within":0})",
        R"({"id":1,"reload":"carry-out","confirm_within":1e300})"}) {
    EXPECT_EQ(read(text), std::nullopt) << text;
  }
}

TEST(ReloadOrder, of_a_request) {
  EXPECT_EQ(reload_order_of_request(json::parse(R"({"command":"reload"})")), ReloadOrder{});
  EXPECT_EQ(reload_order_of_request(json::parse(R"({"dry_run":true})")),
            ReloadOrder{.what = ReloadOrder::What::rehearse});
  EXPECT_EQ(reload_order_of_request(json::parse(R"({"confirm_within":60})")), ReloadOrder{.confirm_within = 60s});
  for (const char* text : {R"({"dry_run":"yes"})", R"({"confirm_within":-1})", R"({"confirm_within":86401})"}) {
    EXPECT_FALSE(reload_order_of_request(json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace baton::daemon
