// A real checker role in a process of its own, confined; its guardian, its balancer and its servers are the test.
#include "daemon/checker_role.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <limits>
#include <map>

#include "daemon/check_verdict.h"
#include "kernel/process_settings.h"
#include "kernel/tcp_listener.h"
#include "process/runner.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto patience = 60s;  // for what must happen; a busy machine is slow

const IpAddress loopback = *IpAddress::parse("127.0.0.1");

ListedCheck tcp_check(std::uint16_t port, CheckKey key) {
  return {.check = {.kind = config::TcpCheck{},
                    .target = {.address = loopback, .port = port},
                    .delay_loop = 20ms,
                    .retry = 1,
                    .delay_before_retry = 10ms,
                    .warmup = {}},
          .label = "TCP_CHECK",
          .key = key};
}

ListedCheck misc_check(std::vector<std::string> command, bool is_dynamic = false) {
  config::MiscCheck misc{.timeout = 10s, .is_dynamic = is_dynamic};
  misc.command.arguments = std::move(command);
  return {.check = {.kind = std::move(misc), .delay_loop = 50ms, .retry = 0}, .label = "MISC_CHECK", .key = 7};
}

kernel::SharedMemory ledger_memory() {
  auto memory = kernel::SharedMemory::create(CheckLedger::size(), kernel::SharedMemory::Pages::when_touched);
  EXPECT_TRUE(memory);
  return memory ? std::move(*memory) : kernel::SharedMemory();
}

class Role {
 public:
  explicit Role(std::vector<ListedCheck> checks, CheckLedger ledger = CheckLedger(),
                std::vector<config::TrackedFile> files = {}) {
    ledger.turn();
    auto pair = kernel::Channel::make_pair();
    if (!pair) return;
    auto& [ours, theirs] = *pair;
    pid_ = ::fork();
    if (pid_ == 0) {
      const auto kept = static_cast<unsigned>(theirs.fd());  // no server of the test's may live on here
      (void)::close_range(3, kept - 1, 0);
      (void)::close_range(kept + 1, ~0U, 0);
      ::_exit(run_checker({.checks = std::move(checks),
                           .files = std::move(files),
                           .ledger = ledger,
                           .log = {.syslog = false},
                           .guardian = std::move(theirs)}));
    }
    guardian_ = std::move(ours);
    connect_balancer();
  }
  Role(const Role&) = delete;
  Role& operator=(const Role&) = delete;
  ~Role() {
    end();
    if (runner_ > 0) {
      runner_guardian_.close();
      (void)::waitpid(runner_, nullptr, 0);
    }
  }

  // Its exit status.
  int end() {
    if (pid_ <= 0) return 0;
    guardian_.close();
    int status = -1;
    (void)::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

  void connect_balancer() {
    verdicts.clear();
    auto pair = kernel::Channel::make_pair();
    if (!pair) return;
    const std::uint8_t what = new_balancer_channel;
    EXPECT_TRUE(guardian_.send({&what, 1}, pair->second.fd()));
    balancer_ = std::move(pair->first);
  }

  kernel::Channel connect_worker() {
    auto pair = kernel::Channel::make_pair();
    if (!pair) return {};
    const std::uint8_t what = new_tracking_channel;
    EXPECT_TRUE(guardian_.send({&what, 1}, pair->second.fd()));
    return std::move(pair->first);
  }

  // The BFD role's end.
  kernel::Channel connect_bfd() {
    auto pair = kernel::Channel::make_pair();
    if (!pair) return {};
    const std::uint8_t what = new_session_channel;
    EXPECT_TRUE(guardian_.send({&what, 1}, pair->second.fd()));
    return std::move(pair->first);
  }

  void start_runner() {
    auto guardian = kernel::Channel::make_pair();
    auto worker = kernel::Channel::make_pair();
    if (!guardian || !worker) return;
    runner_ = ::fork();
    if (runner_ == 0) ::_exit(process::run_runner(guardian->second.release(), {}));
    runner_guardian_ = std::move(guardian->first);
    const std::uint8_t any = 0;
    EXPECT_TRUE(runner_guardian_.send({&any, 1}, worker->second.fd()));
    const std::uint8_t what = new_check_runner_channel;
    EXPECT_TRUE(guardian_.send({&what, 1}, worker->first.fd()));
  }

  // Whether this came to be of the check's latest verdict.
  bool becomes(std::uint32_t check, auto wanted) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < give_up) {
      if (const auto found = verdicts.find(check); found != verdicts.end() && wanted(found->second)) return true;
      pollfd ready{.fd = balancer_.fd(), .events = POLLIN, .revents = 0};
      (void)::poll(&ready, 1, 100);
      while (const auto message = balancer_.receive()) {
        const auto verdict = decode_verdict(message->bytes);
        EXPECT_TRUE(verdict);
        if (verdict) verdicts[verdict->check] = *verdict;
      }
    }
    return false;
  }
  bool becomes_up(std::uint32_t check) {
    return becomes(check, [](const CheckVerdict& verdict) { return verdict.is_up; });
  }
  bool becomes_down(std::uint32_t check) {
    return becomes(check, [](const CheckVerdict& verdict) { return !verdict.is_up; });
  }

  std::map<std::uint32_t, CheckVerdict> verdicts;

 private:
  pid_t pid_ = -1;
  pid_t runner_ = -1;
  kernel::Channel guardian_;
  kernel::Channel balancer_;
  kernel::Channel runner_guardian_;
};

