// The flight recorder of a Baton that runs, and what is left of it when a worker dies (docs/replay.md).
#include <algorithm>

#include "replayed.h"
#include "served_pair.h"

namespace baton::lab {
namespace {

using recorder::Step;

constexpr const char* password = "s3cr3t-7";  // 8 characters, as PASS has room for
constexpr const char* crash_file = "/run/baton/crash-1.recording";

class Replay : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.head = "vrrp_script check {\n  script \"/usr/bin/test ! -e /run/lab/broken\"\n  interval 1\n  timeout 10\n  "
                  "fall 1\n"
                  "  rise 1\n  weight -150\n}\n",
          .extra = fmt::format("  authentication {{\n    auth_type PASS\n    auth_pass {}\n  }}\n"
                               "  track_script {{\n    check\n  }}\n",
                               password)});
  }
  static std::vector<Step> replay(NodeId node) {
    const auto file = recording_of(lab(), node);
    EXPECT_TRUE(file);
    return file ? expect_replays(*file, lab().plan(node).name) : std::vector<Step>();
  }
  template <typename Kind>
  static bool was_told(const std::vector<Step>& steps) {
    return std::ranges::any_of(steps, [](const Step& step) { return std::holds_alternative<Kind>(step.input); });
  }
  static bool became(const std::vector<Step>& steps, vrrp::State state, vrrp::Reason reason) {
    return std::ranges::any_of(steps, [&](const Step& step) {
      return std::ranges::any_of(step.touched, [&](const recorder::Touched& each) {
        return each.before.state != state && each.after.state == state && each.after.reason == reason;
      });
    });
  }
};

TEST_F(Replay, a_check_that_fails_a_take_over_and_a_reload_are_played_again_on_both_nodes) {
  write_file(web1, "/run/lab/broken", "");
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  unlink(lab().machine(web1).outside_path("/run/lab/broken").c_str());
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  std::vector<Step> first = replay(web1);
  EXPECT_TRUE(was_told<vrrp::TrackerTold>(first));
  EXPECT_TRUE(was_told<vrrp::AdvertHeard>(first));
  EXPECT_TRUE(became(first, vrrp::State::backup, vrrp::Reason::better_master)) << pair().log();
  const std::vector<Step> second = replay(web2);
  EXPECT_TRUE(became(second, vrrp::State::master, vrrp::Reason::master_below_us)) << pair().log();

  const Instant asked = now();
  PairOptions edited = options();
  edited.extra += "  garp_master_repeat 3\n";
  reload(web1, pair_config(web1, edited));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
  ASSERT_TRUE(wait([&] {
    const auto file = recording_of(lab(), web1);
    return file && recorder::read_recording(view(*file))->lives.size() == 2;
  }));
  first = replay(web1);
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(first.back().life, 1);
  EXPECT_TRUE(was_told<vrrp::Resume>(first));
  expect_no_move_since(asked);
}

TEST_F(Replay, of_a_worker_that_crashes_the_guardian_keeps_what_it_did_to_its_last_input) {
  start_anew(web1);
  ASSERT_TRUE(wait([&] { return adverts(web1, begin()).size() >= 3; }));
  const pid_t first = worker(web1);
  signal(web1, Role::worker, SIGSEGV);
  const Instant died = now();
  ASSERT_TRUE(wait_for_other_worker(web1, first)) << pair().log();
  ASSERT_TRUE(wait([&] { return was_logged(web1, "baton replay /run/baton/crash-1.recording", died); }))
      << pair().log();

  struct stat status{};
  ASSERT_EQ(stat(lab().machine(web1).outside_path(crash_file).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const std::vector<Step> steps = expect_replays(read_file(web1, crash_file), "web1");
  ASSERT_FALSE(steps.empty());
  // A master's last input is the timer of its last advert, less than an interval before it died.
  EXPECT_TRUE(std::holds_alternative<vrrp::TimePassed>(steps.back().input));
  EXPECT_LE(steps.back().now, died);
  EXPECT_GT(steps.back().now, died - std::chrono::milliseconds(1500));

  const auto said = baton(web1, fmt::format("replay {}", crash_file));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 0) << said->text;
  EXPECT_TRUE(said->text.contains("sends its advert, priority 200")) << said->text;
  EXPECT_TRUE(said->text.contains("every action as it was")) << said->text;
}

TEST_F(Replay, of_a_worker_that_hangs_too) {
  start_anew(web1);
  const pid_t first = worker(web1);
  const Instant asked = now();
  signal(web1, Role::worker, SIGSTOP);
  ASSERT_TRUE(wait_for_other_worker(web1, first)) << pair().log();
  ASSERT_TRUE(wait([&] { return was_logged(web1, "baton replay", asked); })) << pair().log();
  EXPECT_FALSE(expect_replays(read_file(web1, crash_file), "web1").empty());
}

TEST_F(Replay, no_password_is_in_it) {
  for (const NodeId node : {web1, web2}) {
    const auto file = recording_of(lab(), node);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->contains("VI_1"));  // names are
    EXPECT_FALSE(file->contains(password));
  }
}

TEST_F(Replay, without_a_file_it_asks_the_daemon_that_runs) {
  const auto said = baton(web2, "replay --json --instance VI_1");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 0) << said->text;
  const auto document = nlohmann::json::parse(said->text, nullptr, false);
  ASSERT_TRUE(document.is_object()) << said->text;
  EXPECT_EQ(document["differences"], 0);
  EXPECT_FALSE(document["steps"].empty());
}

}  // namespace
}  // namespace baton::lab
