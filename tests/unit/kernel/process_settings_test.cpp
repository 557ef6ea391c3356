#include "kernel/process_settings.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace baton::kernel {
namespace {

// Runs it in a child, so that the test's own process stays as it is; the child's exit status.
int in_a_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(SharedMemory, is_zero_at_first_and_what_a_child_writes_is_seen_after_its_death) {
  auto memory = SharedMemory::create(10'000);
  ASSERT_TRUE(memory);
  const auto* bytes = static_cast<const char*>(memory->data());
  EXPECT_TRUE(std::all_of(bytes, bytes + memory->size(), [](char byte) { return byte == 0; }));
  EXPECT_EQ(in_a_child([&] {
              std::strcpy(static_cast<char*>(memory->data()) + 9'000, "last will");
              return 0;
            }),
            0);
  EXPECT_STREQ(bytes + 9'000, "last will");
}

TEST(SharedMemory, moves) {
  SharedMemory one = SharedMemory::create(1).value();
  void* const data = one.data();
  SharedMemory two;
  two = std::move(one);
  EXPECT_EQ(two.data(), data);
}

TEST(ProcessSettings, real_time_is_not_inherited) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: real-time scheduling";
  EXPECT_EQ(in_a_child([] {
              if (!set_real_time(5, {.told_after_us = 500'000, .ended_after_us = 1'000'000})) return 1;
              if ((::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) != SCHED_RR) return 2;
              sched_param parameters{};
              if (::sched_getparam(0, &parameters) != 0 || parameters.sched_priority != 5) return 3;
              return in_a_child([] { return ::sched_getscheduler(0); }) == SCHED_OTHER ? 0 : 4;
            }),
            0);
}

TEST(ProcessSettings, a_real_time_process_is_told_before_it_is_ended) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: real-time scheduling";
  EXPECT_EQ(in_a_child([] {
              if (!set_real_time(5, {.told_after_us = 10'000, .ended_after_us = 1'000'000})) return 1;
              rlimit limit{};
              if (::getrlimit(RLIMIT_RTTIME, &limit) != 0) return 2;
              return limit.rlim_cur == 10'000 && limit.rlim_max == 1'000'000 ? 0 : 3;
            }),
            0);
}

TEST(ProcessSettings, a_process_may_be_nice_and_choose_its_processors) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: a nice value below 0";
  EXPECT_EQ(in_a_child([] {
              if (!set_nice(-7) || ::getpriority(PRIO_PROCESS, 0) != -7) return 1;
              const unsigned first[] = {0, 8'000};  // the machine has no such processor
              cpu_set_t set;
              if (!set_processors(first) || ::sched_getaffinity(0, sizeof(set), &set) != 0) return 2;
              if (CPU_COUNT(&set) != 1 || !CPU_ISSET(0, &set)) return 3;
              const unsigned none[] = {8'000};
              return set_processors(none) ? 4 : 0;
            }),
            0);
}

TEST(ProcessSettings, an_impossible_priority_is_an_error) {
  EXPECT_EQ(in_a_child([] { return set_real_time(1'000, {}) ? 0 : 1; }), 1);
}

TEST(ProcessSettings, memory_can_be_locked) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: locked memory";
  EXPECT_EQ(in_a_child([] { return lock_memory() ? 0 : 1; }), 0);
}

// A shell's usual limit is 8 MiB, and who is confined afterwards has no CAP_IPC_LOCK any more.
TEST(ProcessSettings, locked_memory_may_grow_without_the_capability) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: locked memory";
  constexpr int cannot_be_lifted = 77;
  const int result = in_a_child([] {
    constexpr std::size_t size = 8 << 20;
    constexpr rlimit usual{.rlim_cur = size, .rlim_max = size};
    if (::setrlimit(RLIMIT_MEMLOCK, &usual) != 0) return 1;
    if (!lift_memory_lock_limit()) return cannot_be_lifted;
    if (!lock_memory() || ::setresuid(65534, 65534, 65534) != 0) return 2;
    void* const grown = ::mmap(nullptr, 4 * size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return grown == MAP_FAILED ? 3 : 0;
  });
  if (result == cannot_be_lifted) GTEST_SKIP() << "needs CAP_SYS_RESOURCE, which root has not in every container";
  EXPECT_EQ(result, 0);
}

std::size_t private_dirty_kib() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    std::size_t kib = 0;
    if (word == "Private_Dirty:" && file >> kib) return kib;
  }
  return 0;
}

// A worker forked from a parent with a large configuration would have it twice.
TEST(ProcessSettings, locked_memory_stays_shared_with_the_parent) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "the sanitizer's own memory counts too";
#endif
#endif
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: locked memory";
  constexpr std::size_t size = 32 << 20;
  const std::vector<char> inherited(size, 'x');
  EXPECT_EQ(in_a_child([&] {
              if (!lock_memory()) return 1;
              return inherited[size / 2] == 'x' && private_dirty_kib() < size / 1024 / 2 ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace baton::kernel
