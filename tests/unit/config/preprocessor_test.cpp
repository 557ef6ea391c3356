// Lines before anybody asks what they mean, seen through the names of the instances and trackers they make.
#include "config/preprocessor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/limits.h"
#include "unit/config/loading.h"

namespace baton::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// The words of the statements a text becomes, each statement joined with blanks; braces as statements of their own.
std::vector<std::string> statements(const std::string& text, MemoryFileReader reader = {}, const std::string& id = {}) {
  reader.add("test.conf", text);
  Sources sources;
  Diagnostics diagnostics;
  TreeBuilder builder(diagnostics);
  Preprocessor preprocessor(reader, {.config_id = id}, sources, diagnostics, builder);
  EXPECT_TRUE(preprocessor.read_main("test.conf"));
  std::vector<std::string> found;
  const auto walk = [&](const auto& self, const Statement& block) -> void {
    for (const Statement& statement : block.children) {
      std::string joined;
      for (const Word& word : statement.words) joined.append(joined.empty() ? "" : " ").append(word.text);
      found.push_back(joined + (statement.has_block ? " {" : ""));
      if (!statement.has_block) continue;
      self(self, statement);
      found.emplace_back("}");
    }
  };
  const Tree tree = builder.finish();
  walk(walk, tree.root);
  return found;
}

TEST(Preprocessor, comments_start_anywhere_outside_quotes) {
  EXPECT_THAT(statements("a b#c\nd \"e#f!\" g!h\n# all\n ! all\ni \\#j \\!k"),
              ElementsAre("a b", "d e#f! g", "i #j !k"));
}

TEST(Preprocessor, braces_split_lines_and_what_follows_is_a_new_line) {
  EXPECT_THAT(statements("a { b } c{d\n}e\nf\n\n{\ng }"),
              ElementsAre("a {", "b", "}", "c {", "d", "}", "e", "f {", "g", "}"));
}

TEST(Preprocessor, braces_in_quotes_are_characters) {
  EXPECT_THAT(statements("a \"{ }\" b"), ElementsAre("a { } b"));
}

TEST(Preprocessor, conditional_lines) {
  EXPECT_THAT(statements("@web1 a\n@web2 b\n@^web1 c\n@^web2 d\n@web1\n@ e"), ElementsAre("a", "d"));
  EXPECT_THAT(statements("@web2 b", {}, "web2"), ElementsAre("b"));
}

TEST(Preprocessor, a_condition_may_come_from_a_variable) {  // broken in keepalived 2.4.3
  EXPECT_THAT(statements("$COND=@web1\n$COND a\n$OTHER=@web2\n$OTHER b"), ElementsAre("a"));
}

TEST(Preprocessor, a_condition_after_an_opening_brace) {
  EXPECT_THAT(statements("a { @web1 b\n@web2 c }\n}"), ElementsAre("a {", "b", "}"));
}

TEST(Preprocessor, a_condition_may_guard_a_definition) {
  EXPECT_THAT(statements("@web1 $P=1\n@web2 $P=2\na $P"), ElementsAre("a 1"));
  EXPECT_THAT(statements("@web2 $M= \\\nx \\\ny\nb"), ElementsAre("b"));
}

TEST(Preprocessor, variables_bare_and_braced) {
  EXPECT_THAT(statements("$A=1\nb $A $A-x ${A}-x $A,y x$A"), ElementsAre("b 1 $A-x 1-x 1,y x1"));
}

TEST(Preprocessor, a_value_is_replaced_when_it_is_used) {
  EXPECT_THAT(statements("$A=${B}0\n$B=1\nc $A\n$B=2\nc $A"), ElementsAre("c 10", "c 20"));
}

TEST(Preprocessor, undefined_names_stay) {
  EXPECT_THAT(statements("a $B ${C}"), ElementsAre("a $B ${C}"));
}

TEST(Preprocessor, hash_and_bang_do_not_start_comments) {  // they do in keepalived
  EXPECT_THAT(statements("a x${_HASH}y${_BANG}z b"), ElementsAre("a x#y!z b"));
}

TEST(Preprocessor, built_in_variables) {
  EXPECT_THAT(statements("a ${_PWD} ${_INSTANCE} ${_ENV SITE} ${_ENV NONE}x ${_RANDOM 7 7}"),
              ElementsAre("a /etc/baton web1 berlin x 7"));
  EXPECT_THAT(statements("random_seed 1\na ${_RANDOM}"), statements("random_seed 1\na ${_RANDOM}"));
}

TEST(Preprocessor, multi_line_variables) {
  EXPECT_THAT(statements("$M= \\\n one \\\n two # kept going by the backslash of the comment \\\n three\nb $M\nc"),
              ElementsAre("b one", "two", "three", "c"));
  EXPECT_THAT(statements("$M=first \\\nsecond \\\n\n$M"), ElementsAre("first", "second"));
}

TEST(Preprocessor, multi_line_bodies_hold_anything) {
  EXPECT_THAT(statements("$N= \\\nn1 \\\nn2\n$M= \\\n@web2 no \\\n$X=5 \\\nx $X \\\n~SEQ(i, 2) s$i \\\n$N\n$M"),
              ElementsAre("x 5", "s1", "s2", "n1", "n2"));
}

TEST(Preprocessor, a_multi_line_variable_may_follow_a_brace) {
  EXPECT_THAT(statements("$M= \\\none \\\ntwo\na { $M\n}"), ElementsAre("a {", "one", "two", "}"));
}

