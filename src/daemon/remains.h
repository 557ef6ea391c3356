// Processes that are nobody's role any more, and end by themselves or were killed. They are taken off the process table
// when they have; nobody waits for one, because a process that hangs in the kernel may take for ever.
#pragma once

#include <map>
#include <optional>

#include "daemon/role.h"
#include "loop/loop.h"

namespace baton::daemon {

class Remains {
 public:
  explicit Remains(loop::Loop& loop) : loop_(loop) {}

  void take(RoleProcess process);  // nothing when there is none
  void kill() const;               // all that are left
  bool is_empty() const { return left_.empty(); }
  // The last one that was taken came to the end of what it had to do; true before there was any.
  bool last_has_finished() const { return !last_; }

 private:
  struct Left {
    RoleProcess process;
    loop::Subscription death;
  };
  void bury(pid_t pid);

  loop::Loop& loop_;
  std::map<pid_t, Left> left_;
  std::optional<pid_t> last_;
};

}  // namespace baton::daemon
