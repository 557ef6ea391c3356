// PING_CHECK in a network namespace of its own: the kernel answers, or nobody does.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "checker/engine.h"

namespace baton::checker {
namespace {

using namespace std::chrono_literals;

std::optional<health::Outcome> ping(const std::string& address) {
  loop::Loop loop;
  std::optional<health::Outcome> outcome;
  const config::HealthCheck check{.kind = config::PingCheck{},
                                  .target = {.address = *IpAddress::parse(address), .timeout = 500ms},
                                  .delay_loop = 1h,
                                  .warmup = {}};
  Engine engine(loop, {check}, {}, 1,
                {.verdict = [](Engine::Index, const health::Verdict&) {},
                 .ended = [&](Engine::Index, const health::Check& ended) { outcome = ended.last_outcome(); }});
  engine.start({});
  const Instant give_up = loop::now() + 60s;
  while (!outcome && loop::now() < give_up) loop.turn(100ms);
  return outcome;
}

// The exit status of a child in a namespace of its own, with lo alone.
int in_namespace(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_there = ::unshare(CLONE_NEWNET) == 0 && std::system("ip link set lo up") == 0;
    ::_exit(is_there && kernel::allow_ping() ? work() : 99);
  }
  int status = -1;
  (void)::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int failure_of_ping(const std::string& address) {
  const auto outcome = ping(address);
  return outcome ? static_cast<int>(outcome->failure) : 98;
}

TEST(PingCheck, an_echo_comes_back) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
  EXPECT_EQ(in_namespace([] { return failure_of_ping("127.0.0.5"); }), 0);
  EXPECT_EQ(in_namespace([] { return failure_of_ping("::1"); }), 0);
}

TEST(PingCheck, there_is_no_way) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
  EXPECT_EQ(in_namespace([] { return failure_of_ping("192.0.2.1"); }), static_cast<int>(health::Failure::unreachable));
}

TEST(PingCheck, nobody_answers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
  EXPECT_EQ(in_namespace([] {
              if (std::system("ip link add d0 type veth peer name d1 && ip link set d1 up && ip address add "
                              "192.0.2.2/24 dev d0 && ip link set d0 up && "
                              "ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev d0") != 0) {
                return 97;
              }
              return failure_of_ping("192.0.2.1");
            }),
            static_cast<int>(health::Failure::reply_timeout));
}

}  // namespace
}  // namespace baton::checker
