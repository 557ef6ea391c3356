#include "kernel/confinement.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sanitizers.h"
#include "base/unique_fd.h"

namespace baton::kernel {

namespace {

constexpr std::array allowed_calls{
    // what comes and goes
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
    SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(shutdown), SCMP_SYS(close), SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(fcntl), SCMP_SYS(dup),
    // waiting
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(eventfd2), SCMP_SYS(signalfd4),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime), SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
    // memory
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(memfd_create),
    // files that are open, and whether others are there
    SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(lseek),
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(ftruncate), SCMP_SYS(getcwd), SCMP_SYS(uname),
    // itself
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
    SCMP_SYS(getppid), SCMP_SYS(getrandom), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(exit),
    SCMP_SYS(exit_group)};

constexpr std::array refused_to_worker{
    // programs and other processes
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3),
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal), SCMP_SYS(pidfd_getfd), SCMP_SYS(process_madvise),
    // namespaces and file systems
    SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(mount_setattr),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(mknod), SCMP_SYS(mknodat),
    // the machine
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname), SCMP_SYS(syslog), SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    // who it is
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
    SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(capset),
    // wide doors into the kernel
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl),
    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(personality), SCMP_SYS(lookup_dcookie), SCMP_SYS(modify_ldt)};

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

SysResult<void> failed(int negative_errno) {
  return std::unexpected(SysError{"set up the filter of system calls", -negative_errno});
}

SysResult<void> allow_where(const Filter& filter, int call, std::initializer_list<scmp_arg_cmp> arguments) {
  const int result = seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, static_cast<unsigned>(arguments.size()),
                                            arguments.begin());
  return result < 0 ? failed(result) : SysResult<void>{};
}

SysResult<void> load(const Filter& filter) {
  const int loaded = seccomp_load(filter.get());
  return loaded < 0 ? failed(loaded) : SysResult<void>{};
}

SysResult<void> refuse_calls() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return failed(-ENOMEM);
  for (const int call : refused_to_worker) {
    const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
    if (result < 0 && result != -EDOM) return failed(result);
  }
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    constexpr scmp_arg_cmp becomes_code{.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = PROT_EXEC};
    const int result = seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 1, &becomes_code);
    if (result < 0) return failed(result);
  }
  // Signals that were meant for the guardian are passed on to it.
  const scmp_arg_cmp others{
      .arg = 0, .op = SCMP_CMP_NE, .datum_a = static_cast<scmp_datum_t>(::getppid()), .datum_b = 0};
  const int result = seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill), 1, &others);
  return result < 0 ? failed(result) : load(filter);
}

constexpr std::uint64_t writing =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

// landlock(7) has no functions in the C library yet. What is in `access` is done below `writable` alone.
SysResult<void> restrict_files(std::uint64_t access, std::span<const std::string> writable) {
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = access;
  const UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0)));
  if (!ruleset) {  // EPERM: within a container whose filter does not know these calls
    const bool is_absent = errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM;
    return is_absent ? SysResult<void>{} : last_error("set up Landlock");
  }
  for (const std::string& directory : writable) {
    const UniqueFd folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) continue;
    landlock_path_beneath_attr below{};
    below.allowed_access = writing & ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_EXECUTE);
    below.parent_fd = folder.get();
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0) {
      return last_error("allow to write below " + directory);
    }
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) < 0) return last_error("set up Landlock");
  return {};
}

SysResult<void> keep_capabilities(std::span<const int> kept) {
  capng_clear(CAPNG_SELECT_ALL);
  for (const int each : kept) {
    const auto sets = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    (void)capng_update(CAPNG_ADD, sets, static_cast<unsigned>(each));
  }
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return last_error("give up capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return last_error("renounce new privileges");
  return {};
}

scmp_arg_cmp equals(unsigned argument, auto value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = static_cast<scmp_datum_t>(value), .datum_b = 0};
}

SysResult<void> filter_calls(std::span<const int> families) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  if (!filter) return failed(-ENOMEM);
  for (const int call : allowed_calls) {
    const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    if (result < 0 && result != -EDOM) return failed(result);  // EDOM: this architecture has no such call
  }
  for (const int family : families) TRY(allow_where(filter, SCMP_SYS(socket), {equals(0, family)}));
  // The log listens to datagrams. Who listens to streams on a Unix socket may obey root: our own control socket, the
  // runner's, the service manager.
  constexpr scmp_arg_cmp of_datagrams{.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xf, .datum_b = SOCK_DGRAM};
  TRY(allow_where(filter, SCMP_SYS(socket), {equals(0, AF_UNIX), of_datagrams}));
  TRY(allow_where(filter, SCMP_SYS(tgkill), {equals(0, ::getpid())}));  // abort(3)
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    TRY(allow_where(filter, call, {{.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0}}));
  }
  return load(filter);
}

// It stays root, if one without any power over others, and root's files are its own: it opens none.
SysResult<void> confine_to_what_is_open(std::span<const int> capabilities, std::span<const int> families) {
  ::tzset();  // reads the time zone
  TRY(keep_capabilities(capabilities));
  // A sanitizer's runtime calls what it likes.
  if (has_address_sanitizer) return {};
  TRY(restrict_files(reading | writing, {}));
  return filter_calls(families);
}

}  // namespace

SysResult<void> give_up_capabilities() {
  return keep_capabilities({});
}

SysResult<void> confine_worker(std::span<const std::string> writable) {
  TRY(keep_capabilities(std::array{CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK}));
  TRY(restrict_files(writing, writable));
  return has_address_sanitizer ? SysResult<void>{}
                               : refuse_calls();  // its runtime looks for leaks in a process of its own
}

SysResult<void> confine_server() {
  return confine_to_what_is_open({}, std::array{AF_NETLINK});
}

SysResult<void> confine_network_administrator() {
  return confine_to_what_is_open(std::array{CAP_NET_ADMIN}, std::array{AF_NETLINK});
}

SysResult<void> confine_client(const ClientPowers& powers) {
  std::vector<int> capabilities;
  if (powers.marks) capabilities.push_back(CAP_NET_ADMIN);
  if (powers.low_ports) capabilities.push_back(CAP_NET_BIND_SERVICE);
  return confine_to_what_is_open(capabilities, std::array{AF_INET, AF_INET6});
}

}  // namespace baton::kernel
