#include "process/child.h"

#include <fcntl.h>
#include <fmt/format.h>
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
#include <span>
#include <vector>

#include "base/sanitizers.h"

namespace baton::process {

namespace {

constexpr rlim_t descriptors_wanted = 16'384;
constexpr std::size_t report_size = 1'024;
constexpr int report_fd = 3;  // in the child

std::optional<rlimit> former_descriptor_limit;

// ---- in the child ---------------------------------------------------------------------------------------------------

// What a child says, each in one write that a pipe does not cut (PIPE_BUF is 4096).
struct ReportHead {
  enum class Kind : std::int32_t {
    text,         // what a function said
    refusal,      // why it could not run, with an errno
    credentials,  // what it has looked up: user, group, further groups
  };
  Kind kind = Kind::text;
  std::int32_t code = 0;
  std::uint32_t size = 0;  // bytes that follow
};

void write_report(ReportHead::Kind kind, int code, std::span<const char> content) {
  std::array<char, sizeof(ReportHead) + report_size> buffer{};
  const ReportHead head{
      .kind = kind, .code = code, .size = static_cast<std::uint32_t>(std::min(content.size(), report_size))};
  std::memcpy(buffer.data(), &head, sizeof head);
  std::memcpy(buffer.data() + sizeof head, content.data(), head.size);
  (void)!write(report_fd, buffer.data(), sizeof head + head.size);  // nobody else to tell
}

void report_credentials(const Credentials& credentials) {
  std::vector<std::uint32_t> numbers{credentials.user, credentials.group};
  numbers.insert(numbers.end(), credentials.groups.begin(), credentials.groups.end());
  numbers.resize(std::min(numbers.size(), report_size / sizeof(std::uint32_t)));
  write_report(ReportHead::Kind::credentials, 0,
               {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(std::uint32_t)});
}

[[noreturn]] void give_up(const Refusal& refusal) {
  write_report(ReportHead::Kind::refusal, refusal.code, refusal.text);
  _exit(127);
}

// Allocates nothing: the memory may be our parent's.
[[noreturn]] void give_up(int code, std::string_view what, std::string_view object = {}) {
  std::array<char, report_size> text{};
  const auto end = fmt::format_to_n(text.data(), text.size(), "{}{}: {}", what, object, std::strerror(code));
  write_report(ReportHead::Kind::refusal, code, std::span(text).first(std::min(end.size, text.size())));
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

void die_with(pid_t parent) {
  (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // it was too late
}

// By system calls: the functions of the C library change all threads of a process, and those may be our parent's. Where
// there are two of them, the first takes 16 bits.
#ifdef SYS_setresuid32
constexpr long set_groups = SYS_setgroups32;
constexpr long set_group = SYS_setresgid32;
constexpr long set_user = SYS_setresuid32;
#else
constexpr long set_groups = SYS_setgroups;
constexpr long set_group = SYS_setresgid;
constexpr long set_user = SYS_setresuid;
#endif

void become(const Credentials& credentials, pid_t parent) {
  if (geteuid() == 0) {  // else resolve() has seen to it that nobody else was asked for
    const auto& [user, group, groups] = credentials;
    if (syscall(set_groups, groups.size(), groups.data()) != 0) give_up(errno, "set groups");
    if (syscall(set_group, group, group, group) != 0) give_up(errno, "set group");
    if (syscall(set_user, user, user, user) != 0) give_up(errno, "set user");
  }
  die_with(parent);  // the change of user has cleared it
}

void prepare(int report, pid_t parent) {
  (void)setpgid(0, 0);
  reset_signals();
  reset_scheduling();
  reset_files(report);
  die_with(parent);
}

// What execve(2) takes, which changes nothing of it.
class Arguments {
 public:
  explicit Arguments(const Program& program) : path_(program.path.c_str()) {
    words_.push_back(const_cast<char*>("sh"));
    for (const std::string& argument : program.argv) words_.push_back(const_cast<char*>(argument.c_str()));
    words_.push_back(nullptr);
    constexpr std::array<std::string_view, 3> left_out{"IFS=", "LD_PRELOAD=", "LD_LIBRARY_PATH="};
    for (char** word = environ; *word != nullptr; ++word) {
      const auto begins = [&](std::string_view name) { return std::string_view(*word).starts_with(name); };
      if (std::ranges::none_of(left_out, begins)) environment_.push_back(*word);
    }
    environment_.push_back(nullptr);
  }

  [[noreturn]] void execute() {
    execve(path_, words_.data() + 1, environment_.data());
    if (errno == ENOEXEC) {
      words_[1] = const_cast<char*>(path_);
      execve("/bin/sh", words_.data(), environment_.data());
    }
    give_up(errno, "cannot execute ", path_);
  }

 private:
  const char* path_;
  std::vector<char*> words_;  // the first is the name of the shell, which takes what the kernel does not
  std::vector<char*> environment_;
};

// `script "</path"`: can the file be opened by this user?
[[noreturn]] void open_file(const Program& program) {
  const int mode = program.kind == Program::Kind::open_to_write ? O_WRONLY | O_APPEND : O_RDONLY;
  _exit(open(program.path.c_str(), mode | O_CLOEXEC | O_NOCTTY) < 0 ? 1 : 0);
}

[[noreturn]] void run(const Program& program, Arguments& arguments, pid_t parent) {
  become(program.credentials, parent);
  if (program.kind == Program::Kind::execute) arguments.execute();
  open_file(program);
}

Credentials look_up(const AccountName& account) {
  const auto found = ask_user_database(account);
  if (!found) give_up(found.error());
  report_credentials(*found);
  return *found;
}

[[noreturn]] void resolve_and_run(const Program::Unresolved& unresolved, pid_t parent) {
  const AccountName account{unresolved.command.user, unresolved.command.group};
  Users users;
  users.remember(account, look_up(account));
  const auto program = resolve(unresolved.command, unresolved.rules, unresolved.search_path, users);
  if (!program) give_up(program.error());
  Arguments arguments(*program);
  run(*program, arguments, parent);
}

// ---- in the parent --------------------------------------------------------------------------------------------------

enum class Memory : std::uint8_t {
  copied,
  // The child works in ours while we stand still, until it has become its program (vfork(2)): nothing is copied, which
  // halves the price of a start. It may call the kernel and must not change anything. Not for another user, who could
  // stop the child and us with it, and not for what may wait, as opening a file does.
  shared,
};

constexpr bool can_share = !has_address_sanitizer;  // which keeps books on stacks that it knows

// `body` runs in the child, on a stack of its own, and never returns.
template <typename Body>
pid_t clone_sharing_memory(const Body& body) {
  constexpr std::size_t stack_size = 64 * 1024;
  alignas(16) static std::array<std::byte, stack_size> stack;  // of one child at a time: we stand still meanwhile
  const auto enter = [](void* argument) -> int {
    (*static_cast<const Body*>(argument))();
    return 127;
  };
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  (void)sigprocmask(SIG_BLOCK, &all, &before);  // no handler of ours runs in the child
  const pid_t pid =
      clone(enter, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, const_cast<Body*>(&body));
  const int error = errno;
  (void)sigprocmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

template <typename Body>
pid_t clone_child(Memory memory, const Body& body) {
  if (memory == Memory::shared && can_share) return clone_sharing_memory(body);
  const pid_t pid = fork();
  if (pid == 0) body();
  return pid;
}

template <typename Body>
SysResult<Child> start_child(Memory memory, const Body& body) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return last_error("make a pipe for a child");
  Child child{.pid = 0, .pidfd = {}, .report = UniqueFd(ends[0])};
  const UniqueFd child_end(ends[1]);
  const pid_t parent = getpid();
  const auto in_child = [&] {
    prepare(child_end.get(), parent);
    body(parent);
  };
  child.pid = clone_child(memory, in_child);
  if (child.pid < 0) return last_error("start a child");
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

std::optional<Credentials> to_credentials(std::span<const char> content) {
  std::vector<std::uint32_t> numbers(content.size() / sizeof(std::uint32_t));
  if (numbers.size() < 2) return std::nullopt;
  std::memcpy(numbers.data(), content.data(), numbers.size() * sizeof(std::uint32_t));
  return Credentials{.user = numbers[0], .group = numbers[1], .groups = {numbers.begin() + 2, numbers.end()}};
}

// What it has said, oldest first.
void read_reports(int fd, ChildEnd& ended) {
  std::array<char, 2 * (sizeof(ReportHead) + report_size)> buffer{};
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  std::span<const char> rest(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  while (rest.size() >= sizeof(ReportHead)) {
    ReportHead head;
    std::memcpy(&head, rest.data(), sizeof head);
    rest = rest.subspan(sizeof head);
    const auto content = rest.first(std::min<std::size_t>(head.size, rest.size()));
    rest = rest.subspan(content.size());
    if (head.kind == ReportHead::Kind::credentials) {
      ended.learned = to_credentials(content);
      continue;
    }
    ended.report.assign(content.begin(), content.end());
    if (head.kind == ReportHead::Kind::refusal) ended.end = {RunEnd::Kind::could_not_run, head.code};
  }
}

}  // namespace

SysResult<Child> start(const Program& program) {
  if (!program.unresolved) {
    Arguments arguments(program);
    const Credentials& as = program.credentials;
    const bool is_ours = geteuid() != 0 || (as.user == 0 && as.group == getegid());
    const Memory memory = program.kind == Program::Kind::execute && is_ours ? Memory::shared : Memory::copied;
    return start_child(memory, [&](pid_t parent) { run(program, arguments, parent); });
  }
  auto child = start_child(Memory::copied, [&](pid_t parent) { resolve_and_run(*program.unresolved, parent); });
  if (child) child->account = {program.unresolved->command.user, program.unresolved->command.group};
  return child;
}

SysResult<Child> start_look_up(const AccountName& account) {
  auto child = start_child(Memory::copied, [&](pid_t) {
    (void)look_up(account);
    _exit(0);
  });
  if (child) child->account = account;
  return child;
}

SysResult<Child> start(const Credentials& credentials, const ChildFunction& function) {
  return start_child(Memory::copied, [&](pid_t parent) {
    become(credentials, parent);
    std::string report;
    const int status = function(report);
    if (!report.empty()) write_report(ReportHead::Kind::text, 0, report);
    _exit(status);
  });
}

std::optional<ChildEnd> reap(Child& child) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED | WNOHANG) != 0) {
    return ChildEnd{{RunEnd::Kind::could_not_run, errno}, "the child is gone"};
  }
  if (info.si_pid == 0) return std::nullopt;
  ChildEnd ended{.end = {info.si_code == CLD_EXITED ? RunEnd::Kind::exited : RunEnd::Kind::signalled, info.si_status}};
  read_reports(child.report.get(), ended);
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
