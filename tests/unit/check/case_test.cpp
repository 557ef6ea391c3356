// Every rule has a case of tests/golden/check by its name: the faulty files give the finding at the marked places and
// nowhere else, the mended ones nothing at all but notes.
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <regex>

#include "check/rule.h"
#include "unit/check/case.h"

namespace baton::check {
namespace {

const std::filesystem::path directory = BATON_SOURCE_DIR "/tests/golden/check";

std::string words_for(const Finding& finding) {
  return to_string(finding.place) + ": " + std::string(finding.id) + " " + finding.message;
}

std::vector<std::string> own_rules() {
  std::vector<std::string> names{"nopreempt-weight", "strict-silence"};
  for (const auto part : {file_rules(), between_rules()}) {
    for (const Rule& rule : part) {
      if (std::ranges::find(names, rule.name) == names.end()) names.emplace_back(rule.name);
    }
  }
  return names;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, the_fault_is_found_where_it_is_and_mended_it_is_gone) {
  const std::filesystem::path path = directory / (GetParam() + ".case");
  ASSERT_TRUE(std::filesystem::exists(path)) << "every rule needs a case";
  const Case read = read_case(path);
  const Rule* rule = find_rule(GetParam());
  ASSERT_NE(rule, nullptr);
  std::set<Spot> found;
  std::string said;
  for (const Finding& finding : check_texts(read.faulty).findings) {
    said += words_for(finding) + "\n";
    if (finding.id != rule->id) continue;
    found.emplace(finding.place.file, finding.place.line);
    EXPECT_FALSE(finding.mend.empty()) << "what is to be done?";
  }
  EXPECT_FALSE(read.expected.empty());
  EXPECT_EQ(found, read.expected) << said;
  for (const Finding& finding : check_texts(read.mended).findings) {
    EXPECT_TRUE(finding.severity == Severity::note && finding.id != rule->id) << words_for(finding);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Cases, testing::ValuesIn(own_rules()), [](const auto& test) {
  return std::regex_replace(test.param, std::regex("[^A-Za-z0-9_]"), "_");
});

TEST(Rules, have_numbers_in_order_and_names_of_their_own) {
  std::set<std::string_view> words;
  std::string_view before;
  for (const Rule& rule : rules()) {
    EXPECT_LT(before, rule.id);
    before = rule.id;
    EXPECT_TRUE(std::regex_match(std::string(rule.id), std::regex("B[0-9]{3}")));
    EXPECT_TRUE(words.insert(rule.name).second) << rule.name;
    EXPECT_GT(rule.title.size(), 10U) << rule.id;
    EXPECT_GT(rule.explanation.size(), 60U) << rule.id;
  }
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// docs/configuration.md lists what reading a file may say, and golden_config holds that list to the truth.
TEST(Rules, are_there_for_everything_that_reading_says) {
  const std::string manual = slurp(BATON_SOURCE_DIR "/docs/configuration.md");
  const std::regex row(R"(\n\| `([a-z-]+)` \|)");
  std::set<std::string> said;
  for (std::sregex_iterator each(manual.begin(), manual.end(), row), end; each != end; ++each) said.insert((*each)[1]);
  for (const std::string& id : said) EXPECT_NE(find_rule(id), nullptr) << id;
  for (const Rule& rule : reading_rules()) EXPECT_TRUE(said.contains(std::string(rule.name))) << rule.name;
}

// docs/check.md lists every rule: | B001 | `name` | severity | title |.
TEST(Rules, are_in_the_manual) {
  const std::string manual = slurp(BATON_SOURCE_DIR "/docs/check.md");
  std::string table;
  for (const Rule& rule : rules()) {
    table += "| " + std::string(rule.id) + " | `" + std::string(rule.name) + "` | " +
             std::string(config::name(rule.severity)) + " | " + std::string(rule.title) + " |\n";
  }
  EXPECT_NE(manual.find("|---|---|---|---|\n" + table + "\n"), std::string::npos) << table;
}

TEST(Examples, are_clean) {
  const std::filesystem::path examples = BATON_SOURCE_DIR "/examples";
  for (const std::filesystem::path& folder : {examples, examples / "nopreempt"}) {
    std::vector<Text> texts;
    for (const char* name : {"web1.conf", "web2.conf"}) texts.emplace_back(name, slurp(folder / name));
    for (const Finding& finding : check_texts(texts).findings) {
      EXPECT_EQ(finding.severity, Severity::note) << folder << ": " << words_for(finding);
    }
  }
}

}  // namespace
}  // namespace baton::check
