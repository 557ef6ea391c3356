#include "daemon/remains.h"

#include <signal.h>

#include <utility>

namespace baton::daemon {

void Remains::take(RoleProcess process) {
  if (!process) return;
  const pid_t pid = process.pid;
  const int fd = process.pidfd.get();
  last_ = pid;
  left_[pid] = {.process = std::move(process),
                .death = loop_.watch(fd, loop::Ready::readable, [this, pid] { bury(pid); })};
}

void Remains::kill() const {
  for (const auto& [pid, left] : left_) left.process.signal(SIGKILL);
}

void Remains::bury(pid_t pid) {
  auto left = left_.extract(pid);
  left.mapped().death.reset();
  const bool has_finished = reap(left.mapped().process) == ended_in_order;
  if (pid == last_ && has_finished) last_.reset();
}

}  // namespace baton::daemon