TEST(Preprocessor, sequences) {
  EXPECT_THAT(statements("~SEQ(i, 2) a$i"), ElementsAre("a1", "a2"));
  EXPECT_THAT(statements("~SEQ(i, -2) a$i"), ElementsAre("a-1", "a-2"));
  EXPECT_THAT(statements("~SEQ(i, 3, 1) a$i"), ElementsAre("a3", "a2", "a1"));
  EXPECT_THAT(statements("~SEQ(i, 1, 2, 5) a$i"), ElementsAre("a1", "a3", "a5"));
  EXPECT_THAT(statements("~SEQx(i, 9, 0xb) a$i"), ElementsAre("a9", "aa", "ab"));
  EXPECT_THAT(statements("$N=2\n~SEQ(i, $N) a$i"), ElementsAre("a1", "a2"));
  EXPECT_THAT(statements("~SEQ(i, 2) ~SEQ(j, 2) a${i}.$j"), ElementsAre("a1.1", "a1.2", "a2.1", "a2.2"));
}

TEST(Preprocessor, lists) {
  EXPECT_THAT(statements("~LST(v, a, b) x $v"), ElementsAre("x a", "x b"));
  EXPECT_THAT(statements("~LST({a,b}, {1,2}, {3}) x ${a}-${b}."), ElementsAre("x 1-2.", "x 3-."));
}

TEST(Preprocessor, includes_are_relative_to_the_file_they_stand_in) {
  const MemoryFileReader reader(
      MemoryFileReader::Files{{"parts/a.conf", "include b.conf\nin_a ${_PWD}"}, {"parts/b.conf", "in_b"}});
  EXPECT_THAT(statements("include parts/a.conf\nlast ${_PWD}", reader),
              ElementsAre("in_b", "in_a /etc/baton/parts", "last /etc/baton"));
}

TEST(Preprocessor, includes_with_wildcards_and_braces) {
  const MemoryFileReader reader(
      MemoryFileReader::Files{{"d/1.conf", "one"}, {"d/2.conf", "two"}, {"e.conf", "e"}, {"f.conf", "f"}});
  EXPECT_THAT(statements("include d/*.conf\ninclude {f,e}.conf", reader), ElementsAre("one", "two", "f", "e"));
}

TEST(Preprocessor, an_include_may_come_from_a_condition_or_a_variable) {
  const MemoryFileReader reader(MemoryFileReader::Files{{"a.conf", "a"}});
  EXPECT_THAT(statements("@web1 include a.conf\n$I=include a.conf\n$I\nb { include a.conf\n}", reader),
              ElementsAre("a", "a", "b {", "a", "}"));
}

TEST(Preprocessor, include_check_ends_with_its_file) {
  MemoryFileReader reader(MemoryFileReader::Files{{"inner.conf", "global_defs {\ninclude_check\n}\n"}});
  reader.add("test.conf", "include inner.conf\ninclude missing.conf\n" + instance_text(""));
  EXPECT_TRUE(load("test.conf", reader).ok);
}

// --- what must end, whatever the input ---

TEST(Preprocessor, endless_repetition_ends) {
  const LoadResult result = load_text("~SEQ(a, 1000000) ~SEQ(b, 1000000) x");
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(ids(result), Contains("too-large"));
}

TEST(Preprocessor, variables_that_double_end) {
  std::string text = "$V0=\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = std::to_string(i - 1);
    text += "$V" + std::to_string(i) + "=${V" + before + "}${V" + before + "}\n";
  }
  EXPECT_FALSE(load_text(text + "${V39}\n").ok);
}

TEST(Preprocessor, multi_line_variables_that_hold_themselves_end) {
  EXPECT_THAT(ids(load_text("$M= \\\n$M \\\n$M\n$M\n")), Contains("endless-variable"));
}

TEST(Preprocessor, includes_that_fan_out_end) {
  MemoryFileReader reader;
  for (char name = 'a'; name < 'z'; ++name) {
    const std::string next = std::string("include ") + static_cast<char>(name + 1) + ".conf\n";
    reader.add(std::string(1, name) + ".conf", next + next);
  }
  EXPECT_FALSE(load("a.conf", reader).ok);
}

TEST(Preprocessor, a_line_of_braces_ends) {
  EXPECT_FALSE(load_text(std::string(60'000, '{')).ok);
  EXPECT_FALSE(load_text(std::string(60'000, '}')).ok);
  EXPECT_TRUE(load_text(std::string(1'000, '}')).ok);
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::string(60'000, '}') + "\n";
  EXPECT_THAT(ids(load_text(text)), Contains("too-large"));
}

TEST(Preprocessor, a_long_file_is_refused) {
  MemoryFileReader reader;
  reader.add("test.conf", std::string(limits::file_bytes / 2, '\n'));
  reader.add("big.conf", "include test.conf\ninclude test.conf\ninclude test.conf\n");
  EXPECT_FALSE(load("big.conf", reader).ok);
}

TEST(Preprocessor, brace_alternatives_that_multiply_end) {
  std::string pattern;
  for (int i = 0; i < 20; ++i) pattern += "{a,b}";
  EXPECT_THAT(ids(load_text("include " + pattern)), Contains("too-large"));
}

}  // namespace
}  // namespace baton::config
