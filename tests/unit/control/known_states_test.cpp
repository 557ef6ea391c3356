#include "control/known_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::control {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using Subject = StateChange::Subject;

json status(const std::string& state, double since) {
  return {{"worker", {{"answers", true}}},
          {"instances", {{{"name", "V"}, {"state", state}, {"since", since}}}},
          {"groups", {{{"name", "G"}, {"state", state}, {"members", {"V"}}}}}};
}
json event(const std::string& state) {
  return {{"event", "instance"}, {"name", "V"}, {"state", state}};
}
StateChange instance_is(const std::string& state) {
  return {.subject = Subject::instance, .name = "V", .state = state};
}
StateChange group_is(const std::string& state) {
  return {.subject = Subject::group, .name = "G", .state = state};
}

TEST(KnownStates, a_state_older_than_the_listener_is_no_news) {
  KnownStates known(100);
  EXPECT_THAT(known.on_status(status("MASTER", 99)), IsEmpty());
  EXPECT_EQ(known.on_event(event("MASTER")), std::nullopt);
}

TEST(KnownStates, a_state_younger_than_the_listener_is_news_the_group_first) {
  KnownStates known(100);
  EXPECT_THAT(known.on_status(status("BACKUP", 101)), ElementsAre(group_is("BACKUP"), instance_is("BACKUP")));
}

TEST(KnownStates, init_is_nothing_to_tell) {
  KnownStates known(100);
  EXPECT_THAT(known.on_status(status("INIT", 101)), IsEmpty());
  EXPECT_EQ(known.on_event(event("BACKUP")), instance_is("BACKUP"));
}

TEST(KnownStates, every_change_is_news_once) {
  KnownStates known(100);
  (void)known.on_status(status("BACKUP", 99));
  EXPECT_EQ(known.on_event(event("MASTER")), instance_is("MASTER"));
  EXPECT_EQ(known.on_event(event("MASTER")), std::nullopt);
  EXPECT_EQ(known.on_event(event("BACKUP")), instance_is("BACKUP"));
}

TEST(KnownStates, what_is_no_state_changes_nothing) {
  KnownStates known(100);
  (void)known.on_status(status("MASTER", 99));
  EXPECT_EQ(known.on_event(event("MASTER_RX_LOWER_PRI")), std::nullopt);
  EXPECT_EQ(known.on_event({{"listening", true}}), std::nullopt);
  EXPECT_EQ(known.on_event(event("MASTER")), std::nullopt);
}

TEST(KnownStates, what_was_missed_is_in_the_next_status) {
  KnownStates known(100);
  (void)known.on_status(status("BACKUP", 99));
  EXPECT_THAT(known.on_status(status("MASTER", 98)), ElementsAre(group_is("MASTER"), instance_is("MASTER")));
  EXPECT_THAT(known.on_status(status("MASTER", 98)), IsEmpty());
}

TEST(KnownStates, what_is_gone_is_deleted) {
  KnownStates known(100);
  (void)known.on_status(status("BACKUP", 99));
  EXPECT_THAT(known.on_status({{"worker", {{"answers", true}}}}),
              testing::UnorderedElementsAre(instance_is("DELETED"), group_is("DELETED")));
}

TEST(KnownStates, without_a_worker_that_answers_groups_are_not_gone) {
  KnownStates known(100);
  (void)known.on_status(status("BACKUP", 99));
  json will = status("BACKUP", 99);
  will["worker"]["answers"] = false;
  will["groups"] = json::array();
  EXPECT_THAT(known.on_status(will), IsEmpty());
}

}  // namespace
}  // namespace baton::control
