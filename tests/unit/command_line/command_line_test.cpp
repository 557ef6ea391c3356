#include "command_line/command_line.h"

#include <gmock/gmock.h>

#include <array>

namespace baton::command_line {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A program with two commands, called with words.
class CommandLine : public testing::Test {
 protected:
  CommandLine() {
    program_.set_version("Orchestra v1");
    program_.require_command();
    Command play = program_.add_command("play", "Play pieces");
    play.add_option("PIECE", pieces_, "what to play").required();
    const auto loud = play.add_flag("-l,--loud", loud_, "so that all hear it");
    play.add_flag("--mute", mute_, "for nobody").excludes(loud);
    play.add_option("--tempo", tempo_, "beats a minute").between(20, 300).named_value("BPM").shows_default();
    play.add_option("--key", key_, "minor or major").one_of({"minor", "major"});
    play.add_option("--parts", parts_, "their numbers").split_at(',');
    play.add_option("--with", with_, "who plays it, too");
    play.add_option("--rest", rest_, "seconds").between(0.5, 10.0);
    play.add_option("--encore", encore_, "how often").checked_by([](const std::string& value) {
      return value == "never" ? "an audience wants one" : "";
    });
    play.set_footer("Example: orchestra play 9");
    play.on_call([this] { ++played_; });
    program_.add_command("tune", "Tune instruments").on_call([this] { ++tuned_; });
  }

  std::optional<int> call(std::vector<std::string> words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto code = program_.parse(std::move(words));
    said_ = testing::internal::GetCapturedStdout();
    complained_ = testing::internal::GetCapturedStderr();
    return code;
  }
  // What is said of words that are refused.
  std::string refusal(std::vector<std::string> words) {
    const auto code = call(std::move(words));
    EXPECT_NE(code.value_or(0), 0);
    EXPECT_EQ(said_, "");
    EXPECT_EQ(played_ + tuned_, 0);
    return complained_;
  }

  Program program_{"Plays music", "orchestra"};
  std::vector<std::string> pieces_;
  std::vector<std::string> with_;
  std::vector<std::size_t> parts_;
  std::optional<double> rest_;
  std::string key_;
  std::string encore_;
  unsigned tempo_ = 120;
  bool loud_ = false;
  bool mute_ = false;
  int played_ = 0;
  int tuned_ = 0;
  std::string said_;
  std::string complained_;
};

TEST_F(CommandLine, fills_the_targets_and_runs_the_command_that_is_called) {
  EXPECT_EQ(call({"play", "5", "-l", "--tempo", "90", "--key=minor", "--parts", "1,3", "--rest", "1.5", "9"}),
            std::nullopt);
  EXPECT_THAT(pieces_, ElementsAre("5", "9"));
  EXPECT_THAT(parts_, ElementsAre(1, 3));
  EXPECT_EQ(key_, "minor");
  EXPECT_EQ(tempo_, 90U);
  EXPECT_EQ(rest_, 1.5);
  EXPECT_TRUE(loud_);
  EXPECT_FALSE(mute_);
  EXPECT_EQ(played_, 1);
  EXPECT_EQ(tuned_, 0);
}

TEST_F(CommandLine, leaves_what_no_word_says_as_it_was) {
  EXPECT_EQ(call({"play", "9"}), std::nullopt);
  EXPECT_EQ(tempo_, 120U);
  EXPECT_EQ(rest_, std::nullopt);
  EXPECT_THAT(with_, IsEmpty());
}

TEST_F(CommandLine, an_option_takes_one_value_and_leaves_the_next_word_to_the_operands) {
  EXPECT_EQ(call({"play", "--with", "flute", "--parts", "1,2", "9", "--with", "harp"}), std::nullopt);
  EXPECT_THAT(with_, ElementsAre("flute", "harp"));
  EXPECT_THAT(parts_, ElementsAre(1, 2));
  EXPECT_THAT(pieces_, ElementsAre("9"));
}

TEST_F(CommandLine, takes_words_as_main_gets_them) {
  constexpr std::array words{"orchestra", "tune"};
  EXPECT_EQ(program_.parse(words.size(), words.data()), std::nullopt);
  EXPECT_EQ(tuned_, 1);
}

TEST_F(CommandLine, refuses_what_is_not_as_the_options_say) {
  EXPECT_THAT(refusal({}), HasSubstr("A subcommand is required"));
  EXPECT_THAT(refusal({"play"}), HasSubstr("PIECE is required"));
  EXPECT_THAT(refusal({"play", "9", "--slow"}), HasSubstr("--slow"));
  EXPECT_THAT(refusal({"play", "9", "--loud", "--mute"}), HasSubstr("--loud excludes --mute"));
  EXPECT_THAT(refusal({"play", "9", "--tempo", "301"}), HasSubstr("--tempo: Value 301 not in range 20 to 300"));
  EXPECT_THAT(refusal({"play", "9", "--rest", "0.4"}), HasSubstr("--rest: Value 0.4 not in range"));
  EXPECT_THAT(refusal({"play", "9", "--key", "c"}), HasSubstr("--key: c not in {minor,major}"));
  EXPECT_THAT(refusal({"play", "9", "--encore", "never"}), HasSubstr("--encore: an audience wants one"));
}

TEST_F(CommandLine, help_and_version_end_the_program_well) {
  EXPECT_EQ(call({"--version"}), 0);
  EXPECT_EQ(said_, "Orchestra v1\n");
  EXPECT_EQ(call({"play", "--help"}), 0);
  EXPECT_THAT(said_, HasSubstr("Play pieces"));
  EXPECT_EQ(complained_, "");
  EXPECT_EQ(played_, 0);
}

TEST_F(CommandLine, says_what_a_help_or_a_completion_needs) {
  const auto commands = program_.commands();
  ASSERT_EQ(commands.size(), 2U);
  const Command& play = commands[0];
  EXPECT_EQ(play.name(), "play");
  EXPECT_EQ(play.what(), "Play pieces");
  EXPECT_THAT(play.footer(), HasSubstr("Example: orchestra play 9"));

  const auto options = play.options();
  ASSERT_EQ(options.size(), 10U);
  const Option& help = options[0];
  EXPECT_EQ(help.name(), "-h,--help");
  EXPECT_EQ(help.value_name(), "");
  const Option& piece = options[1];
  EXPECT_TRUE(piece.is_operand() && piece.is_required() && piece.takes_several());
  EXPECT_EQ(piece.name(), "PIECE");
  const Option& loud = options[2];
  EXPECT_FALSE(loud.is_operand() || loud.is_required() || loud.takes_several());
  EXPECT_THAT(loud.long_names(), ElementsAre("loud"));
  EXPECT_EQ(loud.default_text(), "");
  const Option& tempo = options[4];
  EXPECT_EQ(tempo.what(), "beats a minute");
  EXPECT_EQ(tempo.value_name(), "BPM");
  EXPECT_EQ(tempo.default_text(), "120");
}

TEST(CommandLineHelp, is_written_by_whom_the_program_names_also_for_commands_added_later) {
  Program program("Plays music", "orchestra");
  program.set_help("this", [](const Command& command, std::string_view name) {
    return std::string(name) + ": " + command.what() + ", " + command.options().front().what();
  });
  const Command tune = program.add_command("tune", "Tune instruments");
  EXPECT_EQ(program.help(), "orchestra: Plays music, this");
  EXPECT_EQ(tune.help("orchestra"), "orchestra tune: Tune instruments, this");
}

}  // namespace
}  // namespace baton::command_line
