// What a confined process may still do, and what not; each in a child, because there is no way back.
#include "kernel/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>

#include "base/sanitizers.h"

namespace baton::kernel {
namespace {

class Confinement : public testing::Test {
 protected:
  void SetUp() override {
    if (has_address_sanitizer) GTEST_SKIP() << "with the address sanitizer no system call is filtered";
  }
};

// The exit status of a confined child.
int in_confinement(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(confine_server() ? work() : 99);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int refused = 1;
int is_refused(bool has_failed) {
  return has_failed && errno == EPERM ? refused : 0;
}

TEST_F(Confinement, no_program_is_started) {
  EXPECT_EQ(in_confinement([] { return is_refused(::execl("/bin/true", "true", nullptr) < 0); }), refused);
}

TEST_F(Confinement, no_packet_socket_and_no_internet) {
  for (const int family : {AF_INET, AF_INET6, AF_PACKET}) {
    EXPECT_EQ(in_confinement([=] { return is_refused(::socket(family, SOCK_DGRAM, 0) < 0); }), refused) << family;
  }
  EXPECT_EQ(in_confinement([] { return ::socket(AF_UNIX, SOCK_DGRAM, 0) < 0 ? 1 : 0; }), 0) << "the log's";
}

TEST_F(Confinement, no_memory_becomes_code) {
  EXPECT_EQ(in_confinement([] {
              void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              if (page == MAP_FAILED) return 2;
              return is_refused(::mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0);
            }),
            refused);
}

TEST_F(Confinement, no_file_is_written) {
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_CREAT, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC}) {
    EXPECT_EQ(in_confinement([=] { return is_refused(::open("/dev/null", flags, 0600) < 0); }), refused) << flags;
  }
  EXPECT_EQ(in_confinement([] { return is_refused(::unlink("/no/such/file") < 0); }), refused);
  EXPECT_EQ(in_confinement([] { return is_refused(::rename("/no/such/file", "/no/other") < 0); }), refused);
  EXPECT_EQ(in_confinement([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ? 1 : 0; }), 0) << "to read";
}

TEST_F(Confinement, no_other_process_is_looked_at_or_made) {
  EXPECT_EQ(in_confinement([] { return is_refused(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr) < 0); }),
            refused);
  EXPECT_EQ(in_confinement([] { return is_refused(::fork() < 0); }), refused);
}

}  // namespace
}  // namespace baton::kernel
