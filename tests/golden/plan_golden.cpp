// Every folder of tests/golden/plan is a set of nodes, one a .conf; what `baton plan` prints of them is compared with
// plan.txt and plan.json there, to the letter.
//   GOLDEN_UPDATE=1 golden_plan    writes the expected files anew; read the difference before you commit it
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/load.h"
#include "plan/plan.h"
#include "plan/render.h"
#include "unit/config/memory_file_reader.h"

namespace baton::plan {
namespace {

const std::filesystem::path golden_directory = BATON_SOURCE_DIR "/tests/golden/plan";

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> entries(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

Plan plan_of(const std::filesystem::path& directory) {
  std::vector<NodeInput> nodes;
  for (const std::filesystem::path& path : entries(directory)) {
    if (path.extension() != ".conf") continue;
    config::MemoryFileReader reader(config::MemoryFileReader::Files{{"node.conf", slurp(path)}});
    config::LoadResult loaded = config::load("node.conf", reader);
    EXPECT_TRUE(loaded.ok) << config::report(loaded);
    nodes.push_back({.name = path.stem().string(), .configuration = std::move(loaded.configuration)});
  }
  return make_plan(make_network(std::move(nodes)), {});
}

void expect_same(const std::filesystem::path& expected, const std::string& text) {
  if (std::getenv("GOLDEN_UPDATE") != nullptr) std::ofstream(expected, std::ios::binary) << text;
  EXPECT_EQ(slurp(expected), text) << expected;
}

TEST(PlanGolden, text_and_json) {
  const auto directories = entries(golden_directory);
  ASSERT_FALSE(directories.empty());
  for (const std::filesystem::path& directory : directories) {
    const Plan plan = plan_of(directory);
    const std::string text = render_text(plan, Detail::what_moves);
    expect_same(directory / "plan.txt", text);
    expect_same(directory / "plan.json", to_json(plan).dump(2) + "\n");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

}  // namespace
}  // namespace baton::plan
