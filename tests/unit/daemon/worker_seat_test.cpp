// Who is the worker when something goes wrong in the middle of a reload. The seat, its processes and its channels are
// the daemon's; what the workers do is the test's.
#include "daemon/worker_seat.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "recorder/recorder.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using setup::setup_of;

// Serves until a signal ends it, as run_worker does for the guardian's eyes.
int serve(const WorkerStart& start) {
  start.will.set_serving();
  for (int i = 0; i < 2'000; ++i) {  // a minute: nobody is left behind by a test that fails
    start.will.beat(loop::now());
    (void)::poll(nullptr, 0, 30);
  }
  return 1;
}

int serve_when_told(const WorkerStart& start) {
  (void)start.guardian.send({&worker_is_prepared, 1});
  for (int i = 0; i < 100; ++i) {
    pollfd ready{.fd = start.guardian.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 300) < 1) continue;
    const auto message = start.guardian.receive();
    if (message && message->bytes == Bytes{take_over}) return serve(start);
  }
  return 1;
}

int idle() {
  for (int i = 0; i < 100; ++i) (void)::poll(nullptr, 0, 300);
  return 1;
}

std::string pid_file_of_next(const std::string& settings_record) {
  return settings_record + ".next";
}

int never_be_ready(const WorkerStart& start) {
  std::ofstream(pid_file_of_next(start.settings_record)) << ::getpid() << std::endl;
  return idle();
}

int record_and_die(const WorkerStart& start) {
  vrrp::Node node(start.setup.node);
  recorder::Recorder recorder(start.record->ring(), node);
  vrrp::NodeActions actions;
  node.start(loop::now(), actions);
  return 3;
}

int die(const WorkerStart&) {
  return 3;
}

class WorkerSeatTest : public testing::Test {
 protected:
  using Setup = setup::Setup;  // gtest has something else of that name
  using Next = int (*)(const WorkerStart&);

  WorkerSeatTest() {
    options_.run_directory = directory_;
    options_.worker_pid_file = directory_ + "/worker.pid";
    options_.keep_addresses = true;  // the kernel is not touched
    std::filesystem::create_directories(directory_);
  }
  ~WorkerSeatTest() override {
    if (seat_.is_running()) {
      seat_.stop();
      EXPECT_TRUE(eventually([&] { return has_ended_; }));
    }
    std::filesystem::remove_all(directory_);
  }

  void begin() {
    ASSERT_TRUE(runner_.start() && api_.start());
    ASSERT_TRUE(seat_.prepare(made(100)));
    ASSERT_TRUE(seat_.start());
    ASSERT_TRUE(eventually([&] { return serves_ && seat_.will().is_serving(); }));
  }
  void follow(Next next) {
    next_ = next;
    seat_.follow(made(50), loop::wall_now());
  }
  // The pid of whoever serves.
  pid_t worker() const {
    pid_t pid = 0;
    std::ifstream(options_.worker_pid_file) >> pid;
    return pid;
  }

  bool eventually(const std::function<bool()>& condition, Duration bound = 10s) {
    const Instant end = loop::now() + bound;
    while (!condition()) {
      if (loop::now() > end) return false;
      loop_.turn(20ms);
    }
    return true;
  }

  static std::unique_ptr<Setup> made(int priority) {
    return std::make_unique<Setup>(
        setup_of(fmt::format("vrrp_instance VI_1 {{\n interface ens1\n virtual_router_id 1\n priority {}\n "
                             "virtual_ipaddress {{\n 10.0.0.9\n }}\n}}\n",
                             priority)));
  }
  static int priority(const Setup& setup) { return setup.node.routers[0].router.base_priority; }

  SideRole::Plan idle_role(const char* name) {
    return {.name = name,
            .loss = "nothing",
            .parent_death_signal = SIGTERM,
            .prepare = [] { return SysResult<std::vector<int>>(); },
            .main = [](kernel::Channel) { return idle(); },
            .started = [] {}};
  }

  std::string directory_ = fmt::format("{}/baton-seat-{}", testing::TempDir(), ::getpid());
  loop::Loop loop_;
  log::Logger log_{{.console = false, .syslog = false}};
  Options options_;
  SideRole runner_{loop_, log_, idle_role("baton-test-r")};
  SideRole api_{loop_, log_, idle_role("baton-test-a")};
  Next next_ = &serve_when_told;
  bool serves_ = false;
  bool has_ended_ = false;
  std::unique_ptr<Setup> before_;  // handed over with `followed`
  std::unique_ptr<Setup> refused_;
  std::string why_;
  WorkerSeat seat_{loop_,
                   log_,
                   options_,
                   {.syslog = false},
                   runner_,
                   api_,
                   {.serves = [this] { serves_ = true; },
                    .firewall_outdated = [] {},
                    .followed = [this](std::unique_ptr<Setup> before, WallTime) { before_ = std::move(before); },
                    .given_up =
                        [this](const std::string& why, std::unique_ptr<Setup> next) {
                          why_ = why;
                          refused_ = std::move(next);
                        },
                    .ended = [this](bool) { has_ended_ = true; }},
                   [this](WorkerStart start) { return start.takes_over ? next_(start) : serve(start); }};
};

