#include "notify/balance_event.h"

#include <gtest/gtest.h>

namespace baton::notify {
namespace {

const BalanceEvent server{.virtual_server = "[10.0.0.1]:tcp:80", .real_server = "[10.0.0.11]:tcp:80", .is_up = false};
const BalanceEvent quorum{.virtual_server = "[10.0.0.1]:tcp:80", .real_server = {}, .is_up = true};
const MailSettings settings{.router_id = "lb1", .from = "lb@a", .to = {"ops@a"}};

TEST(BalanceEvent, fifo_lines_are_keepaliveds) {
  EXPECT_EQ(fifo_line(server), "RS [10.0.0.11]:tcp:80 [10.0.0.1]:tcp:80 DOWN\n");
  EXPECT_EQ(fifo_line(quorum), "VS [10.0.0.1]:tcp:80 UP\n");
}

TEST(BalanceEvent, mails_say_what_and_why) {
  const auto down = alert(server, "connection refused", settings);
  ASSERT_TRUE(down);
  EXPECT_EQ(down->subject, "[lb1] Realserver [10.0.0.11]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - DOWN");
  EXPECT_EQ(down->body, "=> CHECK failed (connection refused), the server is out <=\n");
  EXPECT_EQ(alert(quorum, {}, settings)->subject, "[lb1] Virtualserver [10.0.0.1]:tcp:80 - UP");
  EXPECT_FALSE(alert(quorum, {}, {}));
}

}  // namespace
}  // namespace baton::notify
