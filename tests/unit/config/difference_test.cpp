#include "config/difference.h"

#include <gmock/gmock.h>

#include "config/load.h"
#include "unit/config/memory_file_reader.h"

namespace baton::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Configuration configuration_of(const std::string& text) {
  MemoryFileReader reader(MemoryFileReader::Files{{"/baton.conf", text}});
  LoadResult result = load("/baton.conf", reader);
  EXPECT_TRUE(result.ok) << report(result);
  return std::move(result.configuration);
}

std::string instance(const std::string& lines) {
  return "vrrp_instance V {\n  interface eth0\n  virtual_router_id 1\n" + lines + "}\n";
}

// The first instance goes on as the first.
std::vector<Change> between(const std::string& before, const std::string& after) {
  const std::optional<std::size_t> places[] = {0};
  return difference(configuration_of(before), configuration_of(after), places);
}

TEST(Difference, of_what_means_the_same_is_empty) {
  EXPECT_THAT(between(instance("  priority 100\n"), "# words\n" + instance("")), IsEmpty());
}

TEST(Difference, names_the_keyword_and_both_values) {
  EXPECT_THAT(between(instance("  priority 110\n"), instance("  priority 120\n  nopreempt\n")),
              ElementsAre(Change{"vrrp_instance V", "priority", "110", "120"},
                          Change{"vrrp_instance V", "nopreempt", "no", "yes"}));
}

TEST(Difference, of_a_list_says_which_lines_came_and_went) {
  const auto addresses = [](const std::string& lines) { return instance("  virtual_ipaddress {\n" + lines + "  }\n"); };
  EXPECT_THAT(
      between(addresses("    10.0.0.1\n    10.0.0.2\n"), addresses("    10.0.0.1\n    10.0.0.2\n    10.0.0.3\n")),
      ElementsAre(Change{"vrrp_instance V", "virtual_ipaddress", std::nullopt, "10.0.0.3/32 dev eth0"}));
}

TEST(Difference, of_the_order_of_a_list_says_so) {
  const auto addresses = [](const std::string& lines) { return instance("  virtual_ipaddress {\n" + lines + "  }\n"); };
  EXPECT_THAT(between(addresses("    10.0.0.1\n    10.0.0.2\n"), addresses("    10.0.0.2\n    10.0.0.1\n")),
              ElementsAre(Change{"vrrp_instance V", "virtual_ipaddress", "an order", "another order"}));
}

TEST(Difference, of_a_webhook_shows_its_name_and_no_secret) {
  const auto with = [](const std::string& secret, const std::string& format) {
    return instance("") + "webhook ops {\n  url \"https://h/" + secret + "\"\n  header \"A: " + secret +
           "\"\n  proxy \"http://" + secret + "\"\n  format " + format + "\n}\n";
  };
  EXPECT_THAT(between(with("one", "chat"), with("two", "teams")),
              ElementsAre(Change{"webhook ops", "url", "(secret)", "(secret)"},
                          Change{"webhook ops", "header", "(secret)", "(secret)"},
                          Change{"webhook ops", "format", "chat", "teams"},
                          Change{"webhook ops", "proxy", "(secret)", "(secret)"}));
  EXPECT_THAT(between(instance(""), with("one", "chat")), ElementsAre(Change{"webhook ops", "", std::nullopt, "ops"}));
}

TEST(Difference, never_shows_a_password) {
  const auto with = [](const std::string& password) {
    return instance("  authentication {\n    auth_type PASS\n    auth_pass " + password + "\n  }\n");
  };
  EXPECT_THAT(between(with("one"), with("two")),
              ElementsAre(Change{"vrrp_instance V", "auth_pass", "(secret)", "(secret)"}));
}

TEST(Difference, an_instance_without_a_successor_is_gone_and_one_without_an_origin_has_come) {
  const std::optional<std::size_t> places[] = {std::nullopt};
  EXPECT_THAT(
      difference(configuration_of(instance("")), configuration_of(instance("")), places),
      ElementsAre(Change{"vrrp_instance V", "", "V", std::nullopt}, Change{"vrrp_instance V", "", std::nullopt, "V"}));
}

TEST(Difference, sees_what_is_tracked_groups_and_globals) {
  const auto process = [](const std::string& quorum) {
    return "vrrp_track_process p {\n  process nginx\n  quorum " + quorum + "\n}\n";
  };
  const std::string tracking = instance("  track_process {\n    p\n  }\n");
  EXPECT_THAT(between(process("1") + tracking, process("2") + tracking),
              ElementsAre(Change{"vrrp_track_process p", "quorum", "1", "2"}));
  EXPECT_THAT(between(instance(""), "global_defs {\n  router_id other\n}\n" + instance("")),
              testing::Contains(testing::Field(&Change::keyword, "router_id")));
  EXPECT_THAT(between(instance(""), instance("") + "vrrp_sync_group G {\n  group {\n    V\n  }\n}\n"),
              testing::Contains(Change{"vrrp_sync_group G", "", std::nullopt, "G"}));
}

}  // namespace
}  // namespace baton::config
