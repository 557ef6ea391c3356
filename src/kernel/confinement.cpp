#include "kernel/confinement.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/result.h"
#include "base/sanitizers.h"

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
    // files, to be read: time zones, the names of users
    SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(lseek),
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64), SCMP_SYS(ftruncate), SCMP_SYS(getcwd), SCMP_SYS(uname),
    // itself
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
    SCMP_SYS(getppid), SCMP_SYS(getrandom), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack), SCMP_SYS(tgkill), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier),
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

SysResult<void> failed(int negative_errno) {
  return std::unexpected(SysError{"set up the filter of system calls", -negative_errno});
}

SysResult<void> allow_where(const Filter& filter, int call, const scmp_arg_cmp& argument) {
  const int result = seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &argument);
  return result < 0 ? failed(result) : SysResult<void>{};
}

SysResult<void> filter_calls() {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  if (!filter) return failed(-ENOMEM);
  for (const int call : allowed_calls) {
    const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    if (result < 0 && result != -EDOM) return failed(result);  // EDOM: this architecture has no such call
  }
  for (const int family : {AF_UNIX, AF_NETLINK}) {
    TRY(allow_where(filter, SCMP_SYS(socket),
                    {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = static_cast<scmp_datum_t>(family), .datum_b = 0}));
  }
  // Root's files are its own without any capability: it opens them to read.
  constexpr scmp_datum_t any_writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  TRY(allow_where(filter, SCMP_SYS(open), {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = any_writing, .datum_b = 0}));
  TRY(allow_where(filter, SCMP_SYS(openat),
                  {.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = any_writing, .datum_b = 0}));
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    TRY(allow_where(filter, call, {.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0}));
  }
  const int loaded = seccomp_load(filter.get());
  return loaded < 0 ? failed(loaded) : SysResult<void>{};
}

}  // namespace

SysResult<void> confine_server() {
  capng_clear(CAPNG_SELECT_ALL);
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return last_error("give up the capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return last_error("renounce new privileges");
  return has_address_sanitizer ? SysResult<void>{} : filter_calls();  // its runtime calls what it likes
}

}  // namespace baton::kernel
