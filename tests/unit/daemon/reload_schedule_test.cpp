#include "daemon/reload_schedule.h"

#include <fmt/chrono.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

class ReloadScheduleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "baton-reload-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    file_ = directory_ + "/time";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& text) const { std::ofstream(file_) << text; }
  // The time of day so long from now, in UTC.
  static std::string in(std::chrono::seconds span) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(loop::wall_now().time_since_epoch()) + span;
    const auto whole = static_cast<std::time_t>(seconds.count());
    std::tm utc{};
    (void)::gmtime_r(&whole, &utc);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}Z\n", utc);
  }
  void turn_until(const std::function<bool()>& condition, Duration bound) {
    const Instant end = loop::now() + bound;
    while (!condition() && loop::now() < end) loop_.turn(50ms);
  }

  std::string directory_;
  std::string file_;
  loop::Loop loop_;
  log::Logger log_{{.syslog = false}};
  int reloads_ = 0;
  ReloadSchedule schedule_{loop_, log_, [this] { ++reloads_; }};
};

TEST_F(ReloadScheduleTest, a_file_that_comes_later_brings_one_reload_and_goes) {
  schedule_.follow({.time_file = file_});
  write(in(3s));
  turn_until([&] { return reloads_ > 0; }, 20s);
  EXPECT_EQ(reloads_, 1);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ReloadScheduleTest, with_repeat_the_file_stays) {
  write(in(3s));
  schedule_.follow({.time_file = file_, .repeat = true});
  turn_until([&] { return reloads_ > 0; }, 20s);
  EXPECT_EQ(reloads_, 1);
  EXPECT_TRUE(std::filesystem::exists(file_));
}

TEST_F(ReloadScheduleTest, a_file_that_goes_or_is_no_longer_configured_brings_none) {
  write(in(3s));
  schedule_.follow({.time_file = file_});
  std::filesystem::remove(file_);
  const Instant begin = loop::now();
  turn_until([&] { return loop::now() - begin > 4s; }, 20s);
  EXPECT_EQ(reloads_, 0);
  write(in(3s));
  schedule_.follow({});
  const Instant again = loop::now();
  turn_until([&] { return loop::now() - again > 4s; }, 20s);
  EXPECT_EQ(reloads_, 0);
}

TEST_F(ReloadScheduleTest, the_marker_is_there_as_long_as_it_lives) {
  {
    const ReloadMarker none({}, file_, log_);
    EXPECT_FALSE(std::filesystem::exists(file_));
    const ReloadMarker here({.marker = ""}, file_, log_);
    EXPECT_TRUE(std::filesystem::exists(file_));
    const ReloadMarker named({.marker = directory_ + "/named"}, file_, log_);
    struct stat status{};
    ASSERT_EQ(::stat((directory_ + "/named").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0644U);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

}  // namespace
}  // namespace baton::daemon
