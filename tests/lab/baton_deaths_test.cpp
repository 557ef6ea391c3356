// What Baton promises when processes of it die or hang (docs/decisions/0002): the address is never lost for long, never
// on two servers for good, and nobody has to come.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

// Processes in it stand still in the kernel (state D), as one does that waits for a lock (cgroup-v1,
// freezer-subsystem).
class Freezer {
 public:
  Freezer() {
    std::error_code error;
    if (std::filesystem::exists(root / "tasks", error)) std::filesystem::create_directory(group_, error);
  }
  ~Freezer() {
    if (!is_there()) return;
    set("THAWED");
    std::ifstream tasks(group_ / "tasks");
    for (std::string task; std::getline(tasks, task);) std::ofstream(root / "tasks") << task;
    std::error_code error;
    std::filesystem::remove(group_, error);
  }
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;

  bool is_there() const { return std::filesystem::exists(group_ / "freezer.state"); }
  void take(pid_t process) { std::ofstream(group_ / "tasks") << process; }
  void set(std::string_view state) { std::ofstream(group_ / "freezer.state") << state; }
  bool has_frozen(pid_t process) const {
    std::string state;
    std::ifstream(group_ / "freezer.state") >> state;
    std::ifstream tasks(group_ / "tasks");
    return state == "FROZEN" &&
           std::find(std::istream_iterator<pid_t>(tasks), {}, process) != std::istream_iterator<pid_t>();
  }

 private:
  const std::filesystem::path root{"/sys/fs/cgroup/freezer"};
  std::filesystem::path group_ = root / fmt::format("baton-lab-{}", ::getpid());
};

class BatonDeaths : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({}); }
  // 0: none.
  static pid_t runner() {
    const auto found = find_role(lab().daemon_processes(web1), Role::runner);
    return found.empty() ? 0 : found.front();
  }
  // As the unit file's ExecStopPost does.
  static void clean_up(NodeId node) {
    EXPECT_TRUE(wait([&] { return batond_processes(node).empty(); }));
    Pair::expect_done(lab().clean_up(node));
  }
};

TEST_F(BatonDeaths, a_worker_that_is_killed_is_replaced_without_a_move_and_a_second_one_gives_the_address_away) {
  const pid_t first = worker(web1);
  signal(web1, Role::worker, SIGKILL);
  ASSERT_TRUE(wait_for_other_worker(web1, first)) << pair().log();
  // Longer than a backup waits: had one advert been late, web2 would speak by now.
  ASSERT_TRUE(wait([&] { return adverts(web1, begin()).size() >= 4; })) << pair().log();
  expect_no_move_since(begin());
  expect_hardly_missed_since(begin());
  EXPECT_FALSE(said_goodbye(web1, begin())) << pair().log();

  const pid_t second = worker(web1);
  signal(web1, Role::worker, SIGKILL);
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(said_goodbye(web1, begin())) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_NE(worker(web1), second);
}

TEST_F(BatonDeaths, when_the_guardian_is_killed_the_worker_leaves_in_order_and_nothing_of_it_stays) {
  signal(web1, Role::guardian, SIGKILL);
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(said_goodbye(web1, begin())) << pair().log();
  expect_hardly_missed_since(begin());
  EXPECT_TRUE(wait([] { return batond_processes(web1).empty(); })) << pair().log();
  const auto said = baton(web1, "status");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 4) << said->text;
}

TEST_F(BatonDeaths, when_everything_is_killed_the_clean_up_takes_the_address_off_and_says_goodbye) {
  signal(web1, Role::everything, SIGKILL);
  clean_up(web1);
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(said_goodbye(web1, begin())) << pair().log();
}

TEST_F(BatonDeaths, the_clean_up_knows_what_the_killed_daemon_held_and_not_only_what_the_file_says_now) {
  PairOptions edited = options();
  edited.routers.front().addresses = {"10.0.20.111"};
  configure(web1, pair_config(web1, edited));  // and no reload
  signal(web1, Role::everything, SIGKILL);
  clean_up(web1);
  EXPECT_TRUE(wait([] { return !pair().owners().contains(web1); })) << pair().log();
}

