// What a confined process may still do, and what not; each in a child, because there is no way back.
#include "kernel/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/sanitizers.h"
#include "base/unique_fd.h"

namespace baton::kernel {
namespace {

class Confinement : public testing::Test {
 protected:
  void SetUp() override {
    if (has_address_sanitizer) GTEST_SKIP() << "with the address sanitizer no system call is filtered";
  }
};

// The exit status of a confined child.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int in_confinement(const std::function<int()>& work) {
  return in_child([&] { return confine_server() ? work() : 99; });
}
int as_worker(const std::vector<std::string>& writable, const std::function<int()>& work) {
  return in_child([&] { return confine_worker(writable) ? work() : 99; });
}

int as_client(const ClientPowers& powers, const std::function<int()>& work) {
  return in_child([&] { return confine_client(powers) ? work() : 99; });
}

bool has_landlock() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
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
}

TEST_F(Confinement, no_memory_becomes_code) {
  EXPECT_EQ(in_confinement([] {
              void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              if (page == MAP_FAILED) return 2;
              return is_refused(::mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0);
            }),
            refused);
}

// It may be root still, whose files are its own without any capability.
TEST_F(Confinement, no_file_is_opened_made_or_removed) {
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_CREAT, O_RDONLY | O_TRUNC, O_PATH}) {
    EXPECT_EQ(in_confinement([=] { return is_refused(::open("/dev/null", flags, 0600) < 0); }), refused) << flags;
  }
  EXPECT_EQ(in_confinement([] { return is_refused(::unlink("/no/such/file") < 0); }), refused);
  EXPECT_EQ(in_confinement([] { return is_refused(::rename("/no/such/file", "/no/other") < 0); }), refused);
}

TEST_F(Confinement, no_socket_is_left_in_the_file_system) {
  if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  const std::string path = testing::TempDir() + "/baton-confined-" + std::to_string(::getpid());
  EXPECT_EQ(in_confinement([&] {
              sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
              path.copy(address.sun_path, sizeof address.sun_path - 1);
              const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
              return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
            }),
            EACCES);
}

// Who listens there may obey whoever is root: our own control socket, the runner's, the service manager.
TEST_F(Confinement, no_stream_to_a_process_of_this_machine) {
  for (const int type : std::array<int, 3>{SOCK_STREAM, SOCK_SEQPACKET, SOCK_STREAM | SOCK_CLOEXEC}) {
    EXPECT_EQ(in_confinement([=] { return is_refused(::socket(AF_UNIX, type, 0) < 0); }), refused) << type;
    EXPECT_EQ(as_client({}, [=] { return is_refused(::socket(AF_UNIX, type, 0) < 0); }), refused) << type;
  }
  EXPECT_EQ(in_confinement([] { return ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? 1 : 0; }), 0) << "the log";
}

TEST_F(Confinement, no_other_process_is_signalled) {
  EXPECT_EQ(in_confinement([] { return is_refused(::kill(::getppid(), 0) < 0); }), refused);
  EXPECT_EQ(in_confinement([] { return is_refused(::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0) < 0); }), refused);
  EXPECT_EQ(in_confinement([] { return ::raise(SIGCONT); }), 0) << "itself, for abort(3)";
}

TEST_F(Confinement, the_time_zone_is_known) {
  const char* const zone = "/usr/share/zoneinfo/Asia/Tokyo";
  if (!std::filesystem::exists(zone)) GTEST_SKIP() << "needs " << zone;
  EXPECT_EQ(in_child([&] {
              ::setenv("TZ", (std::string(":") + zone).c_str(), 1);
              if (!confine_server()) return 99;
              const time_t begin = 0;
              tm local{};
              ::localtime_r(&begin, &local);
              return local.tm_hour;
            }),
            9);
}

TEST_F(Confinement, no_other_process_is_looked_at_or_made) {
  EXPECT_EQ(in_confinement([] { return is_refused(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr) < 0); }),
            refused);
  EXPECT_EQ(in_confinement([] { return is_refused(::fork() < 0); }), refused);
}

// ---- a client of others

