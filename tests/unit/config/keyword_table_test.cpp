#include "config/keyword_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "unit/config/loading.h"

namespace baton::config {
namespace {

TEST(KeywordTable, finds_a_word_in_its_block_alone) {
  ASSERT_NE(keyword_table::find("vrrp_instance", "priority"), nullptr);
  EXPECT_EQ(keyword_table::find("vrrp_instance", "priority")->maximum, 255);
  EXPECT_EQ(keyword_table::find("global_defs", "priority"), nullptr);
  EXPECT_EQ(keyword_table::find("", "vrrp_instance")->kind, Kind::block);
}

TEST(KeywordTable, guesses_what_was_meant) {
  EXPECT_EQ(keyword_table::nearest("vrrp_instance", "prioritty"), "priority");
  EXPECT_EQ(keyword_table::nearest("vrrp_instance", "virtual_ipadress"), "virtual_ipaddress");
  EXPECT_EQ(keyword_table::nearest("vrrp_instance", "unrelated_word_entirely"), std::nullopt);
  EXPECT_EQ(keyword_table::nearest("vrrp_instance", std::string(100'000, 'x')), std::nullopt);
}

TEST(KeywordTable, edit_distance_counts_letters) {
  EXPECT_EQ(edit_distance("state", "state"), 0U);
  EXPECT_EQ(edit_distance("sttae", "state"), 1U);
  EXPECT_EQ(edit_distance("", "state"), 5U);
}

TEST(KeywordTable, is_what_keywords_tsv_says) {
  std::ifstream table(BATON_SOURCE_DIR "/src/config/keywords.tsv");
  std::size_t rows = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    ++rows;
    std::istringstream fields(line);
    std::string block;
    std::string name;
    std::getline(fields, block, '\t');
    std::getline(fields, name, '\t');
    EXPECT_NE(keyword_table::find(block == "-" ? "" : block, name), nullptr) << name << ": run tools/keywords-from-tsv";
  }
  EXPECT_EQ(rows, keyword_table::all().size());
}

// What has no effect, or not yet, is told with its reason.
TEST(KeywordTable, whatever_is_not_carried_out_has_a_reason) {
  for (const Keyword& keyword : keyword_table::all()) {
    EXPECT_EQ(keyword.reason.empty(), keyword.support == Support::works) << keyword.block << " " << keyword.name;
  }
}

// A list of keepalived's keywords that was made without this table: one named by BATON_KEYWORDS, or that of ../shared
// beside the checkout. Its rows begin with the block, "(root)" for the top level, and the keyword.
TEST(KeywordTable, knows_every_keyword_of_an_independent_list) {
  const char* given = std::getenv("BATON_KEYWORDS");
  const auto path = given != nullptr ? std::filesystem::path(given)
                                     : std::filesystem::path(BATON_SOURCE_DIR).parent_path() / "shared" / "reference" /
                                           "keywords.tsv";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "no list at " << path << ": nothing is compared";
  std::size_t rows = 0;
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    if (line.starts_with("grammar/")) continue;
    const std::size_t tab = line.find('\t');
    const std::size_t end = line.find('\t', tab + 1);
    ASSERT_NE(end, line.npos) << line;
    const std::string block = line.substr(0, tab);
    const std::string name = line.substr(tab + 1, end - tab - 1);
    EXPECT_NE(keyword_table::find(block == "(root)" ? "" : block, name), nullptr) << block << " " << name;
    ++rows;
  }
  std::cout << rows << " keywords of " << path << " compared\n";
  EXPECT_GT(rows, 500U);
}

// A keyword whose row says `works` must be read by somebody: given a value that no keyword accepts, it complains, or it
// is one of those that accept anything.
TEST(KeywordTable, numbers_that_work_are_read) {
  for (const Keyword& keyword : keyword_table::all()) {
    const bool is_numeric =
        keyword.kind == Kind::number || keyword.kind == Kind::seconds || keyword.kind == Kind::boolean;
    if (!is_numeric || keyword.support != Support::works || keyword.name == "random_seed") continue;
    std::string text = std::string(keyword.name) + " @nothing\n";
    std::string_view path = keyword.block;
    while (!path.empty()) {
      const std::size_t slash = path.rfind('/');
      const std::string_view block = slash == std::string_view::npos ? path : path.substr(slash + 1);
      const bool is_server = block == "virtual_server" || block == "real_server";
      const bool is_named = slash == std::string_view::npos && block != "global_defs";
      text = std::string(block) + (is_server ? " 10.0.0.1 80 {\n" : is_named ? " name {\n" : " {\n") + text + "}\n";
      path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    }
    const std::vector<std::string> said = ids(load_text(text));
    EXPECT_NE(std::ranges::find(said, "bad-value"), said.end()) << keyword.block << " " << keyword.name;
  }
}

}  // namespace
}  // namespace baton::config
