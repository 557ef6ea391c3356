#include "lab/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/result.h"
#include "lab/own_files.h"

namespace baton::lab {
namespace {

constexpr unsigned long namespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

SysResult<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return last_error("make a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void write_text(const char* path, const char* text) {
  const UniqueFd file(open(path, O_WRONLY | O_CLOEXEC));
  if (file) (void)!write(file.get(), text, std::char_traits<char>::length(text));
}

// A /dev with the harmless devices and no /dev/log: a machine's syslog is its own affair.
bool make_dev() {
  constexpr std::array devices{"null", "zero", "full", "random", "urandom", "tty"};
  if (mkdir("/run/.dev", 0755) != 0) return false;
  for (const char* device : devices) {
    const std::string path = fmt::format("/run/.dev/{}", device);
    const UniqueFd place(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    if (mount(fmt::format("/dev/{}", device).c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
  }
  (void)symlink("/proc/self/fd", "/run/.dev/fd");
  (void)mkdir("/run/.dev/shm", 01777);
  return mount("/run/.dev", "/dev", nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

SysResult<void> furnish(const std::string& host_name) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return last_error("make mounts private");
  if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=256m") != 0)
    return last_error("mount /run");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return last_error("mount /proc");
  if (!make_dev()) return last_error("make /dev");
  if (mkdir("/run/lab", 0755) != 0 || mkdir("/run/lock", 01777) != 0) return last_error("make /run/lab");
  TRY_VOID(make_files_own());
  // Addresses must be usable at once; duplicate address detection would take a second.
  write_text("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
  write_text("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
  write_text("/proc/sys/net/ipv6/conf/default/accept_ra", "0");
  write_text("/proc/sys/net/ipv6/conf/default/router_solicitations", "0");
  if (sethostname(host_name.c_str(), host_name.size()) != 0) return last_error("set the host name");
  return {};
}

// How a machine's init says that it is ready, or why not.
struct Readiness {
  int code = EPIPE;
  std::array<char, 160> operation{};
};

// pid 1 of a machine: reaps, for a zombie still answers `killall -0`.
[[noreturn]] void be_init(int ready, const std::string& host_name) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, ("lab:" + host_name).c_str());  // for `nsenter -a -t $(pgrep -x lab:web1)`
  setsid();
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  const SysResult<void> furnished = furnish(host_name);
  Readiness readiness{.code = furnished ? 0 : furnished.error().code};
  if (!furnished) furnished.error().operation.copy(readiness.operation.data(), readiness.operation.size() - 1);
  (void)!write(ready, &readiness, sizeof(readiness));
  if (!furnished) _exit(1);
  (void)close_range(0, ~0U, 0);
  while (true) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    sigwaitinfo(&children, nullptr);
  }
}

struct StartPipes {
  int output = -1;
  int pid = -1;      // the program tells who it is
  int failure = -1;  // errno, when it could not be started; closed by exec otherwise
};

// The program itself: child of the machine's init, so that nobody else has to reap it.
[[noreturn]] void become_program(const std::vector<char*>& arguments, int lab_processes, const StartPipes& pipes) {
  std::array<char, 16> self{};  // our process id as the lab's own /proc has it
  (void)!readlinkat(lab_processes, "self", self.data(), self.size());
  (void)!write(pipes.pid, self.data(), self.size());
  setsid();
  (void)!chdir("/");
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(pipes.output, STDOUT_FILENO);
  dup2(pipes.output, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::array environment{const_cast<char*>("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
                         const_cast<char*>("HOME=/root"), const_cast<char*>("LANG=C.UTF-8"),
                         static_cast<char*>(nullptr)};
  execvpe(arguments[0], arguments.data(), environment.data());
  const int code = errno;
  (void)!write(pipes.failure, &code, sizeof(code));
  _exit(127);
}

// Steps into the machine of `init` and leaves the program there. An orphan goes to the init of its parent's process
// namespace, hence one fork to be in the machine's and one more to be an orphan in it. No memory is allocated here.
[[noreturn]] void start_inside(pid_t init, const std::vector<char*>& arguments, const StartPipes& pipes) {
  const int lab_processes = open("/proc", O_PATH | O_CLOEXEC);
  const int machine = static_cast<int>(syscall(SYS_pidfd_open, init, 0));
  if (machine < 0 || setns(machine, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) != 0) {
    _exit(1);
  }
  const pid_t inside = fork();
  if (inside == 0) {
    if (fork() == 0) become_program(arguments, lab_processes, pipes);
    _exit(0);
  }
  waitpid(inside, nullptr, 0);
  _exit(0);
}

}  // namespace

SysResult<Machine> Machine::boot(const std::string& host_name) {
  Pipe ready = TRY(make_pipe());
  const auto init = static_cast<pid_t>(syscall(SYS_clone, namespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (init < 0) return last_error("make namespaces for " + host_name);
  if (init == 0) be_init(ready.write.get(), host_name);
  ready.write.reset();
  Readiness readiness;
  (void)!read(ready.read.get(), &readiness, sizeof(readiness));
  auto network = NetNamespace::of(init);
  if (readiness.code != 0 || !network) {
    kill(init, SIGKILL);
    waitpid(init, nullptr, 0);
    if (readiness.code == 0) return std::unexpected(network.error());
    return std::unexpected(
        SysError{fmt::format("furnish machine {}: {}", host_name, readiness.operation.data()), readiness.code});
  }
  RouteSocket route = TRY(network->inside([] { return RouteSocket::open(); }));
  TRY_VOID(route.set_up("lo", true));
  return Machine(init, std::move(*network), std::move(route));
}

Machine::Machine(Machine&& other) noexcept
    : init_(std::exchange(other.init_, 0)), network_(std::move(other.network_)), route_(std::move(other.route_)) {}

Machine& Machine::operator=(Machine&& other) noexcept {
  if (this == &other) return *this;
  power_off();
  init_ = std::exchange(other.init_, 0);
  network_ = std::move(other.network_);
  route_ = std::move(other.route_);
  return *this;
}

Machine::~Machine() {
  power_off();
}

void Machine::power_off() {
  if (init_ == 0) return;
  kill(init_, SIGKILL);
  waitpid(init_, nullptr, 0);  // returns when every process of the machine is gone (pid_namespaces(7))
  init_ = 0;
}

SysResult<Program> Machine::start(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  Pipe output = TRY(make_pipe());
  Pipe pid = TRY(make_pipe());
  Pipe failure = TRY(make_pipe());

  const pid_t helper = fork();
  if (helper < 0) return last_error("start " + arguments[0]);
  if (helper == 0) {
    start_inside(init_, pointers,
                 {.output = output.write.get(), .pid = pid.write.get(), .failure = failure.write.get()});
  }
  pid.write.reset();
  failure.write.reset();
  waitpid(helper, nullptr, 0);

  std::array<char, 17> self{};
  if (read(pid.read.get(), self.data(), self.size() - 1) <= 0) {
    return std::unexpected(SysError{"enter the machine to start " + arguments[0], ESRCH});
  }
  int code = 0;
  if (read(failure.read.get(), &code, sizeof(code)) > 0)
    return std::unexpected(SysError{"start " + arguments[0], code});
  (void)fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
  return Program{.pid = static_cast<pid_t>(std::strtol(self.data(), nullptr, 10)), .output = std::move(output.read)};
}

SysResult<void> Machine::write_file(const std::string& path, std::string_view text) {
  const UniqueFd file(open(outside_path(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return last_error("write " + path);
  while (!text.empty()) {
    const ssize_t size = write(file.get(), text.data(), text.size());
    if (size < 0) return last_error("write " + path);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

std::string Machine::outside_path(const std::string& path) const {
  return fmt::format("/proc/{}/root{}", init_, path);
}

}  // namespace baton::lab
