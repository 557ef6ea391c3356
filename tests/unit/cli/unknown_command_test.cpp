#include "cli/unknown_command.h"

#include <gtest/gtest.h>

#include <array>

namespace baton::cli {
namespace {

const std::array<std::string, 4> known{"status", "why", "events", "handover"};

TEST(NearestWord, is_the_one_that_was_meant) {
  EXPECT_EQ(nearest_word("statsu", known), "status");
  EXPECT_EQ(nearest_word("event", known), "events");
  EXPECT_EQ(nearest_word("hand-over", known), "handover");
  EXPECT_EQ(nearest_word("wyh", known), "why");
}

TEST(NearestWord, is_none_when_nothing_is_near) {
  EXPECT_EQ(nearest_word("xxxxxxxxxx", known), "");
  EXPECT_EQ(nearest_word(std::string(100'000, 's'), known), "");
}

}  // namespace
}  // namespace baton::cli
