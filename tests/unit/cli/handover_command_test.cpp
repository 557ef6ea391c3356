#include "cli/handover_command.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;

json look(const char* state, bool leaving, const char* master = nullptr) {
  json it{{"name", "V"}, {"state", state}, {"leaving", leaving}, {"master", nullptr}};
  if (master != nullptr) it["master"] = {{"address", master}};
  return json::array({it});
}

TEST(HandoverWatch, waits_until_a_backup_has_it) {
  HandoverWatch watch({"V"});
  EXPECT_FALSE(watch.is_over());
  watch.on_instances(look("MASTER", true), 0.1);
  EXPECT_FALSE(watch.is_over());
  watch.on_instances(look("BACKUP", false, "10.0.0.2"), 0.7);
  EXPECT_TRUE(watch.is_over());
  EXPECT_THAT(watch.moved(), ElementsAre(Pair("V", "10.0.0.2")));
  EXPECT_THAT(watch.stayed(), IsEmpty());
}

TEST(HandoverWatch, a_status_from_before_the_question_is_not_taken_for_the_end) {
  HandoverWatch watch({"V"});
  watch.on_instances(look("MASTER", false), 0);
  watch.on_instances(look("MASTER", true), 0.1);
  watch.on_instances(look("MASTER", true), 5);
  EXPECT_FALSE(watch.is_over());
}

TEST(HandoverWatch, what_nobody_takes_stays) {
  HandoverWatch watch({"V"});
  watch.on_instances(look("MASTER", true), 0);
  watch.on_instances(look("MASTER", false), 4);
  EXPECT_FALSE(watch.is_over());
  watch.on_instances(look("MASTER", false), 5.1);
  EXPECT_TRUE(watch.is_over());
  EXPECT_THAT(watch.stayed(), ElementsAre(Key("V")));
}

TEST(HandoverWatch, of_nothing_is_over_at_once) {
  EXPECT_TRUE(HandoverWatch({}).is_over());
}

}  // namespace
}  // namespace baton::cli
