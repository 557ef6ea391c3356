// What one checker leaves to the next.
#include "daemon/check_ledger.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace baton::daemon {
namespace {

constexpr std::array<CheckKey, 2> keys{100, 101};

health::Check::State tried(std::uint64_t tries) {
  return {.is_up = false, .was_told = true, .tries = tries};
}

class CheckLedgerTest : public testing::Test {
 protected:
  // One that runs, as by a fork behind this turn.
  CheckLedger next() {
    guardian_.turn();
    return guardian_;
  }
  // Each check was tried so often.
  CheckLedger first(std::uint64_t tries) {
    CheckLedger checker = next();
    EXPECT_TRUE(checker.take_over(keys));
    for (std::size_t i = 0; i < keys.size(); ++i) checker.put(i, tried(tries), "refused");
    return checker;
  }
  static std::uint64_t tries_of(const std::optional<CheckLedger::States>& states, std::size_t index) {
    return states && (*states)[index] ? (*states)[index]->tries : 0;
  }

 private:
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(CheckLedger::size() / sizeof(std::uint64_t) + 1);

 protected:
  CheckLedger guardian_ = CheckLedger(memory_.data());
};

TEST_F(CheckLedgerTest, the_next_checker_finds_what_the_one_before_put) {
  CheckLedger before = first(7);
  CheckLedger after = next();
  EXPECT_EQ(guardian_.read().checks.at(101).state.tries, 7U) << "nobody has taken over yet";
  constexpr std::array<CheckKey, 2> others{101, 102};
  const auto states = after.take_over(others);
  EXPECT_EQ(tries_of(states, 0), 7U);
  EXPECT_EQ(after.detail(0), "refused");
  EXPECT_FALSE(states->at(1));
  before.put(0, tried(8));  // it has not ended yet, and is in nobody's way
  after.put(0, tried(9));
  EXPECT_EQ(guardian_.read().checks.at(101).state.tries, 9U);
  EXPECT_FALSE(guardian_.read().checks.contains(100));
}

TEST_F(CheckLedgerTest, a_checker_that_ends_at_once_loses_nothing) {
  (void)first(7);
  (void)first(8);
  guardian_.turn();  // for one that could not be started
  EXPECT_EQ(guardian_.read().checks.at(100).state.tries, 8U);
  EXPECT_EQ(tries_of(next().take_over(keys), 0), 8U);
}

TEST_F(CheckLedgerTest, a_checker_that_the_next_one_overtook_has_nothing_to_do) {
  (void)first(7);
  (void)first(8);
  CheckLedger slow = next();
  CheckLedger third = next();
  EXPECT_EQ(tries_of(third.take_over(keys), 0), 8U);
  EXPECT_FALSE(slow.take_over(keys));
  EXPECT_EQ(guardian_.read().checks.at(100).state.tries, 8U);
}

TEST_F(CheckLedgerTest, without_memory_nothing_is_kept) {
  CheckLedger ledger;
  ledger.turn();
  const auto states = ledger.take_over(keys);
  ASSERT_TRUE(states);
  EXPECT_EQ(states->size(), keys.size());
  EXPECT_FALSE(states->front());
  ledger.put(0, tried(1));
  EXPECT_FALSE(ledger.beats());
}

}  // namespace
}  // namespace baton::daemon