TEST_F(WorkerSeatTest, the_next_one_serves_when_it_is_prepared) {
  begin();
  const pid_t old = worker();
  follow(serve_when_told);
  ASSERT_TRUE(eventually([&] { return before_ != nullptr; }));
  EXPECT_EQ(priority(*before_), 100);
  EXPECT_EQ(priority(seat_.setup()), 50);
  EXPECT_NE(worker(), old);
  EXPECT_TRUE(eventually([&] { return seat_.will().is_serving(); }));
  EXPECT_TRUE(eventually([&] { return ::kill(old, 0) != 0; }));
}

TEST_F(WorkerSeatTest, when_the_next_one_dies_the_old_one_goes_on) {
  begin();
  const pid_t old = worker();
  follow(die);
  ASSERT_TRUE(eventually([&] { return refused_ != nullptr; }));
  EXPECT_EQ(priority(*refused_), 50);
  EXPECT_TRUE(why_.ends_with("exited with status 3")) << why_;
  EXPECT_EQ(priority(seat_.setup()), 100);
  EXPECT_EQ(worker(), old);
  EXPECT_TRUE(seat_.is_running());
  follow(serve_when_told);  // and the next reload is one like any other
  EXPECT_TRUE(eventually([&] { return before_ != nullptr; }));
}

TEST_F(WorkerSeatTest, what_a_next_one_did_before_it_died_is_kept) {
  begin();
  follow(record_and_die);
  const std::string path = directory_ + "/crash-1.recording";
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path); }));
  std::ifstream file(path, std::ios::binary);
  const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  const auto recording = recorder::read_recording(bytes);
  ASSERT_TRUE(recording) << recording.error();
  ASSERT_FALSE(recording->lives.empty());
  EXPECT_EQ(recording->lives.back().parameters.routers[0].router.base_priority, 50) << "its own configuration";
}

TEST_F(WorkerSeatTest, when_the_next_one_is_late_the_old_one_goes_on) {
  begin();
  const pid_t old = worker();
  follow(never_be_ready);
  ASSERT_TRUE(eventually([&] { return refused_ != nullptr; }, 20s));
  EXPECT_EQ(why_, "the next VRRP worker was not ready in time");
  EXPECT_EQ(worker(), old);
  EXPECT_TRUE(seat_.is_running());
}

TEST_F(WorkerSeatTest, the_next_one_takes_over_from_an_old_one_that_died_meanwhile) {
  begin();
  // On a busy machine it is not ready in the time that a resumed worker has, and the old configuration goes on. Then
  // once more; how long the old one is away doubles each time.
  constexpr int rounds = 6;
  for (int round = 0; round < rounds && !before_; ++round) {
    ASSERT_TRUE(eventually([&] { return seat_.is_running() && seat_.will().is_serving(); }, 20s));
    refused_.reset();
    ::kill(worker(), SIGKILL);  // seen in the next turn: after the reload has begun
    follow(serve_when_told);
    ASSERT_TRUE(eventually([&] { return before_ != nullptr || refused_ != nullptr; }));
    EXPECT_EQ(priority(seat_.setup()), before_ ? 50 : 100);
  }
  ASSERT_TRUE(before_) << rounds << " times: " << why_;
  EXPECT_EQ(priority(*before_), 100);
  EXPECT_TRUE(eventually([&] { return seat_.is_running() && seat_.will().is_serving(); }));
}

TEST_F(WorkerSeatTest, when_both_fail_the_old_configuration_gets_a_new_worker) {
  begin();
  const pid_t old = worker();
  ::kill(old, SIGKILL);
  follow(never_be_ready);
  ASSERT_TRUE(eventually([&] { return refused_ != nullptr; }));  // in the time that a resumed worker has
  EXPECT_EQ(priority(seat_.setup()), 100);
  EXPECT_TRUE(eventually([&] { return seat_.is_running() && worker() != old && seat_.will().is_serving(); }));
}

TEST_F(WorkerSeatTest, a_stop_in_the_middle_ends_both) {
  begin();
  follow(never_be_ready);
  ASSERT_TRUE(seat_.is_changing());
  pid_t next = 0;
  const auto is_noted = [&] { return bool(std::ifstream(pid_file_of_next(options_.settings_record())) >> next); };
  ASSERT_TRUE(eventually(is_noted, 4s));
  seat_.stop();
  EXPECT_TRUE(eventually([&] { return has_ended_; }));
  EXPECT_TRUE(eventually([&] { return ::kill(next, 0) != 0; }));
  EXPECT_EQ(why_, "the daemon stops");
  EXPECT_FALSE(seat_.is_running());
}

TEST_F(WorkerSeatTest, one_that_is_stopped_by_a_signal_is_replaced) {
  begin();
  const pid_t old = worker();
  ::kill(old, SIGSTOP);
  EXPECT_TRUE(eventually([&] { return worker() != old && seat_.will().is_serving(); }));
  EXPECT_TRUE(eventually([&] { return ::kill(old, 0) != 0; }));
}

}  // namespace
}  // namespace baton::daemon
