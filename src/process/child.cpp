#include "process/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace baton::process {

namespace {

constexpr rlim_t descriptors_wanted = 16'384;
constexpr std::size_t report_size = 1'024;
constexpr int report_fd = 3;  // in the child

std::optional<rlimit> former_descriptor_limit;

// ---- in the child ---------------------------------------------------------------------------------------------------

// Errno and a text, in one write that a pipe does not cut (PIPE_BUF is 4096).
void write_report(int code, std::string_view text) {
  std::array<char, sizeof(int) + report_size> buffer{};
  const std::size_t size = std::min(text.size(), report_size);
  std::memcpy(buffer.data(), &code, sizeof code);
  std::memcpy(buffer.data() + sizeof code, text.data(), size);
  (void)!write(report_fd, buffer.data(), sizeof code + size);  // nobody else to tell
}

[[noreturn]] void give_up(int code, const std::string& what) {
  write_report(code, fmt::format("{}: {}", what, std::strerror(code)));
  _exit(127);
}

// The scheduling of an ordinary process: the runner may be real-time, or be nice to others.
void reset_scheduling() {
  const sched_param ordinary{};
  (void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
  (void)setpriority(PRIO_PROCESS, 0, 0);
  if (former_descriptor_limit) (void)setrlimit(RLIMIT_NOFILE, &*former_descriptor_limit);
}

// /dev/null three times, the report pipe, nothing else.
void reset_files(int report) {
  if (dup3(report, report_fd, O_CLOEXEC) < 0 && report != report_fd) _exit(127);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < report_fd; ++fd) (void)(null < 0 ? close(fd) : dup2(null, fd));
  (void)close_range(report_fd + 1, ~0U, 0);
}

void become(const Credentials& credentials) {
  if (geteuid() != 0) return;  // resolve() has seen to it that nobody else was asked for
  if (setgroups(credentials.groups.size(), credentials.groups.data()) != 0) give_up(errno, "set groups");
  if (setresgid(credentials.group, credentials.group, credentials.group) != 0) give_up(errno, "set group");
  if (setresuid(credentials.user, credentials.user, credentials.user) != 0) give_up(errno, "set user");
}

void reset_environment() {
  for (const char* name : {"IFS", "LD_PRELOAD", "LD_LIBRARY_PATH"}) (void)unsetenv(name);
}

void prepare(const Credentials& credentials, int report, pid_t parent) {
  (void)setpgid(0, 0);
  reset_signals();
  reset_scheduling();
  reset_files(report);
  reset_environment();
  become(credentials);
  (void)prctl(PR_SET_PDEATHSIG, SIGTERM);  // after the change of user, which clears it
  if (getppid() != parent) _exit(127);     // it was too late
}

[[noreturn]] void execute(const Program& program) {
  std::vector<char*> arguments;
  arguments.push_back(const_cast<char*>("sh"));  // exec(3) takes char* and changes nothing
  for (const std::string& argument : program.argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(program.path.c_str(), arguments.data() + 1);
  if (errno == ENOEXEC) {
    arguments[1] = const_cast<char*>(program.path.c_str());
    execv("/bin/sh", arguments.data());
  }
  give_up(errno, fmt::format("cannot execute {}", program.path));
}

// `script "</path"`: can the file be opened by this user?
[[noreturn]] void open_file(const Program& program) {
  const int mode = program.kind == Program::Kind::open_to_write ? O_WRONLY | O_APPEND : O_RDONLY;
  _exit(open(program.path.c_str(), mode | O_CLOEXEC | O_NOCTTY) < 0 ? 1 : 0);
}

// ---- in the parent --------------------------------------------------------------------------------------------------

template <typename Body>
SysResult<Child> fork_child(const Credentials& credentials, const Body& body) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return last_error("make a pipe for a child");
  Child child{.pid = 0, .pidfd = {}, .report = UniqueFd(ends[0])};
  const UniqueFd child_end(ends[1]);
  const pid_t parent = getpid();
  child.pid = fork();
  if (child.pid < 0) return last_error("start a child");
  if (child.pid == 0) {
    prepare(credentials, child_end.get(), parent);
    body();
  }
  (void)setpgid(child.pid, child.pid);  // whichever of us comes first; afterwards it is refused
  child.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));  // close-on-exec by itself
  if (!child.pidfd) {
    auto error = last_error("watch a child");
    (void)kill(-child.pid, SIGKILL);
    (void)waitpid(child.pid, nullptr, 0);
    return error;
  }
  return child;
}

std::string read_report(int fd, int& code) {
  std::array<char, sizeof(int) + report_size> buffer{};
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  if (size < static_cast<ssize_t>(sizeof code)) return {};
  std::memcpy(&code, buffer.data(), sizeof code);
  return {buffer.data() + sizeof code, static_cast<std::size_t>(size) - sizeof code};
}

}  // namespace

SysResult<Child> start(const Program& program) {
  return fork_child(program.credentials, [&] {
    if (program.kind == Program::Kind::execute) execute(program);
    open_file(program);
  });
}

SysResult<Child> start(const Credentials& credentials, const ChildFunction& function) {
  return fork_child(credentials, [&] {
    std::string report;
    const int status = function(report);
    if (!report.empty()) write_report(0, report);
    _exit(status);
  });
}

std::optional<ChildEnd> reap(Child& child) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED | WNOHANG) != 0) {
    return ChildEnd{{RunEnd::Kind::could_not_run, errno}, "the child is gone"};
  }
  if (info.si_pid == 0) return std::nullopt;
  int code = 0;
  ChildEnd ended{.end = {}, .report = read_report(child.report.get(), code)};
  if (code != 0) {
    ended.end = {RunEnd::Kind::could_not_run, code};
  } else {
    ended.end = {info.si_code == CLD_EXITED ? RunEnd::Kind::exited : RunEnd::Kind::signalled, info.si_status};
  }
  return ended;
}

void reset_signals() {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) (void)sigaction(signal, &standard, nullptr);  // not KILL, STOP, 32, 33
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, nullptr);
}

void signal_group(const Child& child, int signal) {
  (void)kill(-child.pid, signal);
}  // gone already is fine

void raise_descriptor_limit() {
  rlimit limit{};
  if (former_descriptor_limit || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  former_descriptor_limit = limit;
  limit.rlim_cur = std::min(limit.rlim_max, std::max(limit.rlim_cur, descriptors_wanted));
  (void)setrlimit(RLIMIT_NOFILE, &limit);  // with less, fewer children run at once
}

}  // namespace baton::process
