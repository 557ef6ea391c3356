// Configurations from the field, where there are any: a directory named by BATON_CORPUS, or ../shared/corpus beside the
// checkout. Each must load without a crash and within the limits. Where index.tsv knows what keepalived 2.2.7 does with
// a file, the verdicts are compared and the differences printed for a person to read.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "config/disk_file_reader.h"
#include "config/load.h"

namespace baton::config {
namespace {

std::filesystem::path corpus_directory() {
  if (const char* given = std::getenv("BATON_CORPUS")) return given;
  return std::filesystem::path(BATON_SOURCE_DIR).parent_path() / "shared" / "corpus";
}

// file -> whether keepalived 2.2.7 starts with it, from the column run_v227.
std::map<std::string, bool> known_verdicts(const std::filesystem::path& table) {
  std::map<std::string, bool> verdicts;
  std::ifstream file(table);
  std::size_t run_column = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::vector<std::string> row;
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
    const auto header = std::ranges::find(row, "run_v227");
    if (header != row.end()) {
      run_column = static_cast<std::size_t>(header - row.begin());
    } else if (row.size() > run_column) {
      verdicts[row[0]] = !row[run_column].starts_with("exit=2");
    }
  }
  return verdicts;
}

void run_corpus(const std::filesystem::path& directory, const std::filesystem::path& table) {
  const std::map<std::string, bool> verdicts = known_verdicts(table);
  DiskFileReader reader;
  std::size_t count = 0;
  std::size_t agreed = 0;
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".conf") continue;
    ++count;
    const auto start = std::chrono::steady_clock::now();
    const LoadResult result = load(entry.path().string(), reader);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << entry.path();
    EXPECT_FALSE(result.missing_file) << entry.path();
    const auto verdict = verdicts.find(entry.path().filename().string());
    if (verdict == verdicts.end()) continue;
    ++compared;
    if (verdict->second == result.ok) {
      ++agreed;
    } else {
      std::cout << "  differs: " << entry.path().filename().string() << ": keepalived "
                << (verdict->second ? "starts" : "does not start") << ", we " << (result.ok ? "accept" : "refuse")
                << "\n";
    }
  }
  std::cout << directory.string() << ": " << count << " files, " << agreed << " of " << compared << " verdicts agree\n";
}

TEST(Corpus, files_from_the_field) {
  const std::filesystem::path directory = corpus_directory();
  if (!std::filesystem::is_directory(directory)) GTEST_SKIP() << "no corpus at " << directory << " (BATON_CORPUS)";
  run_corpus(directory, directory / "index.tsv");
  if (std::filesystem::is_directory(directory / "styles"))
    run_corpus(directory / "styles", directory / "styles/styles.tsv");
}

}  // namespace
}  // namespace baton::config
