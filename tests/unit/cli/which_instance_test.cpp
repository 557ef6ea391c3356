// Who is meant by a name or an address.
#include "cli/which_instance.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

json instance(const char* name, std::initializer_list<const char*> addresses) {
  json it{{"name", name}, {"addresses", json::array()}};
  for (const char* address : addresses) it["addresses"].push_back({{"address", address}});
  return it;
}

TEST(WhichInstance, is_the_one_that_has_the_address_whatever_its_length) {
  const json::array_t all{instance("web", {"10.0.20.100/24", "2001:db8::1/64"}), instance("db", {"10.0.20.101"})};
  EXPECT_THAT(instances_with(all, "10.0.20.100"), ElementsAre("web"));
  EXPECT_THAT(instances_with(all, "10.0.20.101"), ElementsAre("db"));
  EXPECT_THAT(instances_with(all, "2001:db8:0::1"), ElementsAre("web"));
  EXPECT_THAT(instances_with(all, "10.0.20.10"), IsEmpty());
}

TEST(WhichInstance, may_be_several_that_have_it) {
  const json::array_t all{instance("a", {"10.0.20.100/24"}), instance("b", {"10.0.20.100/32"})};
  EXPECT_THAT(instances_with(all, "10.0.20.100"), ElementsAre("a", "b"));
}

TEST(WhichInstance, is_none_for_what_is_no_address) {
  EXPECT_THAT(instances_with(json::array_t{instance("web", {"10.0.20.100/24"})}, "web"), IsEmpty());
  EXPECT_EQ(instance_meant("/no/such/socket", "VI_1"), "VI_1") << "a name is asked for as it is";
}

}  // namespace
}  // namespace baton::cli
