// What the runs of scripts came to, in memory that outlives who writes it.
#include "process/script_ledger.h"

#include <gtest/gtest.h>

#include "process/track_scripts.h"
#include "unit/process/runner_bench.h"

#include <sys/mman.h>
#include <unistd.h>

namespace baton::process {
namespace {

using namespace std::chrono_literals;

class Ledger : public ::testing::Test {
 protected:
  void* memory() { return memory_; }
  const UniqueFd& file() const { return file_; }
  void SetUp() override {
    file_ = UniqueFd(::memfd_create("ledger", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file_.get(), static_cast<off_t>(ScriptLedger::size())), 0);
    memory_ = ::mmap(nullptr, ScriptLedger::size(), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    ASSERT_NE(memory_, MAP_FAILED);
  }
  void TearDown() override { (void)::munmap(memory_, ScriptLedger::size()); }
  std::uint64_t runs(const char* name, RunResult result) {
    const auto runs = ScriptLedger(memory_).read().of(name);
    return runs ? runs->results[static_cast<std::size_t>(result)] : 0;
  }

 private:
  UniqueFd file_;
  void* memory_ = nullptr;
};

TEST_F(Ledger, counts_runs_by_result_and_by_how_long_they_took) {
  ScriptLedger ledger(memory());
  ledger.keep({"chk"});
  EXPECT_EQ(ledger.read().of("chk"), ScriptRuns{});
  ledger.count("chk", RunResult::success, 5ms);
  ledger.count("chk", RunResult::success, 6ms);
  ledger.count("chk", RunResult::timeout, 2h);
  ledger.count("chk", RunResult::could_not_run, std::nullopt);
  ScriptRuns expected{.results = {2, 0, 1, 1}, .sum = 2h + 11ms, .last = 2h};
  expected.durations[0] = expected.durations[1] = expected.durations.back() = 1;
  EXPECT_EQ(ledger.read().of("chk"), expected);
}

TEST_F(Ledger, goes_on_with_the_next_runner) {
  for (int life = 0; life < 2; ++life) {
    ScriptLedger ledger(memory());
    ledger.keep({"chk"});
    ledger.count("chk", RunResult::failure, 1ms);
  }
  EXPECT_EQ(runs("chk", RunResult::failure), 2U);
}

TEST_F(Ledger, of_a_reload_keeps_what_stays_and_forgets_what_goes) {
  ScriptLedger ledger(memory());
  ledger.keep({"stays", "goes"});
  ledger.count("stays", RunResult::success, 1ms);
  ledger.count("goes", RunResult::success, 1ms);
  ledger.keep({"comes", "stays"});
  EXPECT_EQ(runs("stays", RunResult::success), 1U);
  EXPECT_EQ(ledger.read().of("goes"), std::nullopt);
  EXPECT_EQ(ledger.read().of("comes"), ScriptRuns{}) << "nothing of whose place it took";
  ledger.count("goes", RunResult::success, 1ms);
  EXPECT_EQ(ledger.read().of("goes"), std::nullopt);
}

TEST_F(Ledger, has_room_for_so_many_and_no_more) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i <= ScriptLedger::most; ++i) texts.push_back("script" + std::to_string(i));
  std::vector<std::string_view> names(texts.begin(), texts.end());
  ScriptLedger ledger(memory());
  ledger.keep(names);
  std::size_t known = 0;
  const auto reading = ledger.read();
  for (const std::string_view name : names) known += reading.of(name).has_value() ? 1 : 0;
  EXPECT_EQ(known, ScriptLedger::most);
}

// ---- what the runner writes

TrackScript script(std::string name, std::vector<std::string> argv) {
  TrackScript made;
  made.name = std::move(name);
  made.command = command(std::move(argv));
  made.interval = 20ms;
  made.timeout = 10s;
  return made;
}

bool wait_for(const std::function<bool()>& happened) {
  const auto deadline = Clock::now() + patience;
  while (!happened() && Clock::now() < deadline) ::poll(nullptr, 0, 5);
  return happened();
}

TEST_F(Ledger, is_written_by_the_runner) {
  RunnerOptions options;
  options.script_ledger = memory();
  RunnerBench bench(options);
  TrackScript hangs = script("hangs", {"sleep", "60"});
  hangs.timeout = 30ms;
  TrackScript slow = script("slow", {"sleep", "0.2"});
  bench.set_scripts(
      {script("good", {"true"}), script("bad", {"false"}), script("missing", {"/no/such/program"}), hangs, slow});
  ASSERT_TRUE(wait_for([&] {
    return runs("good", RunResult::success) > 1 && runs("bad", RunResult::failure) > 1 &&
           runs("missing", RunResult::could_not_run) > 1 && runs("hangs", RunResult::timeout) > 1 &&
           runs("slow", RunResult::success) > 0;
  }));
  const auto reading = ScriptLedger(memory()).read();
  EXPECT_EQ(reading.of("hangs")->last, 30ms);
  EXPECT_EQ(reading.of("missing")->last, std::nullopt) << "it never ran";
  EXPECT_GE(reading.of("slow")->last, Duration(100ms));
  EXPECT_EQ(reading.of("good")->results[1] + reading.of("good")->results[2], 0U);
  bench.set_scripts({script("good", {"true"})});
  EXPECT_TRUE(wait_for([&] { return !ScriptLedger(memory()).read().of("bad"); }));
  EXPECT_GT(runs("good", RunResult::success), 1U);
}

// A runner that is no child of the guardian cannot inherit it (docs/decisions/0024).
TEST_F(Ledger, is_passed_to_a_runner_that_lives_elsewhere) {
  RunnerBench bench({.lives_with_parent = false});
  bench.pass_ledger(file());
  bench.set_scripts({script("good", {"true"})});
  EXPECT_TRUE(wait_for([&] { return runs("good", RunResult::success) > 1; }));
}

TEST_F(Ledger, that_is_too_small_is_none) {
  ASSERT_EQ(::ftruncate(file().get(), 4096), 0);
  RunnerBench bench({.lives_with_parent = false});
  bench.pass_ledger(file());
  bench.set_scripts({script("good", {"true"})});
  EXPECT_TRUE(bench.next<ScriptResult>());
}

}  // namespace
}  // namespace baton::process
