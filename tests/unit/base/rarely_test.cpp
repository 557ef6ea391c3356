#include "base/rarely.h"

#include <gtest/gtest.h>

#include <string>

namespace baton {
namespace {

TEST(Rarely, is_empty_and_small_at_first) {
  const Rarely<std::string> none;
  EXPECT_FALSE(none);
  EXPECT_EQ(sizeof(none), sizeof(void*));
}

TEST(Rarely, a_copy_is_a_value_of_its_own) {
  Rarely<std::string> first = std::string("one");
  const Rarely<std::string> copy = first;
  *first = "two";
  EXPECT_EQ(*copy, "one");
}

TEST(Rarely, compares_what_it_holds) {
  EXPECT_EQ(Rarely<int>(), Rarely<int>());
  EXPECT_EQ(Rarely<int>(1), Rarely<int>(1));
  EXPECT_NE(Rarely<int>(1), Rarely<int>(2));
  EXPECT_NE(Rarely<int>(0), Rarely<int>());
}

TEST(Rarely, is_assigned_from_itself_and_emptied) {
  Rarely<std::string> value = std::string("one");
  const Rarely<std::string>& same = value;
  value = same;
  EXPECT_EQ(*value, "one");
  value.reset();
  EXPECT_FALSE(value.has_value());
}

}  // namespace
}  // namespace baton
