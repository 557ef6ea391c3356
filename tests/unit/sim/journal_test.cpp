#include "sim/journal.h"

#include <gtest/gtest.h>

namespace baton::sim {
namespace {

TEST(Journal, takes_no_more_than_its_queue_holds_while_nobody_reads) {
  Journal journal(2);
  journal.set_reader(Journal::Reader::stalls);
  EXPECT_TRUE(journal.put({.writer = 1, .line = 1}));
  EXPECT_TRUE(journal.put({.writer = 1, .line = 2}));
  EXPECT_FALSE(journal.put({.writer = 1, .line = 3}));
  journal.set_reader(Journal::Reader::reads);
  EXPECT_EQ(journal.waiting(), 0U);
  EXPECT_EQ(journal.accounted(1), 2U);
}

TEST(Journal, is_crowded_by_other_programs) {
  Journal journal(10);
  journal.set_reader(Journal::Reader::stalls);
  journal.crowd(1);
  EXPECT_EQ(journal.waiting(), 9U);
  EXPECT_TRUE(journal.put({.writer = 1, .line = 1}));
  EXPECT_FALSE(journal.put({.writer = 1, .line = 2}));
  journal.set_reader(Journal::Reader::reads);
  EXPECT_EQ(journal.accounted(1), 1U);
}

TEST(Journal, wants_each_missing_line_counted_once) {
  for (const std::uint64_t told : {1U, 2U, 3U}) {
    Journal journal(10);
    EXPECT_TRUE(journal.put({.writer = 1, .line = 1}));
    EXPECT_TRUE(journal.put({.writer = 1, .line = 4}));
    EXPECT_TRUE(journal.put({.writer = 1, .lost = told}));
    EXPECT_EQ(journal.problem().empty(), told == 2) << journal.problem();
  }
}

TEST(Journal, notices_lines_in_the_wrong_order) {
  Journal journal(10);
  EXPECT_TRUE(journal.put({.writer = 1, .line = 2}));
  EXPECT_TRUE(journal.put({.writer = 2, .line = 1}));
  EXPECT_EQ(journal.problem(), "") << "another worker";
  EXPECT_TRUE(journal.put({.writer = 2, .line = 1}));
  EXPECT_NE(journal.problem(), "");
}

}  // namespace
}  // namespace baton::sim
