// A network namespace we hold open. Sockets belong for ever to the namespace they were opened in, so one process can
// stand in all of them at once: step in, open, step out.
#pragma once

#include <sys/types.h>

#include <utility>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::lab {

class NetNamespace {
 public:
  // Of a process, as seen in our /proc.
  static SysResult<NetNamespace> of(pid_t process);
  static SysResult<NetNamespace> own();

  // Runs `work` inside; comes back always.
  template <typename Work>
  auto inside(Work&& work) const {
    const Visit visit(*this);
    return std::forward<Work>(work)();
  }

  int fd() const { return fd_.get(); }

 private:
  class Visit {
   public:
    explicit Visit(const NetNamespace& there);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    UniqueFd back_;
  };

  explicit NetNamespace(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace baton::lab