TEST(CheckerRole, tells_what_becomes_of_servers) {
  std::optional<kernel::TcpListener> server = *kernel::TcpListener::open(loopback, 0);
  Role role({tcp_check(server->port(), 1), tcp_check(1, 2)});
  EXPECT_TRUE(role.becomes_up(0));
  EXPECT_TRUE(role.becomes_down(1));
  EXPECT_EQ(role.verdicts[1].reason, "connection refused");
  server.reset();
  EXPECT_TRUE(role.becomes_down(0));
  EXPECT_EQ(role.end(), 0);
}

TEST(CheckerRole, another_balancer_hears_all) {
  const auto server = kernel::TcpListener::open(loopback, 0);
  Role role({tcp_check(server->port(), 1), tcp_check(1, 2)});
  ASSERT_TRUE(role.becomes_up(0) && role.becomes_down(1));
  role.connect_balancer();
  EXPECT_TRUE(role.becomes_up(0));
  EXPECT_TRUE(role.becomes_down(1));
}

TEST(CheckerRole, the_next_one_goes_on) {
  const kernel::SharedMemory memory = ledger_memory();
  const CheckLedger ledger(memory.data());
  {
    Role role({tcp_check(1, 1)}, ledger);
    ASSERT_TRUE(role.becomes_down(0));
  }
  // At another place, and not to be tried for a long time.
  ListedCheck other = tcp_check(1, 2);
  ListedCheck same = tcp_check(1, 1);
  other.check.warmup = 1h;
  other.check.delay_loop = 1h;
  same.check.delay_loop = 1h;
  Role next({other, same}, ledger);
  EXPECT_TRUE(next.becomes_down(1));
  EXPECT_FALSE(next.verdicts.contains(0));
  const CheckLedger::Reading reading = ledger.read();
  ASSERT_TRUE(reading.checks.contains(1));
  EXPECT_FALSE(reading.checks.at(1).state.is_up);
  EXPECT_GE(reading.checks.at(1).state.tries, 2U);
  EXPECT_GE(reading.outcomes[static_cast<std::size_t>(health::Failure::refused)], 2U);
}

TEST(CheckerRole, the_next_one_begins_what_was_not_tried_yet_as_the_first_would_have) {
  const kernel::SharedMemory memory = ledger_memory();
  const CheckLedger ledger(memory.data());
  ListedCheck untried = tcp_check(1, 1);
  untried.check.warmup = 1h;
  untried.check.alpha = true;
  const auto state = [&] {
    const auto checks = ledger.read().checks;
    const auto found = checks.find(1);
    return found == checks.end() ? health::Check::State{} : found->second.state;
  };
  std::vector<Instant> due;
  for (int i = 0; i < 3; ++i) {
    Role role({tcp_check(1, 2), untried}, ledger);
    ASSERT_TRUE(role.becomes_down(0));  // it has begun
    EXPECT_FALSE(state().is_up);
    EXPECT_EQ(state().tries, 0U);
    due.push_back(state().next_try);
  }
  EXPECT_NE(due[0], Instant());
  EXPECT_EQ(due[1], due[0]);
  EXPECT_EQ(due[2], due[0]);
}

// What the runner judges is not known before it has run again.
TEST(CheckerRole, the_next_one_goes_on_with_what_programs_and_files_said) {
  if (::geteuid() != 0) GTEST_SKIP() << "a runner of tests starts programs as root";
  const kernel::SharedMemory memory = ledger_memory();
  const CheckLedger ledger(memory.data());
  const std::vector checks{misc_check({"/bin/false"})};
  {
    Role role(checks, ledger);
    role.start_runner();
    ASSERT_TRUE(role.becomes_down(0));
  }
  Role next(checks, ledger);  // without a runner
  EXPECT_TRUE(next.becomes_down(0));
  EXPECT_THAT(next.verdicts[0].reason, HasSubstr("exited"));
}

