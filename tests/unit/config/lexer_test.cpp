#include "config/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::config {
namespace {

using testing::ElementsAre;

class Lexer : public testing::Test {
 protected:
  std::vector<std::string> words(const std::string& text) { return texts(split_words(text_of(text), diagnostics_)); }
  std::vector<std::string> script_words(const std::string& text) {
    return texts(split_script_line(text_of(text), open_quote_, diagnostics_));
  }
  std::vector<std::string> command(const std::string& text) { return split_command(text, open_quote_); }

  Text text_of(const std::string& text) {
    SourceFile& file = sources_.add_file("test.conf", text);
    return Text(add_line(file, file.text));
  }
  static std::vector<std::string> texts(const auto& words) {
    std::vector<std::string> texts;
    for (const auto& word : words) texts.emplace_back(word.text);
    return texts;
  }

  Sources sources_;
  Diagnostics diagnostics_;
  bool open_quote_ = false;
};

TEST_F(Lexer, splits_at_every_kind_of_blank) {
  EXPECT_THAT(words("a b\tc\rd\fe\vf "), ElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST_F(Lexer, a_quote_ends_the_word_before_it) {
  EXPECT_THAT(words(R"(ab"cd ef"gh)"), ElementsAre("ab", "cd ef", "gh"));
}

TEST_F(Lexer, single_quotes_are_ordinary_characters) {
  EXPECT_THAT(words("it's 'a b'"), ElementsAre("it's", "'a", "b'"));
}

TEST_F(Lexer, an_open_quote_drops_the_rest) {
  EXPECT_THAT(words("a \"b c"), ElementsAre("a"));
  EXPECT_EQ(diagnostics_.take().front().id, "open-quote");
}

TEST_F(Lexer, words_know_their_columns) {
  const std::vector<Word> words = split_words(text_of("  ab  \"c d\""), diagnostics_);
  EXPECT_EQ(words[0].column, 3U);
  EXPECT_EQ(words[1].column, 7U);
  EXPECT_EQ(words[1].width, 5U);
}

TEST_F(Lexer, script_line_pieces_that_touch_are_one_word) {
  EXPECT_THAT(script_words(R"(notify "/x y"'z' user)"), ElementsAre("notify", "/x yz", "user"));
}

TEST_F(Lexer, script_line_decodes_escapes_within_quotes_and_without) {
  EXPECT_THAT(script_words(R"(notify "/x \"a b\"")"), ElementsAre("notify", R"(/x "a b")"));
  EXPECT_THAT(script_words(R"(notify /x\ a\x41)"), ElementsAre("notify", "/x aA"));
}

TEST_F(Lexer, command_groups_with_both_quotes) {
  EXPECT_THAT(command("/path/x.sh 'a b' \"c d\" e"), ElementsAre("/path/x.sh", "a b", "c d", "e"));
}

TEST_F(Lexer, command_decodes_escapes) {
  EXPECT_THAT(command(R"(\a\b\E\f\n\r\t\v)"), ElementsAre("\a\b\x1b\f\n\r\t\v"));
  EXPECT_THAT(command(R"(\101\x41\x4g\cA\q\")"), ElementsAre("AA\x04g\x01q\""));
  EXPECT_THAT(command(R"(a\ b)"), ElementsAre("a b"));
}

TEST_F(Lexer, escapes_at_the_very_end_are_harmless) {
  EXPECT_THAT(command("\\x"), ElementsAre("x"));
  EXPECT_THAT(command("\\c"), ElementsAre("c"));
}

TEST_F(Lexer, command_says_when_a_quote_stays_open) {
  EXPECT_THAT(command("echo don't"), ElementsAre("echo", "dont"));
  EXPECT_TRUE(open_quote_);
  EXPECT_THAT(command("echo a\\"), ElementsAre("echo", "a"));
  EXPECT_TRUE(open_quote_);
}

TEST_F(Lexer, a_zero_byte_is_no_part_of_a_command) {
  EXPECT_THAT(command(R"(a\0b \x0 \400)"), ElementsAre("ab", "", ""));
}

// The spelling of a notify_backup, and what a script was called with by keepalived 2.2.7 for it, each argument in
// brackets. "-": the line is ignored.
struct Spelling {
  std::string_view line;
  std::string_view arguments;
};

TEST_F(Lexer, commands_are_read_as_keepalived_reads_them) {
  const Spelling spellings[] = {
      {R"("P \"x y\"")", "[x y]"},
      {R"("P 'x y'")", "[x y]"},
      {R"("P x\ y")", "[x][y]"},
      {R"("P \'x y\'")", "[x y]"},
      {R"("P x y")", "[x][y]"},
      {R"("P \x41 \101 \n")", "[A][A]"},
      {R"("P 'a \"b\" c'")", "[a \"b\" c]"},
      {R"("P \\\"x")", "[\"x]"},
      {R"("P a\\b")", "[a\b]"},
      {R"("P 'a\\b'")", "[a\b]"},
      {R"("P 'a\b'")", "[a\b]"},
      {R"("P a\"b c\"d")", "[ab cd]"},
      {R"("P a'b c'd")", "[ab cd]"},
      {R"("P ''")", "[]"},
      {R"("P \"\"")", "[]"},
      {R"("P '' x")", "[][x]"},
      {R"("P \"a 'b' c\"")", "[a 'b' c]"},
      {R"("P 'it\'s'")", "[its]"},
      {R"("P it\'s")", "-"},
      {R"("P \"x")", "-"},
      {R"("P 'x")", "-"},
      {R"('P x y')", "[x][y]"},
      {R"('P "x y"')", "[x y]"},
      {R"('P \"x y\"')", "[x y]"},
      {R"('P \'x y\'')", "[x y]"},
      {R"('P x\ y')", "[x][y]"},
      {R"(P\ x)", "[x]"},
      {R"("P "a" x")", "[a][x]"},
      {R"("P a"" x")", "[a][x]"},
      {R"("P a"' x')", "[a][x]"},
      {R"("P x" "root")", "[x]"},
      {R"("P \$x")", "[$x]"},
      {R"("P $x `x` x;y {x}")", "[$x][`x`][x;y][{x}]"},
      {R"("P \t|")", "[|]"},
      {R"("P \\t|")", "[\t|]"},
      {R"("P \cA|")", "[\1|]"},
      {R"("P \\")", "-"},
      {R"("P x\\")", "-"},
      {R"("P \\x")", "[x]"},
      {R"("P \\\\x")", "[\\x]"},
      {R"("  P   x  ")", "[x]"},
      {R"("P \"x\\\"y\"")", "[x\"y]"},
      {R"("P \"x\\y\"")", "[xy]"},
      {R"("P '\"'")", "[\"]"},
      {R"("P \"'\"")", "[']"},
      {R"('P "'"')", "-"},
      {R"("P \q \x \xZ \8")", "[q][x][xZ][8]"},
      {R"("P \400")", ""},
      {R"("P \"\""x)", "[x]"},
  };
  for (const auto& [line, arguments] : spellings) {
    bool is_open = false;
    const auto words = split_script_line(text_of("notify_backup " + std::string(line)), open_quote_, diagnostics_);
    const std::vector<std::string> command = split_command(words.at(1).text, is_open);
    EXPECT_EQ(command.at(0), "P") << line;
    std::string seen = open_quote_ || is_open ? "-" : "";
    for (std::size_t index = 1; index < command.size() && seen != "-"; ++index) seen += "[" + command[index] + "]";
    EXPECT_EQ(seen, arguments) << line;
  }
}

}  // namespace
}  // namespace baton::config
