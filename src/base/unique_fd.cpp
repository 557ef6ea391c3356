#include "base/unique_fd.h"

#include <unistd.h>

namespace baton {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) (void)::close(fd_);  // close(2): the descriptor is gone whatever it returns
  fd_ = fd;
}

}  // namespace baton
