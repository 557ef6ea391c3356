// Every tests/golden/config/NAME.conf is loaded, and what is said of it is compared with NAME.expected, to the letter.
// A first line "# golden: strict", "# golden: include-check" or "# golden: config-id NAME" sets options, and
// "# golden: load PATH" loads that path instead; with "# golden: no-script-user" there is no account keepalived_script.
// Files in folders are there to be included; one whose name begins with "executable", "unreadable" or "folder" cannot
// be read.
//   GOLDEN_UPDATE=1 golden_config    writes the expected files anew; read the difference before you commit it
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "config/load.h"
#include "unit/config/memory_file_reader.h"

namespace baton::config {
namespace {

const std::filesystem::path golden_directory = BATON_SOURCE_DIR "/tests/golden/config";

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

MemoryFileReader golden_files() {
  MemoryFileReader reader;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(golden_directory)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".conf") continue;
    const std::string name = entry.path().filename().string();
    const std::string path = std::filesystem::relative(entry.path(), golden_directory).string();
    if (name.starts_with("executable")) {
      reader.add(path, std::unexpected(FileError::executable));
    } else if (name.starts_with("unreadable")) {
      reader.add(path, std::unexpected(FileError::unreadable));
    } else if (name.starts_with("folder")) {
      reader.add(path, std::unexpected(FileError::directory));
    } else {
      reader.add(path, slurp(entry.path()));
    }
  }
  return reader;
}

LoadOptions options_of(const std::string& text) {
  LoadOptions options;
  const std::string first = text.substr(0, text.find('\n'));
  options.strict = first == "# golden: strict";
  options.include_check = first == "# golden: include-check";
  constexpr std::string_view id = "# golden: config-id ";
  if (first.starts_with(id)) options.config_id = first.substr(id.size());
  return options;
}

std::string path_of(const std::string& name, const std::string& text) {
  constexpr std::string_view load = "# golden: load ";
  return text.starts_with(load) ? text.substr(load.size(), text.find('\n') - load.size()) : name + ".conf";
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_directory)) {
    if (entry.path().extension() == ".conf") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

class ConfigGolden : public testing::TestWithParam<std::string> {};

TEST_P(ConfigGolden, says_what_is_expected) {
  MemoryFileReader reader = golden_files();
  const std::string source = slurp(golden_directory / (GetParam() + ".conf"));
  reader.has_script_user = !source.starts_with("# golden: no-script-user");
  const LoadResult result = load(path_of(GetParam(), source), reader, options_of(source));
  const std::string said = report(result) + (result.ok ? "accepted\n" : "refused\n");
  const std::filesystem::path expected = golden_directory / (GetParam() + ".expected");
  if (std::getenv("GOLDEN_UPDATE") != nullptr) {
    std::ofstream(expected, std::ios::binary) << said;
  }
  EXPECT_EQ(said, slurp(expected));
}

INSTANTIATE_TEST_SUITE_P(Files, ConfigGolden, testing::ValuesIn(golden_names()), [](const auto& test) {
  return std::regex_replace(test.param, std::regex("[^A-Za-z0-9_]"), "_");
});

// docs/configuration.md lists every id in a table: | `id` | ... |. What is said anywhere is explained there.
TEST(ConfigGolden, every_id_is_documented_and_has_a_golden_file) {
  std::set<std::string> said;
  const std::regex tag(R"(\[([a-z-]+)\]\n)");
  for (const std::string& name : golden_names()) {
    const std::string text = slurp(golden_directory / (name + ".expected"));
    for (std::sregex_iterator each(text.begin(), text.end(), tag), end; each != end; ++each) said.insert((*each)[1]);
  }
  std::set<std::string> documented;
  const std::string manual = slurp(BATON_SOURCE_DIR "/docs/configuration.md");
  const std::regex row(R"(\n\| `([a-z-]+)` \|)");
  for (std::sregex_iterator each(manual.begin(), manual.end(), row), end; each != end; ++each) {
    documented.insert((*each)[1]);
  }
  EXPECT_EQ(said, documented);
}

}  // namespace
}  // namespace baton::config