TEST(CheckerRole, programs_may_fail_as_often_as_retry_says) {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  std::vector checks(3, misc_check({"/bin/false"}));
  checks[1].check.retry = 3;
  checks[2].check.retry = most;
  const auto scripts = scripts_of(checks);
  EXPECT_EQ(scripts[0].fall, 1U);
  EXPECT_EQ(scripts[1].fall, 4U);
  EXPECT_EQ(scripts[2].fall, most);
}

TEST(CheckerRole, programs_judge) {
  if (::geteuid() != 0) GTEST_SKIP() << "a runner of tests starts programs as root";
  Role role({misc_check({"/bin/true"}), misc_check({"/bin/false"}), misc_check({"/bin/sh", "-c", "exit 12"}, true),
             misc_check({"/bin/sh", "-c", "exit 12"})});
  role.start_runner();
  EXPECT_TRUE(role.becomes_up(0));
  EXPECT_TRUE(role.becomes_down(1));
  EXPECT_THAT(role.verdicts[1].reason, HasSubstr("exited with status 1"));
  EXPECT_TRUE(role.becomes_up(2));
  EXPECT_EQ(role.verdicts[2].weight, 10);
  EXPECT_TRUE(role.becomes_down(3));
}

TEST(CheckerRole, numbers_in_files_are_weights) {
  std::string path = "/tmp/baton-check-file-XXXXXX";
  ASSERT_TRUE(UniqueFd(::mkstemp(path.data())));
  std::ofstream(path) << "5\n";
  const config::TrackedFile tracked{.name = "load", .path = path};
  const ListedCheck weighed{
      .check = {.kind = config::FileCheck{.file = "load", .weight = -2}}, .label = "FILE_CHECK", .key = 1};
  const ListedCheck judged{
      .check = {.kind = config::FileCheck{.file = "load", .weight = 0}}, .label = "FILE_CHECK", .key = 2};
  Role role({weighed, judged}, CheckLedger(), {tracked});
  role.start_runner();
  EXPECT_TRUE(role.becomes_up(0));
  EXPECT_EQ(role.verdicts[0].weight, -10);
  EXPECT_TRUE(role.becomes_down(1));
  std::ofstream(path) << "0\n";
  EXPECT_TRUE(role.becomes_up(1));
  (void)::unlink(path.c_str());
}

TEST(CheckerRole, a_server_follows_its_bfd_session) {
  ListedCheck follows{.check = {.kind = config::BfdCheck{.session = "gw"}}, .label = "BFD_CHECK", .key = 1};
  follows.session = 77;
  Role role({tcp_check(1, 2), follows});
  kernel::Channel bfd = role.connect_bfd();
  const auto tell = [&](const TrackedVerdict& verdict) { EXPECT_TRUE(bfd.send(encode_tracked(verdict))); };
  tell({.key = 76, .is_up = true, .reason = {}});
  tell({.key = 77, .is_up = false, .reason = "control detection time expired"});
  ASSERT_TRUE(role.becomes_down(1));
  EXPECT_EQ(role.verdicts[1].reason, "the BFD session is down: control detection time expired");
  tell({.key = 77, .is_up = true, .reason = {}});
  EXPECT_TRUE(role.becomes_up(1));
  bfd = role.connect_bfd();  // another BFD role
  tell({.key = 77, .is_up = false, .reason = "not up yet"});
  EXPECT_TRUE(role.becomes_down(1));
}

// A vrrp_check: its verdict is the worker's, by its key, and the balancer hears nothing of it.
TEST(CheckerRole, what_is_tracked_is_told_to_the_worker) {
  const auto server = kernel::TcpListener::open(loopback, 0);
  ListedCheck well = tcp_check(server->port(), 11);
  ListedCheck unborn = tcp_check(server->port(), 12);
  unborn.check.alpha = true;  // init_fail
  unborn.check.warmup = 1h;
  for (ListedCheck* check : {&well, &unborn}) {
    check->is_tracked = true;
    check->check.first_decides = true;
  }
  Role role({tcp_check(1, 1), well, unborn});
  kernel::Channel worker = role.connect_worker();
  std::map<CheckKey, TrackedVerdict> heard;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (heard.size() < 2 && std::chrono::steady_clock::now() < give_up) {
    pollfd ready{.fd = worker.fd(), .events = POLLIN, .revents = 0};
    (void)::poll(&ready, 1, 100);
    while (const auto message = worker.receive()) {
      if (const auto verdict = decode_tracked(message->bytes)) heard[verdict->key] = *verdict;
    }
  }
  EXPECT_TRUE(heard[11].is_up);
  EXPECT_EQ(heard[12].reason, "counts as failed until it succeeds (init_fail)");
  ASSERT_TRUE(role.becomes_down(0));
  EXPECT_EQ(role.verdicts.size(), 1U);
}

}  // namespace
}  // namespace baton::daemon
