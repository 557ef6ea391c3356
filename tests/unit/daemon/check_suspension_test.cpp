// ha_suspend: which checks rest, by the addresses that are here.
#include "daemon/check_suspension.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace baton::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}
ListedCheck check(std::vector<config::GroupEntry> only_with) {
  return {.check = {}, .label = {}, .only_with = std::move(only_with)};
}

class CheckSuspensionTest : public testing::Test {
 protected:
  std::vector<CheckSuspension::Change> look() {
    return suspension_.look([this](const IpAddress& one) { return here_.contains(one); });
  }

  std::set<IpAddress> here_;
  CheckSuspension suspension_{{check({{.first = address("10.0.0.1"), .port = 80}}), check({}),
                               check({{.first = address("10.0.0.1"), .port = 80}}),
                               check({{.first = address("10.0.0.7"), .count = 3}, {.mark = 5}})}};
};

TEST_F(CheckSuspensionTest, without_their_address_they_rest_and_others_do_not) {
  EXPECT_TRUE(suspension_.is_wanted());
  here_ = {address("10.0.0.8")};
  std::vector<std::uint32_t> resting;
  for (const auto& change : look()) {
    EXPECT_TRUE(change.is_suspended);
    resting.insert(resting.end(), change.checks.begin(), change.checks.end());
  }
  EXPECT_THAT(resting, ElementsAre(0, 2));
  EXPECT_TRUE(suspension_.is_suspended(0));
  EXPECT_FALSE(suspension_.is_suspended(1));
  EXPECT_FALSE(suspension_.is_suspended(3));  // any one of its addresses will do
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(CheckSuspensionTest, they_go_on_when_it_comes) {
  (void)look();
  here_ = {address("10.0.0.9")};
  const auto changes = look();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_THAT(changes.front().checks, ElementsAre(3));
  EXPECT_FALSE(changes.front().is_suspended);
  EXPECT_EQ(changes.front().address, "10.0.0.7");
}

TEST(CheckSuspension, is_not_wanted_where_nobody_says_so) {
  EXPECT_FALSE(CheckSuspension({check({})}).is_wanted());
}

}  // namespace
}  // namespace baton::daemon
