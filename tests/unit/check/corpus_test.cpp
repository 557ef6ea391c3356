// Configurations from the field, where there are any: a directory named by BATON_CORPUS, or ../shared/corpus beside the
// checkout; says so where there are none. Each is checked alone, and all of them together: nothing may crash, take
// long, or be found outside of the file. How often each rule was found is printed for a person to judge.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>

#include "check/check.h"
#include "check/rule.h"
#include "config/disk_file_reader.h"

namespace baton::check {
namespace {

std::filesystem::path corpus_directory() {
  if (const char* given = std::getenv("BATON_CORPUS")) return given;
  return std::filesystem::path(BATON_SOURCE_DIR).parent_path() / "shared" / "corpus";
}

// The files are other machines'.
class StrangersFiles : public config::DiskFileReader {
 public:
  config::ProgramState program(const std::string&) override { return config::ProgramState::unknown; }
  std::optional<bool> has_user(const std::string&) override { return std::nullopt; }
};

CheckedFile load(const std::filesystem::path& path) {
  StrangersFiles reader;
  return {.name = path.string(), .loaded = config::load(path.string(), reader, {.keep_places = true})};
}

TEST(Corpus, is_checked_file_by_file_and_as_a_whole) {
  const std::filesystem::path directory = corpus_directory();
  if (!std::filesystem::exists(directory / "index.tsv")) GTEST_SKIP() << "no corpus in " << directory;
  std::vector<CheckedFile> all;
  std::map<std::string_view, std::size_t> files_with;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".conf") continue;
    all.push_back(load(entry.path()));
    std::map<std::string_view, std::size_t> found;
    for (const Finding& finding : check(std::span(&all.back(), 1)).findings) {
      ++found[finding.id];
      EXPECT_FALSE(finding.id.starts_with("B1")) << "one file alone: " << finding.message;
      EXPECT_TRUE(finding.place.file.starts_with(directory.string())) << finding.place.file;
    }
    for (const auto& [id, count] : found) ++files_with[id];
  }
  std::cout << all.size() << " files";
  for (const auto& [id, count] : files_with) std::cout << ", " << find_rule(id)->name << " " << count;
  std::cout << "\n";
  EXPECT_FALSE(all.empty());
  EXPECT_FALSE(files_with.empty()) << "people's files, and nothing to be found in them";
  const std::clock_t start = std::clock();
  (void)check(all);
  EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);  // of the processor: what else runs does not count
}

}  // namespace
}  // namespace baton::check
