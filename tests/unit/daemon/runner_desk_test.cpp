// What a worker tells its runner is told although runners and workers follow each other.
#include "daemon/runner_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

process::WriteFifos line(const std::string& text) {
  return {.text = text};
}

process::Notify scripts(const std::string& key, const std::string& word) {
  return {.key = key, .commands = {{.argv = {"/bin/notify", word}}}};
}

struct IsTold {
  std::vector<std::string>& words;
  void operator()(const process::Notify& it) const { words.push_back(it.commands.front().argv.back()); }
  void operator()(const process::WriteFifos& it) const { words.push_back(it.text); }
  void operator()(const auto&) const {}  // what every worker says at first
};

class RunnerDeskTest : public testing::Test {
 protected:
  // The other end of a new runner of this desk.
  static kernel::Channel meet(RunnerDesk& desk) {
    auto pair = kernel::Channel::make_pair();
    EXPECT_TRUE(pair);
    desk.meet(std::move(pair->first), false);
    return std::move(pair->second);
  }
  static std::vector<std::string> told(const kernel::Channel& runner) {
    std::vector<std::string> words;
    while (const auto got = runner.receive()) {
      const auto decoded = process::decode_to_runner(got->bytes);
      EXPECT_TRUE(decoded);
      if (decoded) std::visit(IsTold{words}, *decoded);
    }
    return words;
  }
  // As the worker that follows has it: over a descriptor, as text.
  static void hand_over(RunnerDesk& from, RunnerDesk& to) { to.take_up(unpack(pack(from.leave()))); }

  daemon::Setup setup_ = setup_of("vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n}\n");
  loop::Loop loop_;
  log::Logger log_{{.console = false, .syslog = false}};
  RunnerDesk desk_{setup_, log_, loop_};
  RunnerDesk next_{setup_, log_, loop_};
};

TEST_F(RunnerDeskTest, without_a_runner_the_worker_that_follows_tells_everything) {
  desk_.tell(line("BACKUP"));
  desk_.run_for_state(scripts("INSTANCE A", "backup"));
  desk_.run_once(scripts("INSTANCE A", "priority"));
  hand_over(desk_, next_);
  EXPECT_THAT(told(meet(next_)), testing::UnorderedElementsAre("BACKUP", "backup", "priority"));
}

TEST_F(RunnerDeskTest, what_a_runner_died_with_is_told_by_the_worker_that_follows) {
  {
    const kernel::Channel runner = meet(desk_);
    desk_.tell(line("BACKUP"));
    desk_.run_for_state(scripts("INSTANCE A", "backup"));
    EXPECT_THAT(told(runner), ElementsAre("BACKUP", "backup"));
  }
  desk_.on_gone();
  hand_over(desk_, next_);
  EXPECT_THAT(told(meet(next_)), testing::UnorderedElementsAre("BACKUP", "backup"));
}

// notify_master_rx_lower_pri has the instance's key as well, and an end of its own.
TEST_F(RunnerDeskTest, a_state_whose_script_has_not_ended_is_told_to_the_next_runner) {
  {
    const kernel::Channel runner = meet(desk_);
    desk_.run_once(scripts("INSTANCE A", "lower"));
    desk_.run_for_state(scripts("INSTANCE A", "backup"));
    desk_.on_finished({.key = "INSTANCE A", .command = "/bin/notify"});
  }
  EXPECT_THAT(told(meet(desk_)), ElementsAre("backup"));
}

TEST_F(RunnerDeskTest, what_a_living_runner_has_read_is_told_to_nobody_again) {
  const kernel::Channel runner = meet(desk_);
  desk_.tell(line("BACKUP"));
  desk_.run_for_state(scripts("INSTANCE A", "backup"));
  EXPECT_THAT(desk_.leave(), IsEmpty());
}

TEST_F(RunnerDeskTest, what_a_slow_runner_has_not_read_is_told_once_in_its_order) {
  constexpr int all = 5'000;  // more than a channel holds
  const kernel::Channel runner = meet(desk_);
  for (int i = 0; i < all; ++i) desk_.tell(line(std::to_string(i)));
  desk_.run_hook({.key = "INSTANCE A", .commands = {{.argv = {"hook"}}}, .number = 1});  // nobody waits any more
  hand_over(desk_, next_);
  std::vector<std::string> words = told(runner);
  const std::size_t read = words.size();
  EXPECT_LT(read, std::size_t{all});
  for (const kernel::Channel second = meet(next_); words.size() < all;) {
    const auto more = told(second);
    if (more.empty()) break;
    words.insert(words.end(), more.begin(), more.end());
    loop_.turn(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(words.size(), std::size_t{all});
  for (int i = 0; i < all; ++i) EXPECT_EQ(words[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(RunnerDeskTest, what_the_follower_took_up_outlives_its_runners_too) {
  desk_.tell(line("BACKUP"));
  hand_over(desk_, next_);
  EXPECT_THAT(told(meet(next_)), ElementsAre("BACKUP"));
  EXPECT_THAT(told(meet(next_)), ElementsAre("BACKUP"));
}

TEST(Unsaid, what_is_malformed_ends_the_list) {
  const std::vector<Unsaid> two{{.whom = Outbox::For::this_reader, .message = {1, 2}}, {.message = {3}}};
  const std::string text = pack(two);
  EXPECT_EQ(unpack(text), two);
  EXPECT_EQ(unpack(text.substr(0, text.size() - 1)), std::vector<Unsaid>(two.begin(), two.begin() + 1));
  EXPECT_THAT(unpack(""), IsEmpty());
  EXPECT_THAT(unpack(std::string(100, '\xff')), IsEmpty());
}

}  // namespace
}  // namespace baton::daemon
