#include "daemon/router_set.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

using Routers = std::vector<vrrp::RouterId>;

Routers in(const RouterSet& set) {
  return {set.begin(), set.end()};
}

TEST(RouterSet, holds_each_router_once_in_the_order_of_coming) {
  RouterSet set(5);
  for (const vrrp::RouterId router : {3U, 1U, 3U, 4U, 1U}) set.insert(router);
  EXPECT_EQ(in(set), (Routers{3, 1, 4}));
  set.insert_all();
  EXPECT_EQ(in(set), (Routers{3, 1, 4, 0, 2}));
}

TEST(RouterSet, is_filled_anew_after_it_was_emptied) {
  RouterSet set(5);
  set.insert(3);
  set.clear();
  EXPECT_EQ(in(set), Routers());
  set.insert(3);
  EXPECT_EQ(in(set), Routers{3});
}

}  // namespace
}  // namespace baton::daemon
