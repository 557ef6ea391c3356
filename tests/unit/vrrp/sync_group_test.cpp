#include "vrrp/sync_group.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::vrrp {
namespace {

using Members = std::vector<GroupMember>;
constexpr GroupMember master{.state = State::master, .serving = true};
constexpr GroupMember leaving{.state = State::master};
constexpr GroupMember backup{.state = State::backup};
constexpr GroupMember wanting{.state = State::backup, .wants_master = true};
constexpr GroupMember fault{.state = State::fault};
constexpr GroupMember waiting{.state = State::init};

TEST(SyncGroup, becomes_master_when_every_member_wants_it) {
  EXPECT_TRUE(may_become_master(Members{wanting, wanting}));
  EXPECT_FALSE(may_become_master(Members{wanting, backup}));
  EXPECT_FALSE(may_become_master(Members{wanting, waiting}));
  EXPECT_FALSE(may_become_master(Members{}));
}

TEST(SyncGroup, leaves_when_one_member_has_left) {
  EXPECT_TRUE(must_leave(Members{leaving, master}, true));
  EXPECT_TRUE(must_leave(Members{backup, master}, false));
  EXPECT_TRUE(must_leave(Members{fault, master}, false));
  EXPECT_FALSE(must_leave(Members{master, master}, false));
  EXPECT_FALSE(must_leave(Members{backup, backup}, true));
}

TEST(SyncGroup, a_member_that_leaves_and_stays_after_all_takes_nobody_along) {
  EXPECT_FALSE(must_leave(Members{leaving, master}, false));
}

TEST(SyncGroup, is_in_fault_with_its_first_member_and_master_with_its_last) {
  EXPECT_EQ(group_state(Members{fault, backup}, State::backup), State::fault);
  EXPECT_EQ(group_state(Members{master, backup}, State::backup), State::backup);
  EXPECT_EQ(group_state(Members{master, master}, State::backup), State::master);
}

TEST(SyncGroup, is_told_to_be_backup_when_the_last_member_has_let_go) {
  EXPECT_EQ(group_state(Members{leaving, backup}, State::master), State::master);
  EXPECT_EQ(group_state(Members{backup, backup}, State::master), State::backup);
}

TEST(SyncGroup, is_in_init_while_a_member_is) {
  EXPECT_EQ(group_state(Members{waiting, backup}, State::init), State::init);
}

}  // namespace
}  // namespace baton::vrrp
