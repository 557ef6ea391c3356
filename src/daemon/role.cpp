#include "daemon/role.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "daemon/forgetful_memory.h"

namespace baton::daemon {

namespace {

pid_t guardian = 0;  // of the role that this process is
std::function<void(setup::Secrets kept)> forget_secrets = [](setup::Secrets) {};

// Whoever asks a role for a file has read keepalived's vrrp.pid; the guardian knows what to do.
void pass_on(int number) {
  const int error = errno;
  if (::getppid() == guardian) (void)::kill(guardian, number);
  errno = error;
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    (void)::sigaction(number, &action, nullptr);  // some numbers are the C library's own
  }
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  // A terminal sends SIGINT and SIGHUP to all of us; what they mean is the guardian's to say.
  for (const int number : {SIGPIPE, SIGINT, SIGHUP}) (void)::sigaction(number, &ignore, nullptr);
  struct sigaction to_guardian{};
  to_guardian.sa_handler = pass_on;
  to_guardian.sa_flags = SA_RESTART;
  for (const int number : {SIGUSR1, SIGUSR2, SIGRTMIN + 2, SIGRTMAX - 1}) {
    (void)::sigaction(number, &to_guardian, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_all_but(std::vector<int> keep) {
  keep.insert(keep.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  std::ranges::sort(keep);
  unsigned from = 0;
  for (const int fd : keep) {
    if (fd < 0) continue;
    if (static_cast<unsigned>(fd) > from) (void)::close_range(from, static_cast<unsigned>(fd) - 1, 0);
    from = std::max(from, static_cast<unsigned>(fd) + 1);
  }
  (void)::close_range(from, ~0U, 0);
}

}  // namespace

void RoleProcess::signal(int number) const {
  if (pidfd) (void)::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0);  // ESRCH: it has ended
}

void set_forget_secrets(std::function<void(setup::Secrets kept)> forget) {
  forget_secrets = std::move(forget);
}

SysResult<RoleProcess> start_role(Role role) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return last_error("fork " + role.name);
  if (pid == 0) {
    (void)::prctl(PR_SET_NAME, role.name.c_str());
    if (role.parent_death_signal != 0) {
      (void)::prctl(PR_SET_PDEATHSIG, role.parent_death_signal);
      if (::getppid() != parent) ::_exit(0);  // the guardian was gone before we asked to be told
    }
    guardian = parent;
    reset_signals();
    close_all_but({role.keep.begin(), role.keep.end()});
    forget_secrets(role.secrets);
    be_forgetful(false);
    ::_exit(role.main());
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    auto error = last_error("pidfd_open " + role.name);
    (void)::kill(pid, SIGKILL);  // it cannot be watched, so it must not live
    (void)::waitpid(pid, nullptr, 0);
    return error;
  }
  return RoleProcess{.pid = pid, .pidfd = UniqueFd(pidfd)};
}

std::string reap(RoleProcess& process) {
  int status = 0;
  const pid_t reaped = ::waitpid(process.pid, &status, 0);
  process = {};
  if (reaped < 0) return "ended";
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return fmt::format("killed by signal {} ({})", number, ::strsignal(number));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(status));
}

}  // namespace baton::daemon
