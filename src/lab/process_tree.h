// Which process of a daemon is which, read from /proc: the guardian is the one that was started, the worker the child
// that speaks VRRP. keepalived's child has its parent's name; Baton's roles have names of their own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace baton::lab {

struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  std::string name{};  // comm
  char state = '?';    // proc_pid_stat(5)
};

std::vector<ProcessInfo> all_processes();
bool is_running(pid_t process);  // a zombie does not run

// `root` and everything below it, parents first; empty when it does not run any more.
std::vector<ProcessInfo> process_tree(pid_t root);

// The processes a daemon consists of.
enum class Role : std::uint8_t { guardian, worker, runner, everything };
std::vector<pid_t> find_role(const std::vector<ProcessInfo>& tree, Role role);

}  // namespace baton::lab
