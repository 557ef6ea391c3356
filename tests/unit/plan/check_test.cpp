#include "plan/check.h"

#include <gtest/gtest.h>

#include "unit/setup/made_setup.h"

namespace baton::plan {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{std::chrono::hours(1)};

std::string node(const std::string& before, const std::string& tracks) {
  return before + "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 50\nvirtual_ipaddress {\n10.0.0.1\n}\n" +
         tracks + "\n}\n";
}

Check check_of(const std::string& before, const std::string& tracks) {
  return Check(setup::setup_of(node(before, tracks)), 0);
}

Check script(const std::string& lines, const std::string& tracks = "track_script {\nchk\n}") {
  return check_of("vrrp_script chk {\nscript \"/usr/bin/check\"\n" + lines + "\n}\n", tracks);
}

// Looks until nothing is left to see; when the value changed last, counted from `now`.
std::optional<Duration> changes_after(Check& check, Instant now) {
  std::optional<Duration> changed;
  Instant at = now + check.first_look();
  for (int i = 0; i < 100; ++i) {
    if (check.look(at)) changed = at - now;
    if (!check.next_look()) return changed;
    at = *check.next_look();
  }
  ADD_FAILURE() << "it never stops looking";
  return changed;
}

bool is_up(const Check& check) {
  return check.value().status == vrrp::TrackerStatus::up;
}

TEST(PlanCheck, a_script_is_up_after_its_first_run_and_down_after_fall_intervals) {
  Check check = script("interval 2\nfall 3\nrise 2");
  EXPECT_TRUE(check.can_fail());
  check.start(start);
  EXPECT_EQ(check.value().status, vrrp::TrackerStatus::unknown);
  EXPECT_TRUE(check.look(start));
  EXPECT_TRUE(is_up(check));
  EXPECT_FALSE(check.next_look());
  check.set_well(false, start + 1h);
  EXPECT_EQ(changes_after(check, start + 1h), 6s);
  EXPECT_FALSE(is_up(check));
  check.set_well(true, start + 2h);
  EXPECT_EQ(changes_after(check, start + 2h), 4s);
  EXPECT_TRUE(is_up(check));
}

TEST(PlanCheck, with_init_fail_it_is_down_until_it_has_risen) {
  Check check = script("interval 2\nrise 3\ninit_fail");
  check.start(start);
  EXPECT_EQ(check.value().status, vrrp::TrackerStatus::down);
  EXPECT_FALSE(check.look(start));
  EXPECT_EQ(check.next_look(), start + 2s);
  EXPECT_FALSE(check.look(start + 2s));
  EXPECT_TRUE(check.look(start + 4s));
  EXPECT_TRUE(is_up(check));
}

TEST(PlanCheck, the_end_of_a_process_that_it_asks_about_is_its_first_failure) {
  Check check = check_of("vrrp_script chk {\nscript \"/usr/bin/killall -0 nginx\"\ninterval 5\nfall 2\n}\n",
                         "track_script {\nchk\n}");
  EXPECT_EQ(check.process(), "nginx");
  check.start(start);
  check.look(start);
  check.set_well(false, start + 1h);
  EXPECT_EQ(check.first_look(), 0s);
  EXPECT_EQ(changes_after(check, start + 1h), 5s);
  check.set_well(true, start + 2h);
  EXPECT_EQ(check.first_look(), 100ms);
}

TEST(PlanCheck, in_reverse_it_is_well_as_long_as_it_fails) {
  Check check = script("interval 1", "track_script {\nchk weight 10 reverse\n}");
  EXPECT_TRUE(check.is_reversed());
  check.start(start);
  EXPECT_TRUE(check.look(start));
  EXPECT_FALSE(is_up(check));
  check.set_well(false, start + 1h);
  EXPECT_EQ(changes_after(check, start + 1h), 1s);
  EXPECT_TRUE(is_up(check));
}

TEST(PlanCheck, a_process_counts_as_gone_after_its_delay_and_as_back_after_the_other) {
  Check check =
      check_of("vrrp_track_process haproxy {\nprocess haproxy\nquorum 3\nterminate_delay 1.5\nfork_delay 0.5\n}\n",
               "track_process {\nhaproxy\n}");
  check.start(start);
  EXPECT_TRUE(check.look(start));
  EXPECT_TRUE(is_up(check));
  check.set_well(false, start + 1h);
  EXPECT_EQ(changes_after(check, start + 1h), 1500ms);
  check.set_well(true, start + 2h);
  EXPECT_EQ(changes_after(check, start + 2h), 500ms);
}

TEST(PlanCheck, a_process_that_must_not_run_fails_by_appearing) {
  Check check = check_of("vrrp_track_process p {\nprocess p\nquorum_max 0\n}\n", "track_process {\np\n}");
  EXPECT_TRUE(check.can_fail());
  EXPECT_TRUE(check.is_reversed());
  check.start(start);
  EXPECT_TRUE(check.look(start));
  EXPECT_TRUE(is_up(check));
  check.set_well(false, start + 1h);
  EXPECT_EQ(changes_after(check, start + 1h), 0s);
  EXPECT_FALSE(is_up(check));
}

TEST(PlanCheck, a_file_holds_its_number_until_another_is_written) {
  Check check = check_of("vrrp_track_file f {\nfile /run/f\ninit_file 7\n}\n", "track_file {\nf weight 1\n}");
  check.start(start);
  EXPECT_TRUE(check.look(start));
  EXPECT_FALSE(check.look(start));
  EXPECT_EQ(check.value(), (vrrp::TrackerValue{.status = vrrp::TrackerStatus::up, .number = 7}));
  ASSERT_TRUE(check.can_fail());
  EXPECT_FALSE(check.can_hang());
  check.set_well(false, start);
  EXPECT_TRUE(check.look(start));
  EXPECT_EQ(check.value().number, -254);
}

TEST(PlanCheck, a_health_check_is_as_a_script_is) {
  Check check = check_of("vrrp_check chk {\nTCP_CHECK {\nconnect_port 80\n}\ninterval 2\nfall 3\nrise 2\n}\n",
                         "track_check {\nchk\n}");
  EXPECT_EQ(check.kind(), vrrp::TrackerKind::check);
  EXPECT_TRUE(check.can_fail());
  EXPECT_TRUE(check.can_hang());
  check.start(start);
  EXPECT_TRUE(check.look(start));
  EXPECT_TRUE(is_up(check));
  check.set_well(false, start + 1h);
  EXPECT_EQ(changes_after(check, start + 1h), 6s);
  check.set_well(true, start + 2h);
  EXPECT_EQ(changes_after(check, start + 2h), 4s);
}

}  // namespace
}  // namespace baton::plan
