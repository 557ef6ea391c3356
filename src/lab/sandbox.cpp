#include "lab/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace baton::lab {
namespace {

constexpr unsigned long namespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

bool unprivileged = false;
volatile std::sig_atomic_t caught_signal = 0;

// fork(2) into new namespaces.
pid_t clone_process(unsigned long flags) {
  return static_cast<pid_t>(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

bool write_file(const std::string& path, std::string_view text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// user_namespaces(7): we are root inside and ourselves outside.
SysResult<void> map_root(pid_t child) {
  const std::string directory = fmt::format("/proc/{}/", child);
  if (!write_file(directory + "setgroups", "deny")) return last_error("deny setgroups in the sandbox");
  if (!write_file(directory + "uid_map", fmt::format("0 {} 1", geteuid()))) return last_error("map the user");
  if (!write_file(directory + "gid_map", fmt::format("0 {} 1", getegid()))) return last_error("map the group");
  return {};
}

[[noreturn]] void live_inside(int go_ahead, const std::function<int()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char byte = 0;
  if (read(go_ahead, &byte, 1) != 1) _exit(1);  // the parent died before prctl took hold
  close(go_ahead);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    std::perror("mount in the sandbox");
    _exit(1);
  }
  const int code = body();
  std::fflush(nullptr);
  _exit(code);
}

void on_signal(int number) {
  caught_signal = number;
}

// Signals that end us end the sandbox first, so that nothing of it outlives our return.
class SignalGuard {
 public:
  SignalGuard() {
    struct sigaction action{};
    action.sa_handler = on_signal;
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &action, &before_[i]);
  }
  ~SignalGuard() {
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &before_[i], nullptr);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  static constexpr std::array<int, 3> numbers{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, 3> before_{};
};

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    if (caught_signal != 0) kill(child, SIGKILL);
  }
  if (caught_signal != 0) return 128 + caught_signal;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

SysResult<int> run_in_sandbox(const std::function<int()>& body) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return last_error("make a pipe");
  UniqueFd go_ahead(ends[0]);
  UniqueFd go(ends[1]);
  std::fflush(nullptr);

  caught_signal = 0;
  const SignalGuard guard;
  unprivileged = geteuid() != 0;
  const pid_t child = clone_process(namespaces | (unprivileged ? CLONE_NEWUSER : 0UL));
  if (child < 0) return last_error(unprivileged ? "make a user namespace (not root)" : "make namespaces");
  if (child == 0) {
    go.reset();
    live_inside(go_ahead.release(), body);
  }
  go_ahead.reset();
  if (unprivileged) {
    if (auto mapped = map_root(child); !mapped) {
      kill(child, SIGKILL);
      (void)wait_for(child);
      return std::unexpected(mapped.error());
    }
  }
  (void)!write(go.get(), "", 1);  // fails when the child is dead, and then wait_for tells
  return wait_for(child);
}

bool is_unprivileged_sandbox() {
  return unprivileged;
}

}  // namespace baton::lab
