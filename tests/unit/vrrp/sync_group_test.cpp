#include "vrrp/sync_group.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace baton::vrrp {
namespace {

GroupTally tally_of(std::initializer_list<GroupMember> members) {
  GroupTally tally;
  for (const GroupMember& member : members) tally.add(member);
  return tally;
}
constexpr GroupMember master{.state = State::master, .serving = true, .may_stay = true};
constexpr GroupMember leaving{.state = State::master};
constexpr GroupMember backup{.state = State::backup};
constexpr GroupMember wanting{.state = State::backup, .wants_master = true};
constexpr GroupMember fault{.state = State::fault};
constexpr GroupMember waiting{.state = State::init};

TEST(SyncGroup, becomes_master_when_every_member_wants_it) {
  EXPECT_TRUE(may_become_master(tally_of({wanting, wanting})));
  EXPECT_FALSE(may_become_master(tally_of({wanting, backup})));
  EXPECT_FALSE(may_become_master(tally_of({wanting, waiting})));
  EXPECT_FALSE(may_become_master(tally_of({})));
}

TEST(SyncGroup, leaves_when_one_member_has_left) {
  EXPECT_TRUE(must_leave(tally_of({leaving, master}), true));
  EXPECT_TRUE(must_leave(tally_of({backup, master}), false));
  EXPECT_TRUE(must_leave(tally_of({fault, master}), false));
  EXPECT_FALSE(must_leave(tally_of({master, master}), false));
  EXPECT_FALSE(must_leave(tally_of({backup, backup}), true));
}

TEST(SyncGroup, a_member_that_leaves_and_stays_after_all_takes_nobody_along) {
  EXPECT_FALSE(must_leave(tally_of({leaving, master}), false));
}

TEST(SyncGroup, stays_together_as_long_as_nobody_has_let_go) {
  EXPECT_TRUE(may_stay_together(tally_of({leaving, master})));
  EXPECT_FALSE(may_stay_together(tally_of({leaving, master, backup})));
  EXPECT_FALSE(may_stay_together(tally_of({master, fault})));
}

TEST(SyncGroup, has_nobody_to_take_along_when_all_are_on_their_way_out) {
  EXPECT_FALSE(must_leave(tally_of({leaving, leaving, backup}), false));
}

TEST(SyncGroup, takes_a_beginner_in_where_everybody_else_serves) {
  EXPECT_TRUE(serves_without_beginners(tally_of({master, waiting})));
  EXPECT_FALSE(serves_without_beginners(tally_of({waiting, waiting})));
  EXPECT_FALSE(serves_without_beginners(tally_of({master, leaving, waiting})));
  EXPECT_FALSE(serves_without_beginners(tally_of({master, backup, waiting})));
}

TEST(SyncGroup, counts_a_member_that_changes_once) {
  GroupTally tally = tally_of({backup, wanting});
  tally.replace(backup, wanting);
  EXPECT_TRUE(may_become_master(tally));
  tally.replace(wanting, master);
  tally.replace(wanting, master);
  EXPECT_EQ(group_state(tally, State::backup), State::master);
  EXPECT_EQ(tally.members(), 2);
}

TEST(SyncGroup, is_in_fault_with_its_first_member_and_master_with_its_last) {
  EXPECT_EQ(group_state(tally_of({fault, backup}), State::backup), State::fault);
  EXPECT_EQ(group_state(tally_of({master, backup}), State::backup), State::backup);
  EXPECT_EQ(group_state(tally_of({master, master}), State::backup), State::master);
}

TEST(SyncGroup, is_told_to_be_backup_when_the_last_member_has_let_go) {
  EXPECT_EQ(group_state(tally_of({leaving, backup}), State::master), State::master);
  EXPECT_EQ(group_state(tally_of({backup, backup}), State::master), State::backup);
}

TEST(SyncGroup, is_in_init_while_a_member_is) {
  EXPECT_EQ(group_state(tally_of({waiting, backup}), State::init), State::init);
}

}  // namespace
}  // namespace baton::vrrp
