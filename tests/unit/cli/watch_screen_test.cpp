#include "cli/watch_screen.h"

#include <gmock/gmock.h>

namespace baton::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr double now = 1'000'000;

json status_of(int count) {
  json instances = json::array();
  for (int i = 0; i < count; ++i) {
    instances.push_back({{"name", "VI_" + std::to_string(i)},
                         {"state", i == 0 ? "MASTER" : "BACKUP"},
                         {"leaving", false},
                         {"since", now - 60},
                         {"priority", {{"effective", 100}, {"base", 100}}},
                         {"master", nullptr},
                         {"faults", json::array()}});
  }
  return {{"node", "web1"},
          {"version", "1.2.3"},
          {"configuration", "/etc/b.conf"},
          {"instances", instances},
          {"worker", {{"answers", true}}}};
}

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    for (const Span& span : line) text += span.text;
    text += '\n';
  }
  return text;
}

class Watch : public testing::Test {
 protected:
  Watch() { screen_.on_status(status_of(40), now); }
  void type(std::string_view letters) {
    for (const char letter : letters) screen_.on_key(Key::letter, letter);
  }
  std::string seen(std::size_t height = 24) const { return text_of(screen_.lines(height, 80, now)); }
  WatchScreen screen_;
};

TEST_F(Watch, shows_the_instances_and_fits_the_terminal) {
  EXPECT_THAT(seen(), HasSubstr("VI_0   MASTER  1 min"));
  for (const std::size_t height : {1U, 2U, 5U, 11U, 24U, 200U}) {
    for (const std::size_t width : {0U, 1U, 20U, 300U}) {
      const auto lines = screen_.lines(height, width, now);
      EXPECT_LE(lines.size(), height);
      for (const Line& line : lines) EXPECT_LE(text_of({line}).size(), width + 1);
    }
  }
}

TEST_F(Watch, the_chosen_one_stays_in_sight_and_within_the_list) {
  for (int i = 0; i < 60; ++i) screen_.on_key(Key::down);
  EXPECT_EQ(screen_.chosen(), "VI_39");
  EXPECT_THAT(seen(), HasSubstr("VI_39"));
  for (int i = 0; i < 60; ++i) type("k");
  EXPECT_EQ(screen_.chosen(), "VI_0");
  screen_.on_status(status_of(0), now);
  EXPECT_EQ(screen_.chosen(), "");
}

TEST_F(Watch, hands_over_only_what_is_confirmed) {
  type("jh");
  EXPECT_THAT(seen(), HasSubstr("hand over VI_1? y/n"));
  type("n");
  EXPECT_EQ(screen_.take_handover(), std::nullopt);
  type("hy");
  EXPECT_EQ(screen_.take_handover(), "VI_1");
  EXPECT_EQ(screen_.take_handover(), std::nullopt);
}

// It has left the list meanwhile: as BACKUP it is none of those that were looked for.
TEST_F(Watch, hands_over_what_was_asked_about_also_when_another_takes_its_row) {
  json status = status_of(2);
  for (json& instance : status["instances"]) instance["state"] = "MASTER";
  screen_.on_status(status, now);
  type("/MASTER");
  screen_.on_key(Key::enter);
  type("h");
  status["instances"][0]["state"] = "BACKUP";
  screen_.on_status(status, now);
  EXPECT_THAT(seen(), HasSubstr("hand over VI_0? y/n"));
  type("y");
  EXPECT_EQ(screen_.take_handover(), "VI_0");
}

TEST_F(Watch, a_filter_leaves_what_contains_it) {
  type("/VI_3q");
  EXPECT_FALSE(screen_.is_over());
  screen_.on_key(Key::erase);
  screen_.on_key(Key::enter);
  EXPECT_EQ(screen_.chosen(), "VI_3");
  EXPECT_THAT(seen(), Not(HasSubstr("VI_1 ")));
  type("/");
  screen_.on_key(Key::escape);
  EXPECT_THAT(seen(), HasSubstr("VI_1 "));
}

TEST_F(Watch, says_since_when_nobody_answers_and_shows_what_was_known) {
  screen_.on_silence("no batond answers");
  const std::string text = text_of(screen_.lines(24, 80, now + 7));
  EXPECT_THAT(text, HasSubstr("no answer since 7.0 s"));
  EXPECT_THAT(text, HasSubstr("VI_0"));
  screen_.on_status(status_of(2), now + 9);
  EXPECT_THAT(seen(), Not(HasSubstr("no answer")));
}

TEST_F(Watch, a_timer_counts_down_between_two_looks) {
  json instance = status_of(1)["instances"][0];
  instance["next_timeout_in"] = 3.0;
  instance["state"] = "BACKUP";
  screen_.on_instance(instance, now);
  EXPECT_THAT(text_of(screen_.lines(24, 80, now + 1)), HasSubstr("takes over in 2.0 s"));
  screen_.on_key(Key::enter);
  EXPECT_THAT(seen(40), HasSubstr("what would change it"));
  type("q");
  EXPECT_FALSE(screen_.is_over());
  type("q");
  EXPECT_TRUE(screen_.is_over());
}

TEST_F(Watch, an_event_from_outside_does_nothing_to_a_terminal) {
  screen_.on_event({{"event", "instance"}, {"name", "V\x1b[2J"}, {"state", "MASTER"}, {"at", now}});
  EXPECT_THAT(seen(), HasSubstr("V?[2J  MASTER"));
  EXPECT_THAT(seen(), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace baton::cli
