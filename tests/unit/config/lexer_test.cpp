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
    file_ = SourceFile{.name = "test.conf", .order = 0, .lines = {}};
    return Text(add_line(file_, text));
  }
  static std::vector<std::string> texts(const std::vector<Word>& words) {
    std::vector<std::string> texts;
    for (const Word& word : words) texts.push_back(word.text);
    return texts;
  }

  SourceFile file_;
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

TEST_F(Lexer, script_line_keeps_escapes_for_the_second_pass) {
  EXPECT_THAT(script_words(R"(notify "/x \"a b\"")"), ElementsAre("notify", R"(/x \"a b\")"));
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
  EXPECT_THAT(command("a\\"), ElementsAre("a\\"));
  EXPECT_THAT(command("\\x"), ElementsAre("x"));
  EXPECT_THAT(command("\\c"), ElementsAre("c"));
}

TEST_F(Lexer, command_says_when_a_quote_stays_open) {
  EXPECT_THAT(command("echo don't"), ElementsAre("echo", "dont"));
  EXPECT_TRUE(open_quote_);
}

}  // namespace
}  // namespace baton::config
