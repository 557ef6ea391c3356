#include "kernel/unix_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

namespace baton::kernel {

SysResult<UnixListener> UnixListener::open(const std::string& path, mode_t mode, std::optional<gid_t> group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return std::unexpected(SysError{"listen at " + path, ENAMETOOLONG});
  std::ranges::copy(path, address.sun_path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error("open a Unix socket");
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) (void)::unlink(path.c_str());
  // Nobody can connect before listen(), so mode and group are set in time.
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0 ||
      (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) < 0) || ::chmod(path.c_str(), mode) < 0) {
    return last_error("listen at " + path);
  }
  constexpr int waiting_clients = 64;
  if (::listen(fd.get(), waiting_clients) < 0) return last_error("listen at " + path);
  return UnixListener(std::move(fd), path);
}

UnixListener::~UnixListener() {
  if (fd_) (void)::unlink(path_.c_str());
}

std::optional<UnixListener::Client> UnixListener::accept() const {
  UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return std::nullopt;
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return std::nullopt;
  return Client{.fd = std::move(fd), .uid = credentials.uid};
}

}  // namespace baton::kernel
