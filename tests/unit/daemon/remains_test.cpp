#include "daemon/remains.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

TEST(Remains, whoever_ends_is_buried_and_nobody_is_waited_for) {
  loop::Loop loop;
  Remains remains(loop);
  auto role = start_role({.name = "baton-test", .main = [] { return ::pause(); }});
  ASSERT_TRUE(role);
  const pid_t pid = role->pid;
  remains.take(std::move(*role));
  EXPECT_FALSE(remains.is_empty());
  remains.kill();
  loop::Timer look;
  const Instant bound = loop::now() + 10s;
  look = loop.timer([&] {
    if (remains.is_empty() || loop::now() > bound) return loop.stop();
    look.set(loop::now() + 5ms);
  });
  look.set(loop::now());
  loop.run();
  EXPECT_TRUE(remains.is_empty());
  EXPECT_EQ(::kill(pid, 0), -1) << "it is still in the process table";
}

TEST(Remains, nobody_is_nothing) {
  loop::Loop loop;
  Remains remains(loop);
  remains.take({});
  EXPECT_TRUE(remains.is_empty());
}

}  // namespace
}  // namespace baton::daemon
