// Every --help is one screen, and says how its command is called and how it ends.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "cli/commands.h"
#include "cli/help_text.h"
#include "command_line/command_line.h"

namespace baton::cli {
namespace {

class Help : public testing::Test {
 protected:
  Help() { add_commands(program_, exit_code_); }

  static void expect_one_screen(const std::string& text) {
    std::istringstream lines(text);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), help_columns) << line;
    EXPECT_LE(count, help_lines) << text;
  }

  command_line::Program program_{
      "Baton's operator tool: asks a running batond, checks configurations, and plays their failures on this "
      "machine.",
      "baton"};
  int exit_code_ = 0;
};

TEST_F(Help, of_all_is_one_screen) {
  expect_one_screen(program_.help());
  for (const auto& command : program_.commands()) {
    EXPECT_THAT(program_.help(), testing::HasSubstr("\n  " + command.name() + " "));
  }
}

TEST_F(Help, of_each_command_is_one_screen_with_an_example_and_exit_codes) {
  ASSERT_FALSE(program_.commands().empty());
  for (const auto& command : program_.commands()) {
    const std::string text = command.help("baton");
    expect_one_screen(text);
    EXPECT_THAT(text, testing::HasSubstr("Usage: baton " + command.name() + " "));
    EXPECT_THAT(text, testing::ContainsRegex("Examples?:")) << text;
    EXPECT_THAT(text, testing::HasSubstr("Exit codes: 0 ")) << text;
    for (const auto& option : command.options()) {
      EXPECT_THAT(option.what(), testing::Not(testing::IsEmpty())) << option.name();
    }
  }
}

// What has no --json: `watch`, which is a screen to look at (what it shows is `status --json` and `events --json`),
// and `completion`, which prints a program for a shell.
TEST_F(Help, of_each_command_that_prints_for_people_knows_json) {
  for (const auto& command : program_.commands()) {
    const std::string name = command.name();
    const auto options = command.options();
    EXPECT_EQ(std::ranges::any_of(options, [](const auto& option) { return option.name() == "--json"; }),
              name != "watch" && name != "completion")
        << name;
  }
}

}  // namespace
}  // namespace baton::cli
