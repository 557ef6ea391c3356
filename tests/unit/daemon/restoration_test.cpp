#include "daemon/restoration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Restoration, is_slower_each_time_and_never_given_up) {
  Restoration<int> restoration;
  Instant now{100s};
  for (const Duration hold : {0s, 1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    EXPECT_EQ(restoration.on_loss(1, now), hold);
    if (hold == 0s) {
      EXPECT_EQ(restoration.next_at(), std::nullopt);
      continue;
    }
    EXPECT_EQ(restoration.next_at(), now + hold);
    EXPECT_THAT(restoration.due(now + hold - 1ns), IsEmpty());
    now += hold;
    EXPECT_THAT(restoration.due(now), ElementsAre(1));
    EXPECT_THAT(restoration.due(now), IsEmpty());
  }
}

TEST(Restoration, begins_anew_when_the_address_was_left_alone) {
  Restoration<int> restoration;
  const Instant now{100s};
  (void)restoration.on_loss(1, now);
  EXPECT_EQ(restoration.on_loss(1, now + 59s), 1s);
  EXPECT_THAT(restoration.due(now + 60s), ElementsAre(1));
  EXPECT_EQ(restoration.on_loss(1, now + 120s), 0s);
}

TEST(Restoration, of_one_address_does_not_slow_another) {
  Restoration<int> restoration;
  const Instant now{100s};
  (void)restoration.on_loss(1, now);
  (void)restoration.on_loss(1, now);
  EXPECT_EQ(restoration.on_loss(2, now), 0s);
  EXPECT_TRUE(restoration.is_waiting(1));
  EXPECT_FALSE(restoration.is_waiting(2));
}

}  // namespace
}  // namespace baton::daemon
