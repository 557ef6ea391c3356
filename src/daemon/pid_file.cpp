#include "daemon/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace baton::daemon {

void make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    (void)::mkdir(path.substr(0, end).c_str(), 0755);  // EEXIST is the usual case
  }
  (void)::mkdir(path.c_str(), 0755);
}

std::expected<PidFile, PidFile::Refusal> PidFile::create(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return std::unexpected(Refusal{fmt::format("pid file {}: {}", path, std::strerror(errno))});
  // A lock of the open file: held as long as the daemon lives, whatever the number in the file says.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
    std::array<char, 32> other{};
    (void)::read(fd.get(), other.data(), other.size() - 1);
    return std::unexpected(
        Refusal{.sentence = fmt::format("daemon is already running, pid {} (pid file {})",
                                        std::string(other.data(), std::strcspn(other.data(), "\n")), path),
                .is_held = true});
  }
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) < 0 ||
      ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return std::unexpected(Refusal{fmt::format("pid file {}: {}", path, std::strerror(errno))});
  }
  return PidFile(std::move(fd), path, ::getpid());
}

PidFile::~PidFile() {
  if (fd_ && owner_ == ::getpid()) (void)::unlink(path_.c_str());
}

}  // namespace baton::daemon
