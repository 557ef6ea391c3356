#include "daemon/reload_time.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace baton::daemon {
namespace {

class ReloadTime : public testing::Test {
 protected:
  void SetUp() override { set_zone("CET-1"); }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static void set_zone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  static WallTime utc(int day, int hour, int minute = 0) {  // of November 2026
    std::tm time{};
    time.tm_year = 126;
    time.tm_mon = 10;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_min = minute;
    return WallTime(std::chrono::seconds(::timegm(&time)));
  }
};

TEST_F(ReloadTime, a_time_of_day_is_the_next_one) {
  EXPECT_EQ(next_reload("13:00:00\n", utc(27, 11)), utc(27, 12));
  EXPECT_EQ(next_reload("13:00:00", utc(27, 12)), utc(28, 12)) << "now is not to come";
  EXPECT_EQ(next_reload("13:00:00", utc(27, 20)), utc(28, 12));
  EXPECT_EQ(next_reload("13:00:00Z", utc(27, 12, 30)), utc(27, 13));
  EXPECT_EQ(next_reload("00:30:00", utc(30, 23, 15)), utc(30, 23, 30)) << "local days";
}

TEST_F(ReloadTime, a_date_is_that_date) {
  EXPECT_EQ(next_reload("26-11-28 01:00:00", utc(27, 0)), utc(28, 0));
  EXPECT_EQ(next_reload("2026-11-28 01:00:00Z\nmore", utc(27, 0)), utc(28, 1));
  EXPECT_EQ(next_reload("2026-11-26 01:00:00", utc(27, 0)), std::nullopt) << "over";
}

// On 29 March 2026 the clocks of Berlin go from 2:00 to 3:00.
TEST_F(ReloadTime, a_day_has_not_always_24_hours) {
  set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  std::tm time{};
  time.tm_year = 126;
  time.tm_mon = 2;
  time.tm_mday = 28;
  time.tm_hour = 11;  // noon in Berlin
  const WallTime now(std::chrono::seconds(::timegm(&time)));
  EXPECT_EQ(next_reload("12:00:00", now), now + std::chrono::hours(23));
}

TEST_F(ReloadTime, nonsense_is_no_time) {
  for (const char* text : {"", "soon", "1:00:00", "24:00:00", "12:60:00", "12:00", "12:00:00x", "12:00:00 Z",
                           "-1:00:00", "2026-13-01 00:00:00", "2027-02-29 00:00:00", "2026-11-28",
                           "2026-11-28T01:00:00", "226-11-28 01:00:00", "999999999999:00:00", "\n12:00:00"}) {
    EXPECT_EQ(next_reload(text, utc(27, 0)), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace baton::daemon
