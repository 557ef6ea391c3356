// `baton replay` on a recording that the test makes: which steps it shows, one after the other, and where it saves
// them.
#include "cli/replay_command.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "command_line/command_line.h"
#include "unit/recorder/tape.h"

namespace baton::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

constexpr Instant begun{1000s};
constexpr Instant written{1020s};  // 2026-11-27T12:00:20Z
constexpr WallTime written_at{std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + 12h + 20s};

// A link that goes down and up each second from 12:00:00 to 12:00:10.
std::string recording() {
  vrrp::NodeParameters parameters;
  parameters.routers.push_back({.name = "VI_1", .router = {.base_priority = 100}, .links = {"eth0"}});
  recorder::Tape tape(parameters);
  vrrp::Node node(parameters);
  const auto recorder = tape.record(node);
  vrrp::NodeActions out;
  for (int second = 0; second <= 10; ++second) node.on_link("eth0", second % 2 == 1, begun + second * 1s, out);
  const Bytes file =
      recorder::recording_file({.program = "test", .node = "web1", .boot = written, .wall = written_at}, {tape.life()});
  return {file.begin(), file.end()};
}

class ReplayCommand : public testing::Test {
 protected:
  ReplayCommand() {
    std::filesystem::create_directory(directory_);
    std::ofstream(file_, std::ios::binary) << recording();
  }
  ~ReplayCommand() override { std::filesystem::remove_all(directory_); }

  int run(std::vector<std::string> words) {
    command_line::Program program;
    int code = -1;
    add_replay_command(program, code);
    words.insert(words.begin(), {"replay", file_});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(program.parse(std::move(words)), std::nullopt);
    said_ = testing::internal::GetCapturedStdout();
    complained_ = testing::internal::GetCapturedStderr();
    return code;
  }
  // Seconds after the beginning of the steps that are shown.
  std::vector<int> shown(std::vector<std::string> words) {
    words.emplace_back("--json");
    EXPECT_EQ(run(std::move(words)), 0) << complained_;
    const json document = json::parse(said_, nullptr, false);
    std::vector<int> seconds;
    for (const json& step : document.value("steps", json::array())) {
      const Instant at{Duration(step.at("boot_ns").get<std::int64_t>())};
      seconds.push_back(static_cast<int>((at - begun) / 1s));
    }
    return seconds;
  }

  std::string directory_ = testing::TempDir() + "baton-replay-" + std::to_string(::getpid());
  std::string file_ = directory_ + "/a.recording";
  std::string said_;
  std::string complained_;
};

TEST_F(ReplayCommand, shows_all_steps_without_a_window) {
  EXPECT_EQ(shown({}), (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST_F(ReplayCommand, from_and_to_are_seconds_after_the_beginning) {
  EXPECT_EQ(shown({"--from", "3", "--to", "5"}), (std::vector{3, 4, 5}));
  EXPECT_EQ(shown({"--from", "8.5"}), (std::vector{9, 10}));
  EXPECT_EQ(shown({"--to", "0.5"}), (std::vector{0}));
}

TEST_F(ReplayCommand, or_before_the_end_which_is_when_it_was_written) {
  EXPECT_EQ(shown({"--from", "-11.5"}), (std::vector{9, 10}));
  EXPECT_EQ(shown({"--to", "-19"}), (std::vector{0, 1}));
}

TEST_F(ReplayCommand, or_dates) {
  EXPECT_EQ(shown({"--from", "2026-11-27T12:00:03Z", "--to", "2026-11-27T12:00:04.5Z"}), (std::vector{3, 4}));
}

TEST_F(ReplayCommand, what_is_no_time_is_refused_with_those_that_are) {
  for (const char* time : {"soon", "12:00", "2026-11-27T12:00:03", "1e300"}) {
    EXPECT_EQ(run({"--from", time}), 2) << time;
    EXPECT_THAT(complained_, HasSubstr("mend: 2026-11-27T12:31:06Z, or 30"));
  }
}

TEST_F(ReplayCommand, step_waits_for_enter_and_ends_with_q) {
  std::istringstream keys("\n\nq\n");
  std::streambuf* const before = std::cin.rdbuf(keys.rdbuf());
  EXPECT_EQ(run({"--step"}), 0);
  std::cin.rdbuf(before);
  std::size_t asked = 0;
  for (auto at = complained_.find("[Enter"); at != std::string::npos; at = complained_.find("[Enter", at + 1)) ++asked;
  EXPECT_EQ(asked, 3U);
  EXPECT_THAT(said_, HasSubstr("3 steps, every action as it was"));
}

TEST_F(ReplayCommand, save_writes_it_for_its_owner_alone_and_plays_nothing) {
  const std::string copy = directory_ + "/copy.recording";
  EXPECT_EQ(run({"--save", copy}), 0);
  EXPECT_EQ(said_, "");
  std::ifstream file(copy, std::ios::binary);
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(file), {}}), recording());
  struct stat status{};
  ASSERT_EQ(::stat(copy.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(ReplayCommand, that_cannot_save_says_so) {
  EXPECT_EQ(run({"--save", directory_ + "/no/such/directory"}), 2);
  EXPECT_THAT(complained_, HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace baton::cli