TEST_F(Confinement, a_client_connects_and_has_no_netlink) {
  EXPECT_EQ(as_client({}, [] { return is_refused(::socket(AF_INET, SOCK_STREAM, 0) < 0); }), 0);
  EXPECT_EQ(as_client({}, [] { return is_refused(::socket(AF_INET6, SOCK_DGRAM, 0) < 0); }), 0);
  EXPECT_EQ(as_client({}, [] { return is_refused(::socket(AF_NETLINK, SOCK_RAW, 0) < 0); }), refused);
  EXPECT_EQ(as_client({}, [] { return is_refused(::socket(AF_PACKET, SOCK_RAW, 0) < 0); }), refused);
  EXPECT_EQ(as_client({}, [] { return is_refused(::execl("/bin/true", "true", nullptr) < 0); }), refused);
}

TEST_F(Confinement, a_client_marks_its_packets_only_where_it_must) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: keeps a capability";
  const auto mark = [] {
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM, 0));
    const int value = 1;
    return is_refused(::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &value, sizeof(value)) < 0);
  };
  EXPECT_EQ(as_client({}, mark), refused);
  EXPECT_EQ(as_client({.marks = true}, mark), 0);
}

// ---- the worker

TEST_F(Confinement, a_worker_starts_nothing_and_touches_no_other_process) {
  EXPECT_EQ(as_worker({}, [] { return is_refused(::execl("/bin/true", "true", nullptr) < 0); }), refused);
  EXPECT_EQ(as_worker({}, [] { return is_refused(::fork() < 0); }), refused);
  EXPECT_EQ(as_worker({}, [] { return is_refused(::kill(1, 0) < 0); }), refused);
  EXPECT_EQ(as_worker({}, [] { return ::kill(::getppid(), 0); }), 0) << "signals for the guardian are passed on";
  EXPECT_EQ(as_worker({}, [] { return is_refused(::ptrace(PTRACE_ATTACH, ::getppid(), 0, 0) < 0); }), refused);
}

TEST_F(Confinement, a_worker_stays_in_its_namespace) {
  EXPECT_EQ(as_worker({}, [] { return is_refused(::unshare(CLONE_NEWNET) < 0); }), refused);
}

TEST_F(Confinement, of_a_worker_no_memory_becomes_code) {
  EXPECT_EQ(as_worker({},
                      [] {
                        return is_refused(::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                                 0) == MAP_FAILED);
                      }),
            refused);
}

TEST_F(Confinement, a_worker_opens_its_sockets) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(as_worker({}, [] { return ::socket(AF_INET, SOCK_RAW, 112) < 0 ? 1 : 0; }), 0);
  EXPECT_EQ(as_worker({}, [] { return ::socket(AF_PACKET, SOCK_RAW, 0) < 0 ? 1 : 0; }), 0);
}

TEST_F(Confinement, a_worker_writes_where_it_is_told_and_nowhere_else) {
  std::string name = "/tmp/baton-confinement-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name.data());
  std::filesystem::create_directory(folder / "its");
  std::filesystem::create_directory(folder / "other");
  const auto put = [&](const char* where) {
    return as_worker({folder / "its", folder / "missing"}, [&] {
      const int fd = ::open((folder / where / "file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      return fd >= 0 ? 0 : errno;
    });
  };
  EXPECT_EQ(put("its"), 0);
  if (has_landlock()) {
    EXPECT_EQ(put("other"), EACCES);
  }
  std::filesystem::remove_all(folder);
}

TEST_F(Confinement, an_administrator_of_the_network_is_that_alone) {
  const auto work = [] {
    if (::socket(AF_NETLINK, SOCK_RAW, 0) < 0) return 2;
    if (::socket(AF_INET, SOCK_DGRAM, 0) >= 0) return 3;
    return ::setpriority(PRIO_PROCESS, 0, -10) < 0 ? 0 : 4;  // CAP_SYS_NICE
  };
  EXPECT_EQ(in_child([&] { return confine_network_administrator() ? work() : 99; }), 0);
}

}  // namespace
}  // namespace baton::kernel
