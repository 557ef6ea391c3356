// Every --help is one screen, and says how its command is called and how it ends.
#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/commands.h"
#include "cli/help_formatter.h"

namespace baton::cli {
namespace {

class Help : public testing::Test {
 protected:
  Help() { add_commands(app_, exit_code_); }

  std::vector<CLI::App*> commands() {
    return app_.get_subcommands([](const CLI::App*) { return true; });
  }
  static void expect_one_screen(const std::string& text) {
    std::istringstream lines(text);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), help_columns) << line;
    EXPECT_LE(count, help_lines) << text;
  }

  CLI::App app_{
      "Baton's operator tool: asks a running batond, checks configurations, and plays their failures on this "
      "machine.",
      "baton"};
  int exit_code_ = 0;
};

TEST_F(Help, of_all_is_one_screen) {
  expect_one_screen(app_.help());
  for (const CLI::App* command : commands()) {
    EXPECT_THAT(app_.help(), testing::HasSubstr("\n  " + command->get_name() + " "));
  }
}

TEST_F(Help, of_each_command_is_one_screen_with_an_example_and_exit_codes) {
  ASSERT_FALSE(commands().empty());
  for (CLI::App* command : commands()) {
    const std::string text = command->help("baton");
    expect_one_screen(text);
    EXPECT_THAT(text, testing::HasSubstr("Usage: baton " + command->get_name() + " "));
    EXPECT_THAT(text, testing::ContainsRegex("Examples?:")) << text;
    EXPECT_THAT(text, testing::HasSubstr("Exit codes: 0 ")) << text;
    for (const CLI::Option* option : command->get_options()) {
      EXPECT_THAT(option->get_description(), testing::Not(testing::IsEmpty())) << option->get_name();
    }
  }
}

// What has no --json: `watch`, which is a screen to look at (what it shows is `status --json` and `events --json`),
// and `completion`, which prints a program for a shell.
TEST_F(Help, of_each_command_that_prints_for_people_knows_json) {
  for (const CLI::App* command : commands()) {
    const std::string& name = command->get_name();
    EXPECT_EQ(command->get_option_no_throw("--json") != nullptr, name != "watch" && name != "completion") << name;
  }
}

}  // namespace
}  // namespace baton::cli
