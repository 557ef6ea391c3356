// One child process: started with nothing of ours but its arguments, and asked how it ended. Nobody waits here; the
// pidfd becomes readable when the child has ended.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "process/program.h"
#include "process/runner_protocol.h"

namespace baton::process {

struct Child {
  pid_t pid = 0;          // leader of a process group of its own
  UniqueFd pidfd;         // readable: it has ended
  UniqueFd report;        // what it says when it cannot become the program it should be
  AccountName account{};  // that it looks up itself
};

struct ChildEnd {
  RunEnd end;
  std::string report;  // why it could not run, or what a function said
  // Of Child::account, which it has looked up.
  std::optional<Credentials> learned{};
};

// A child is the leader of its own process group, runs with the given credentials, default signals, ordinary
// scheduling, our umask, /dev/null as its three standard files and no other, without IFS, LD_PRELOAD and
// LD_LIBRARY_PATH, and gets SIGTERM when we end. What the kernel does not recognise as a program goes through /bin/sh.
// A failure to become the program is told by reap(): here nothing waits for it.
SysResult<Child> start(const Program& program);

// Looks an account up, and nothing else.
SysResult<Child> start_look_up(const AccountName& account);

// The same for a function of ours instead of a program: its return value is the exit status, what it writes to `report`
// comes back in ChildEnd. The caller must have one thread only.
using ChildFunction = std::function<int(std::string& report)>;
SysResult<Child> start(const Credentials& credentials, const ChildFunction& function);

// nullopt: it is still running. To be asked again until it is not; then the Child is over.
std::optional<ChildEnd> reap(Child& child);

// Signals the whole process group. Only while reap() says nothing: afterwards the number may be somebody else's.
void signal_group(const Child& child, int signal);

// All signals to their default, none blocked.
void reset_signals();

// Lets us hold many descriptors (one child needs two). Children get the former limit back.
void raise_descriptor_limit();

}  // namespace baton::process
