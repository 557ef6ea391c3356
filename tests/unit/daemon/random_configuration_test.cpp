#include "support/random_configuration.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using support::random_configuration_pair;
using testing::IsEmpty;

TEST(RandomConfiguration, a_seed_is_a_pair) {
  EXPECT_EQ(random_configuration_pair(7).before, random_configuration_pair(7).before);
  EXPECT_EQ(random_configuration_pair(7).after, random_configuration_pair(7).after);
  EXPECT_NE(random_configuration_pair(7).before, random_configuration_pair(8).before);
}

TEST(RandomConfiguration, both_are_sound_and_everything_in_them_is_carried_out) {
  std::size_t unchanged = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto pair = random_configuration_pair(seed);
    unchanged += pair.before == pair.after ? 1 : 0;
    for (const std::string& text : {pair.before, pair.after}) {
      const daemon::Setup setup = setup_of(text);
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << "\n" << text;
      ASSERT_THAT(setup.problems, IsEmpty()) << text;
      ASSERT_THAT(setup.not_carried_out, IsEmpty()) << text;
      ASSERT_FALSE(setup.routers.empty());
    }
  }
  EXPECT_LT(unchanged, 60U);
}

}  // namespace
}  // namespace baton::daemon
