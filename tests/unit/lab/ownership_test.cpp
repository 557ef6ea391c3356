#include "lab/ownership.h"

#include <gtest/gtest.h>

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

Instant at(Duration time) {
  return Instant(time);
}
const IpAddress address = IpAddress::v4(0x0a001464);

TEST(Ownership, counts_how_long_nobody_and_how_long_two_have_an_address) {
  Ownership ownership;
  ownership.set(address, 0, true, at(1s));
  ownership.set(address, 1, true, at(3s));
  ownership.set(address, 0, false, at(3500ms));
  const Ownership::Times times = ownership.times(address, at(0s), at(10s));
  EXPECT_EQ(times.nobody, 1s);
  EXPECT_EQ(times.two_or_more, 500ms);
}

TEST(Ownership, looks_only_at_the_time_asked_for_but_knows_what_was_before) {
  Ownership ownership;
  ownership.set(address, 0, true, at(1s));
  ownership.set(address, 1, true, at(3s));
  const Ownership::Times times = ownership.times(address, at(4s), at(5s));
  EXPECT_EQ(times.nobody, 0s);
  EXPECT_EQ(times.two_or_more, 1s);
}

TEST(Ownership, telling_it_twice_changes_nothing) {
  Ownership ownership;
  EXPECT_TRUE(ownership.set(address, 0, true, at(1s)));
  EXPECT_FALSE(ownership.set(address, 0, true, at(2s)));
  EXPECT_EQ(ownership.last_change(address), at(1s));
  EXPECT_EQ(ownership.owners(address), std::set<NodeId>{0});
}

}  // namespace
}  // namespace baton::lab
