#include "process/fifos.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace baton::process {

namespace {

std::unexpected<std::string> cannot(std::string_view what, const std::string& path) {
  return std::unexpected(to_string(SysError{fmt::format("{} {}", what, path), errno}));
}

enum class Named { this_one, another, nothing };

// What stands at the path of an open file.
Named named_by(const std::string& path, const UniqueFd& fd) {
  struct stat opened{};
  struct stat named{};
  if (fstat(fd.get(), &opened) != 0 || lstat(path.c_str(), &named) != 0) return Named::nothing;
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino ? Named::this_one : Named::another;
}

}  // namespace

std::vector<std::string> Fifos::set(const std::vector<Fifo>& wanted, Users* users) {
  users_ = users;
  std::vector<Open> before = std::exchange(open_, {});
  std::vector<std::string> problems;
  for (const Fifo& fifo : wanted) {
    const auto is_it = [&](const Open& open) {
      return open.wanted.path == fifo.path && named_by(fifo.path, open.fd) == Named::this_one;
    };
    if (const auto kept = std::ranges::find_if(before, is_it); kept != before.end()) {
      if (auto owned = own(*kept, fifo, *users); !owned) problems.push_back(std::move(owned).error());
      open_.push_back(std::move(*kept));
      before.erase(kept);
    } else if (auto opened = open(fifo, *users)) {
      open_.push_back(std::move(*opened));
    } else {
      problems.push_back(std::move(opened).error());
      continue;
    }
    open_.back().wanted = fifo;
  }
  std::ranges::for_each(before, close);
  return problems;
}

Fifos::Written Fifos::write(const WriteFifos& line) {
  Written written;
  const std::string_view text = line.text;
  for (Open& fifo : open_) {
    if (!(line.is_of_service ? fifo.wanted.hears_services : fifo.wanted.hears_routers)) continue;
    if (named_by(fifo.wanted.path, fifo.fd) == Named::another) {
      auto opened = open(fifo.wanted, *users_);
      if (!opened) written.problem = std::move(opened).error();
      if (opened) fifo = std::move(*opened);
    }
    // A line is shorter than PIPE_BUF: it goes in whole or not at all.
    const ssize_t size = ::write(fifo.fd.get(), text.data(), text.size());
    ++(size == static_cast<ssize_t>(text.size()) ? written.lines : written.dropped);
  }
  return written;
}

std::expected<Fifos::Open, std::string> Fifos::open(const Fifo& wanted, Users& users) {
  const auto owner = users.find({wanted.user, wanted.group}, Users::Groups::own);
  Open fifo{.wanted = wanted, .fd = {}, .is_ours = mkfifo(wanted.path.c_str(), 0644) == 0};
  if (!fifo.is_ours && errno != EEXIST) return cannot("make FIFO", wanted.path);
  // Read and write: opening waits for nobody, and the pipe lives on when its reader leaves.
  fifo.fd.reset(::open(wanted.path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY));
  if (!fifo.fd) return cannot("open FIFO", wanted.path);
  struct stat status{};
  if (fstat(fifo.fd.get(), &status) != 0) return cannot("look at FIFO", wanted.path);
  if (!S_ISFIFO(status.st_mode)) return std::unexpected(fmt::format("{} is not a FIFO", wanted.path));
  if (!fifo.is_ours && status.st_uid != geteuid() && (!owner || status.st_uid != owner->user)) {
    return std::unexpected(fmt::format("FIFO {} belongs to user {}: not used", wanted.path, status.st_uid));
  }
  if (auto owned = own(fifo, wanted, users); !owned) return std::unexpected(std::move(owned).error());
  return fifo;
}

// One that we made belongs to whom it should.
std::expected<void, std::string> Fifos::own(const Open& fifo, const Fifo& wanted, Users& users) {
  if (!fifo.is_ours || geteuid() != 0) return {};
  const auto owner = users.find({wanted.user, wanted.group}, Users::Groups::own);
  if (owner && fchown(fifo.fd.get(), owner->user, owner->group) != 0) {
    return cannot("change the owner of FIFO", wanted.path);
  }
  return {};
}

void Fifos::close(const Open& fifo) {
  const std::string& path = fifo.wanted.path;
  if (fifo.is_ours && named_by(path, fifo.fd) == Named::this_one) (void)unlink(path.c_str());
}

}  // namespace baton::process
