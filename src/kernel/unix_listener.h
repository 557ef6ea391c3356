// A listening Unix stream socket at a path.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

class UnixListener {
 public:
  // A socket left at the path by an earlier life is replaced; EADDRINUSE when something else is there. Mode as
  // chmod(2).
  static SysResult<UnixListener> open(const std::string& path, mode_t mode, std::optional<gid_t> group = std::nullopt);
  UnixListener(UnixListener&&) = default;
  UnixListener& operator=(UnixListener&&) = default;
  ~UnixListener();

  int fd() const { return fd_.get(); }

  struct Client {
    UniqueFd fd;
    uid_t uid = 0;  // of the process that connected (unix(7), SO_PEERCRED)
  };
  // nullopt: nobody waits.
  std::optional<Client> accept() const;

 private:
  UnixListener(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  UniqueFd fd_;
  std::string path_;
};

}  // namespace baton::kernel
