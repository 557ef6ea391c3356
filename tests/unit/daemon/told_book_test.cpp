#include "daemon/told_book.h"

#include <gtest/gtest.h>

#include <vector>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using vrrp::State;

class Told : public testing::Test {
 protected:
  static std::optional<RouterWill> will(State state, ToldStates told) {
    RouterWill will{.told = told};
    will.router.state = state;
    return will;
  }
  daemon::Setup setup_ = setup_of(
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n"
      "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n"
      "vrrp_instance B {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.0.2\n}\n}\n");
  ToldBook book_{setup_};
};

TEST_F(Told, what_was_handed_over_is_told_when_somebody_has_it) {
  book_.hand_over_router(1, State::backup);
  EXPECT_EQ(book_.of(1).router, State::init);
  EXPECT_TRUE(book_.take_new().empty());
  book_.confirm();
  EXPECT_EQ(book_.of(1).router, State::backup);
  EXPECT_EQ(book_.take_new(), std::vector<vrrp::RouterId>{1});
  EXPECT_TRUE(book_.take_new().empty());
}

TEST_F(Told, a_group_is_told_in_the_wills_of_all_its_members) {
  book_.hand_over_group(0, State::master);
  book_.confirm();
  EXPECT_EQ(book_.take_new().size(), 2U);
  EXPECT_EQ(book_.of(0).group, State::master);
  EXPECT_EQ(book_.of(1).group, State::master);
}

TEST_F(Told, the_worker_before_owes_what_is_behind_its_state) {
  const auto owed =
      book_.take_over(std::vector{will(State::master, {.router = State::backup, .group = State::backup}),
                                  will(State::master, {.router = State::master, .group = State::backup})});
  ASSERT_EQ(owed.routers.size(), 1U);
  EXPECT_EQ(owed.routers[0].first, 0U);
  EXPECT_EQ(owed.routers[0].second.from, State::backup);
  EXPECT_EQ(owed.routers[0].second.to, State::master);
  ASSERT_EQ(owed.groups.size(), 1U);
  EXPECT_EQ(owed.groups[0].second.to, State::master);
  EXPECT_EQ(book_.of(0).router, State::backup) << "until it is told";
}

TEST_F(Told, nothing_is_owed_for_who_is_not_known_or_has_stopped) {
  const auto owed =
      book_.take_over(std::vector{std::optional<RouterWill>(), will(State::init, {.router = State::master})});
  EXPECT_TRUE(owed.routers.empty());
  EXPECT_TRUE(owed.groups.empty());
}

}  // namespace
}  // namespace baton::daemon
