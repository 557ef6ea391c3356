// vrrp_check: what a worker hears of it, and that its results mean what those of a vrrp_script mean.
#include "daemon/check_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/check_list.h"
#include "daemon/check_verdict.h"
#include "health/check.h"
#include "process/script_verdict.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

config::TrackedCheck tracked(const std::string& name, std::uint16_t port) {
  return {.name = name,
          .check = {.kind = config::TcpCheck{},
                    .target = {.address = *IpAddress::parse("127.0.0.1"), .port = port},
                    .delay_loop = 1s,
                    .retry = 0}};
}

setup::Setup make_setup_of_two() {
  config::Configuration configuration;
  configuration.checks = {tracked("web", 80), tracked("mail", 25)};
  return setup::make_setup(std::move(configuration));
}

class CheckDeskTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = kernel::Channel::make_pair();
    ASSERT_TRUE(pair);
    std::tie(worker_, checker_) = std::move(*pair);
  }
  bool hear() {
    heard_.clear();
    return desk_.receive([this](vrrp::TrackerId id, vrrp::TrackerValue value) {
      heard_.emplace_back(id, value.status == vrrp::TrackerStatus::up);
    });
  }
  void tell(const TrackedVerdict& verdict) { EXPECT_TRUE(checker_.send(encode_tracked(verdict))); }
  CheckKey key(std::size_t check) const { return key_of(setup_.configuration.checks[check]); }

  setup::Setup setup_ = make_setup_of_two();
  kernel::Channel worker_;
  kernel::Channel checker_;
  CheckDesk desk_{setup_, worker_};
  std::vector<std::pair<vrrp::TrackerId, bool>> heard_;
};

TEST_F(CheckDeskTest, a_verdict_reaches_its_tracker) {
  tell({.key = key(1), .is_up = false, .reason = "connection refused"});
  tell({.key = key(0), .is_up = true, .reason = "success"});
  EXPECT_TRUE(hear());
  EXPECT_THAT(heard_, ElementsAre(Pair(setup_.checks[1].id, false), Pair(setup_.checks[0].id, true)));
  EXPECT_EQ(desk_.text(setup_.checks[1].id), "connection refused");
}

// At a reload the checker may be that of another configuration for a moment.
TEST_F(CheckDeskTest, a_check_of_another_configuration_and_nonsense_are_passed_over) {
  tell({.key = key_of(tracked("web", 81)), .is_up = true, .reason = {}});
  EXPECT_TRUE(checker_.send(Bytes{1, 2, 3}));
  EXPECT_TRUE(hear());
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(CheckDeskTest, when_the_checker_is_gone_what_was_known_stands_and_is_said_to) {
  tell({.key = key(0), .is_up = true, .reason = "success"});
  checker_.close();
  EXPECT_FALSE(hear());
  EXPECT_THAT(heard_, ElementsAre(Pair(setup_.checks[0].id, true)));
  worker_.close();
  EXPECT_FALSE(desk_.is_heard());
  EXPECT_EQ(desk_.text(setup_.checks[0].id), "success; nobody checks it now, what was known stands");
  EXPECT_EQ(desk_.text(setup_.checks[1].id), "nobody checks it now, what was known stands");
}

TEST(TrackedCheckKey, is_another_one_where_something_else_is_asked_and_not_where_it_is_asked_at_another_time) {
  config::TrackedCheck other = tracked("web", 80);
  other.check.delay_loop = 5s;
  other.check.target.timeout = 2s;  // which follows from it
  other.check.retry = 3;
  other.check.rise = 2;
  other.weight = -20;
  EXPECT_EQ(key_of(other), key_of(tracked("web", 80)));
  EXPECT_NE(key_of(tracked("web", 81)), key_of(tracked("web", 80)));
  EXPECT_NE(key_of(tracked("mail", 80)), key_of(tracked("web", 80)));
}

// Any row of results, any rise and fall: the funnel of checks says what process::ScriptVerdict says.
TEST(TrackedCheckVerdict, is_that_of_a_script) {
  std::minstd_rand random(1);
  const auto any = [&](unsigned most) { return static_cast<unsigned>(random() % (most + 1)); };
  for (int round = 0; round < 2'000; ++round) {
    const unsigned rise = 1 + any(3);
    const unsigned fall = 1 + any(3);
    const bool init_fail = any(1) == 1;
    process::ScriptVerdict script(rise, fall,
                                  init_fail ? process::InitialVerdict::down : process::InitialVerdict::unknown);
    health::Check check({.delay_loop = 1s,
                         .retry = fall - 1,
                         .delay_before_retry = 1s,
                         .starts_up = !init_fail,
                         .rise = rise,
                         .first_decides = true},
                        1);
    Instant now{1h};
    check.start(now);
    std::optional<bool> told = init_fail ? std::optional(false) : std::nullopt;  // as the checker role does
    for (int result = 0; result < 20; ++result) {
      const bool is_success = any(2) > 0;
      script.on_result(is_success);
      now = *check.next_try();
      check.begin_try();
      const auto verdict =
          check.end_try(is_success ? health::success() : health::failed(health::Failure::refused), now);
      if (verdict) told = verdict->is_up;
      ASSERT_EQ(told, script.is_up()) << "rise " << rise << " fall " << fall << " init_fail " << init_fail;
    }
  }
}

}  // namespace
}  // namespace baton::daemon
