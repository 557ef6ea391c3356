// A role that hangs, with real processes.
#include "daemon/side_role.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <functional>

#include "kernel/process_settings.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int longest_life_ms = 60'000;

// Lives as long as its guardian, and shows it.
int beat_until_the_end(const kernel::Channel& guardian, std::atomic<std::uint64_t>& beats) {
  for (int lived = 0; lived < longest_life_ms; lived += 100) {
    ++beats;
    pollfd ready{.fd = guardian.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 100) > 0 && guardian.receive().error() == kernel::Channel::Nothing::any_more) return 0;
  }
  return 1;
}

// Whatever its guardian says: a large table, say, that takes long to remove.
int go_on(std::atomic<std::uint64_t>& beats) {
  for (int lived = 0; lived < longest_life_ms; lived += 100) {
    ++beats;
    (void)::poll(nullptr, 0, 100);
  }
  return 0;
}

class SideRoleTest : public testing::Test {
 protected:
  void SetUp() override {
    auto memory = kernel::SharedMemory::create(sizeof(std::atomic<std::uint64_t>));
    ASSERT_TRUE(memory);
    memory_ = std::move(*memory);
  }
  std::atomic<std::uint64_t>& beats() { return *static_cast<std::atomic<std::uint64_t>*>(memory_.data()); }

  SideRole::Plan plan() {
    return {.name = "baton-test",
            .loss = "nothing is lost",
            .parent_death_signal = SIGKILL,
            .prepare = {},
            .main = [this](kernel::Channel guardian) { return beat_until_the_end(guardian, beats()); },
            .started = [this] { ++starts_; },
            .beats = [this] { return std::optional(beats().load()); },
            .silence = [] { return 1ms; }};  // one look
  }
  bool eventually(const std::function<bool()>& condition) {
    const Instant end = loop::now() + 30s;
    while (!condition()) {
      if (loop::now() > end) return false;
      loop_.turn(20ms);
    }
    return true;
  }

  kernel::SharedMemory memory_;
  loop::Loop loop_;
  log::Logger log_{{.console = false, .syslog = false}};
  int starts_ = 0;
};

TEST_F(SideRoleTest, one_that_hangs_is_replaced) {
  SideRole::Plan hangs = plan();
  hangs.main = [this](kernel::Channel guardian) {
    if (starts_ == 0) (void)::raise(SIGSTOP);  // counted by the guardian, behind the fork
    return beat_until_the_end(guardian, beats());
  };
  SideRole role(loop_, log_, std::move(hangs));
  ASSERT_TRUE(role.start());
  EXPECT_TRUE(eventually([&] { return starts_ == 2 && beats() > 0; }));
  const std::uint64_t before = beats();
  EXPECT_TRUE(eventually([&] { return beats() > before; }));
  role.kill();
}

// No process is left on the machine, say: that is no time to ask for one without a pause.
TEST_F(SideRoleTest, one_that_cannot_be_started_is_tried_less_and_less_often) {
  std::vector<Instant> tries;
  SideRole::Plan plan = this->plan();
  plan.prepare = [&]() -> SysResult<std::vector<int>> {
    tries.push_back(loop::now());
    return std::unexpected(SysError{"start a process", EAGAIN});
  };
  SideRole role(loop_, log_, std::move(plan));
  role.replace();
  ASSERT_TRUE(eventually([&] { return tries.size() == 4; }));
  EXPECT_GE(tries[2] - tries[1], 1s);  // the second one is at once
  EXPECT_GE(tries[3] - tries[2], 2s);
}

TEST_F(SideRoleTest, one_that_was_dismissed_can_be_killed) {
  SideRole::Plan busy = plan();
  busy.main = [this](const kernel::Channel&) { return go_on(beats()); };
  SideRole role(loop_, log_, std::move(busy));
  ASSERT_TRUE(role.start());
  role.dismiss();
  EXPECT_FALSE(role.is_running());
  const std::uint64_t before = beats();
  EXPECT_TRUE(eventually([&] { return beats() > before; }));
  EXPECT_TRUE(role.has_remains());
  role.kill();
  EXPECT_TRUE(eventually([&] { return !role.has_remains(); }));
}

TEST_F(SideRoleTest, one_that_was_dismissed_ends_when_another_one_follows) {
  SideRole::Plan busy = plan();
  busy.main = [this](kernel::Channel guardian) {
    return starts_ == 0 ? go_on(beats()) : beat_until_the_end(guardian, beats());
  };
  SideRole role(loop_, log_, std::move(busy));
  ASSERT_TRUE(role.start());
  role.dismiss();
  role.dismiss();  // by another reload that has no use for it: it may finish all the same
  const std::uint64_t before = beats();
  EXPECT_TRUE(eventually([&] { return beats() > before; }));
  role.replace();
  EXPECT_TRUE(eventually([&] { return !role.has_remains(); }));
  EXPECT_TRUE(role.is_running());
  role.kill();
}

TEST_F(SideRoleTest, one_that_shows_life_is_left_alone) {
  SideRole role(loop_, log_, plan());
  ASSERT_TRUE(role.start());
  const Instant end = loop::now() + limits::between_looks * 2 + 500ms;
  while (loop::now() < end) loop_.turn(100ms);
  EXPECT_EQ(starts_, 1);
  EXPECT_TRUE(role.is_running());
  role.kill();
}

// No child of ours: there is nothing to kill, but another one can be called.
TEST_F(SideRoleTest, a_service_that_hangs_is_called_anew) {
  std::vector<kernel::Channel> services;  // theirs, which say nothing and never end
  SideRole::Plan called = plan();
  called.call = [&]() -> SysResult<kernel::Channel> {
    auto pair = kernel::Channel::make_pair();
    if (!pair) return std::unexpected(pair.error());
    services.push_back(std::move(pair->second));
    return std::move(pair->first);
  };
  SideRole role(loop_, log_, std::move(called));
  ASSERT_TRUE(role.start());
  EXPECT_TRUE(eventually([&] { return services.size() == 2; }));
  EXPECT_EQ(services.front().receive().error(), kernel::Channel::Nothing::any_more) << "it knows that it is dismissed";
  EXPECT_TRUE(role.is_running());
  role.kill();
}

}  // namespace
}  // namespace baton::daemon
