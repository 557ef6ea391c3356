// Configurations from the field, where there are any: a directory named by BATON_CORPUS, or ../shared/corpus beside the
// checkout. Each must load without a crash and within the limits. Where index.tsv knows what keepalived 2.2.7 does with
// a file, the verdicts must agree but for those that are known to differ.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "config/disk_file_reader.h"
#include "config/load.h"

namespace baton::config {
namespace {

// keepalived does not start and we accept, but for 163.conf: there it is the other way round.
const std::set<std::string> known_to_differ = {"008.conf", "023.conf", "025.conf", "038.conf", "048.conf",
                                               "049.conf", "078.conf", "083.conf", "087.conf", "089.conf",
                                               "108.conf", "124.conf", "128.conf", "151.conf", "156.conf",
                                               "163.conf", "166.conf", "174.conf", "185.conf"};

constexpr double most_seconds = 5;  // of the processor, for a file; none of them is large

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

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
    const double start = processor_seconds();
    const LoadResult result = load(entry.path().string(), reader);
    EXPECT_LT(processor_seconds() - start, most_seconds) << entry.path();
    EXPECT_FALSE(result.missing_file) << entry.path();
    const std::string name = entry.path().filename().string();
    const auto verdict = verdicts.find(name);
    if (verdict == verdicts.end()) continue;
    ++compared;
    const bool agrees = verdict->second == result.ok;
    if (agrees) ++agreed;
    EXPECT_NE(agrees, known_to_differ.contains(name))
        << name << ": keepalived " << (verdict->second ? "starts" : "does not start") << ", we "
        << (result.ok ? "accept" : "refuse");
  }
  EXPECT_GT(count, 0U) << "no files in " << directory;
  if (std::filesystem::exists(table)) {
    EXPECT_GT(compared, 0U) << "no verdicts in " << table;
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