TEST_F(BatonDeaths, without_a_clean_up_the_next_start_takes_the_address_off_before_it_is_master_again) {
  signal(web1, Role::everything, SIGKILL);
  ASSERT_TRUE(wait([] { return pair().owners().size() == 2; })) << pair().log();
  Pair::expect_done(lab().start_daemon(web1));
  EXPECT_TRUE(wait([] { return pair().owners() == std::set<NodeId>{web2}; })) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

TEST_F(BatonDeaths, a_worker_that_hangs_is_replaced_without_a_move) {
  start_anew(web1);
  const Instant at = now();
  const pid_t hanging = worker(web1);
  signal(web1, Role::worker, SIGSTOP);
  ASSERT_TRUE(wait_for_other_worker(web1, hanging)) << pair().log();
  EXPECT_FALSE(is_running(hanging));
  ASSERT_TRUE(wait([&] { return adverts(web1, at).size() >= 4; })) << pair().log();
  expect_no_move_since(at);
  expect_hardly_missed_since(at);
}

TEST_F(BatonDeaths, a_worker_that_the_kernel_holds_up_for_less_than_a_backup_waits_goes_on_itself) {
  Freezer freezer;
  if (!freezer.is_there()) GTEST_SKIP() << "no freezer of cgroup v1 here";
  start_anew(web1);
  const Instant at = now();
  const pid_t held_up = worker(web1);
  freezer.take(held_up);
  freezer.set("FROZEN");
  ASSERT_TRUE(wait([&] { return freezer.has_frozen(held_up); }));
  const Instant frozen = now();
  lab().run_for(1300ms);
  EXPECT_EQ(adverts(web1, frozen).size(), 0U) << pair().log();
  freezer.set("THAWED");
  ASSERT_TRUE(wait([&] { return adverts(web1, at).size() >= 4; })) << pair().log();
  EXPECT_EQ(worker(web1), held_up) << pair().log();
  EXPECT_FALSE(said_goodbye(web1, at)) << pair().log();
  expect_no_move_since(at);
}

TEST_F(BatonDeaths, when_everything_hangs_there_are_two_owners_only_until_it_goes_on) {
  start_anew(web1);
  signal(web1, Role::everything, SIGSTOP);
  ASSERT_TRUE(wait([] { return pair().owners().size() == 2; })) << pair().log();
  signal(web1, Role::everything, SIGCONT);
  EXPECT_TRUE(wait([] { return pair().owners().size() == 1; })) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

// Stopped for longer than web2 waits, in whatever it was doing: the first that leaves web1 when it goes on is nothing.
TEST_F(BatonDeaths, who_wakes_after_a_successor_says_nothing_before_it_has_let_go) {
  start_anew(web1);
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
    lab().run_for(std::chrono::milliseconds(137 * round));
    signal(web1, Role::everything, SIGSTOP);
    ASSERT_TRUE(wait([] { return pair().owners().contains(web2); })) << pair().log();
    lab().run_for(1s);  // longer than three intervals in all, so that web1 knows by its clock alone
    const Instant woken = now();
    signal(web1, Role::everything, SIGCONT);
    ASSERT_TRUE(wait([] { return pair().owners() == std::set<NodeId>{web2}; })) << pair().log();
    const Instant let_go = *lab().ownership().last_change(pair().address());
    for (const AdvertRecord& record : lab().adverts()) {
      EXPECT_FALSE(record.node == web1 && record.at >= woken && record.at <= let_go) << pair().log();
    }
    RecordProperty(fmt::format("let_go_us_{}", round),
                   std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(let_go - woken).count()));
  }
}

TEST_F(BatonDeaths, a_runner_that_is_killed_is_replaced_and_nobody_minds) {
  const pid_t before = runner();
  signal(web1, Role::runner, SIGKILL);
  EXPECT_TRUE(wait([&] { return runner() != 0 && runner() != before; })) << pair().log();
  expect_no_move_since(begin());
}

TEST_F(BatonDeaths, a_runner_that_hangs_is_replaced) {
  ASSERT_TRUE(wait([] { return runner() != 0; })) << pair().log();  // after the death of another one, a while later
  const pid_t before = runner();
  signal(web1, Role::runner, SIGSTOP);
  EXPECT_TRUE(wait([&] { return runner() != 0 && runner() != before; }, 30s)) << pair().log();
  EXPECT_TRUE(was_logged(web1, "baton-run has shown no sign of life", begin())) << pair().log();
  expect_no_move_since(begin());
}

}  // namespace
}  // namespace baton::lab
