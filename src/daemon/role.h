// Starting a role: one of the processes the guardian watches. A role is a fork of the guardian, which is small, has
// read the configuration already and runs one thread; there is no exec, so nothing can be missing on disk when a worker
// must be replaced within milliseconds.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "setup/forget_secrets.h"

namespace baton::daemon {

struct Role {
  std::string name;                               // the process's name in ps(1), at most 15 bytes: "baton-vrrp"
  int parent_death_signal = 0;                    // sent to it when the guardian is gone
  std::span<const int> keep;                      // descriptors that stay open besides 0, 1 and 2
  setup::Secrets secrets = setup::Secrets::none;  // that it needs
  std::move_only_function<int()> main;
};

struct RoleProcess {
  pid_t pid = -1;
  UniqueFd pidfd;  // readable when it has ended (pidfd_open(2))

  explicit operator bool() const { return pid > 0; }
  void signal(int number) const;  // nothing when it has ended
};

// How the guardian's secrets are forgotten in each role that starts from now on, but for those that it needs.
void set_forget_secrets(std::function<void(setup::Secrets kept)> forget);

// In the child: secrets are forgotten; signals as at the start of a program, but SIGINT and SIGHUP are ignored, and
// those that ask for a file are passed on to the guardian; descriptors closed but `keep`; then main(); never returns
// there.
SysResult<RoleProcess> start_role(Role role);

// Takes the ended process off the process table: "exited with status 1", "killed by signal 9 (Killed)".
std::string reap(RoleProcess& process);
inline constexpr std::string_view ended_in_order = "exited with status 0";  // as reap() says it

}  // namespace baton::daemon
