#include "cli/events_command.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Events, are_a_line_each) {
  EXPECT_THAT(event_line({{"event", "instance"},
                          {"name", "VI_1"},
                          {"state", "MASTER"},
                          {"priority", 100},
                          {"reason", "master_down"},
                          {"at", 1000.25}},
                         false),
              EndsWith(".250  instance  VI_1  MASTER  priority 100  master_down\n"));
}

TEST(Events, say_what_was_lost) {
  EXPECT_THAT(event_line({{"event", "group"}, {"name", "VG"}, {"state", "FAULT"}, {"at", 1000.0}, {"lost", 7}}, false),
              EndsWith("group     VG  FAULT  (7 before it were lost)\n"));
}

TEST(Events, a_name_from_outside_does_nothing_to_a_terminal) {
  EXPECT_THAT(event_line({{"event", "instance"}, {"name", "V\x1b[2J\n"}}, false), Not(HasSubstr("\x1b")));
}

using nlohmann::json;

json history(std::uint64_t first, std::uint64_t last, double begin) {
  json events = json::array();
  for (std::uint64_t i = first; i <= last; ++i)
    events.push_back({{"number", i}, {"at", begin + static_cast<double>(i)}});
  return {{"events", events}, {"last", last}};
}

std::vector<std::uint64_t> numbers(const std::vector<json>& events) {
  std::vector<std::uint64_t> found;
  for (const json& event : events) found.push_back(event.at("number"));
  return found;
}

TEST(SeenEvents, whoever_comes_back_hears_what_came_since_and_nothing_twice) {
  SeenEvents seen;
  EXPECT_EQ(numbers(seen.unseen(history(1, 2, 100))), (std::vector<std::uint64_t>{1, 2}));
  seen.on_event(2, {{"at", 102.0}});
  EXPECT_EQ(numbers(seen.unseen(history(1, 4, 100))), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_TRUE(seen.unseen(history(1, 2, 100)).empty());
}

TEST(SeenEvents, of_a_batond_that_was_started_anew_all_is_new) {
  SeenEvents seen;
  seen.on_event(3, {{"at", 103.0}});
  EXPECT_EQ(numbers(seen.unseen(history(1, 2, 500))), (std::vector<std::uint64_t>{1, 2}));        // fewer than before
  EXPECT_EQ(numbers(seen.unseen(history(1, 4, 500))), (std::vector<std::uint64_t>{1, 2, 3, 4}));  // more
}

}  // namespace
}  // namespace baton::cli
