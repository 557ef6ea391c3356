// What a regex finds on a page, and that none takes for ever, whatever the page.
#include "health/page_search.h"

#include <gtest/gtest.h>

#include <string>

#include "health/limits.h"

namespace baton::health {
namespace {

using Found = PageSearch::Found;
using config::RegexOption;

std::string repeated(std::string_view text, std::size_t size) {
  std::string page;
  while (page.size() < size) page += text;
  return page;
}

Found search(std::string_view pattern, std::string_view page, std::vector<RegexOption> options = {}) {
  const auto made = PageSearch::compile({.pattern = std::string(pattern), .options = std::move(options)});
  EXPECT_TRUE(made) << made.error();
  const auto found = made ? made->search(page) : Found::no;
  EXPECT_TRUE(found) << found.error();
  return found.value_or(Found::no);
}

constexpr std::size_t most = limits::searched_bytes;

TEST(PageSearch, finds_the_last_word_of_a_long_page) {
  std::string page;
  while (page.size() < most - 200) page += "<tr><td class=\"name\">server-17</td><td>status: ready</td></tr>\n";
  page += "<p>\"status\": \"ok\"</p>";
  EXPECT_EQ(search("\"status\": *\"ok\"", page), Found::yes);
  EXPECT_EQ(search("server-\\d+.*down", page), Found::no);
  EXPECT_EQ(search("status.*(down|ok)", page), Found::yes);
  EXPECT_EQ(search("(\\w+\\s)*failed", page), Found::no);
  EXPECT_EQ(search("ALL GOOD", page, {RegexOption::caseless}), Found::no);
}

// PCRE2's own limit begins anew at each x.
TEST(PageSearch, may_not_go_back_for_ever_from_each_place_of_a_line) {
  EXPECT_EQ(search("x.*(a|b)", repeated("x", 64 << 10)), Found::too_costly);
  EXPECT_EQ(search("status.*(up|ready)", repeated("status ", 128 << 10)), Found::too_costly);
}

// It never goes back: PCRE2 counts no step at all.
TEST(PageSearch, may_not_read_the_page_anew_from_each_of_its_bytes) {
  EXPECT_EQ(search("\\d+ ok", repeated("1", 128 << 10) + " k"), Found::too_costly);
  EXPECT_EQ(search("x\\d+ ok", repeated("x", 32 << 10) + " k", {RegexOption::firstline}), Found::no);
  EXPECT_EQ(search("\\p{L}+ ok", repeated("\u00e9", 128 << 10) + " k", {RegexOption::utf}), Found::too_costly);
}

TEST(PageSearch, what_an_item_reads_in_vain_is_counted_too) {
  const std::string ones = repeated("1", 59'999) + "x";
  EXPECT_EQ(search("\\d{60000} ok", ones + ones + ones + " ok"), Found::too_costly);
  EXPECT_EQ(search("(?=(1+)x)(?:\\w)*?\\1y", ones + ones + "y"), Found::too_costly);
  EXPECT_EQ(search("a(?<=ba{60000})c", repeated("a", 256 << 10) + "c", {RegexOption::utf}), Found::too_costly);
}

TEST(PageSearch, a_number_that_is_no_repetition_costs_nothing) {
  EXPECT_EQ(search("\\x{fe}{1,3}\\x{6f}k", repeated("o", most - 10) + "\xfeok"), Found::yes);
  EXPECT_EQ(search("[a-z].{0,5000}!", repeated("word \n", most / 8) + "ok!"), Found::yes);
}

TEST(PageSearch, with_utf_a_page_that_is_none_is_neither_found_nor_not) {
  const auto search = PageSearch::compile({.pattern = "(*UTF)error"});
  ASSERT_TRUE(search);
  EXPECT_EQ(search->search("all is well \u00e9"), Found::no);
  const auto found = search->search("all is well \xe9");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), "UTF-8 error: 2 bytes missing at end");
  EXPECT_FALSE(search->search("\x80 error"));
}

TEST(PageSearch, a_page_is_cut_behind_a_whole_letter) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    const std::string page = std::string(most - 8 + shift, 'x') + "\U0001f600\U0001f600\U0001f600\U0001f600";
    EXPECT_EQ(search("x\\x{1f600}", page, {RegexOption::utf}), Found::yes) << shift;
  }
  EXPECT_EQ(search("y", std::string(most, 'x') + "y"), Found::no);
}

TEST(PageSearch, min_offset_within_a_letter_is_the_next_one) {
  const auto search = PageSearch::compile({.pattern = "b", .options = {RegexOption::utf}, .min_offset = 2});
  ASSERT_TRUE(search);
  EXPECT_EQ(search->search("a\u00e9b"), Found::yes);
}

}  // namespace
}  // namespace baton::health
