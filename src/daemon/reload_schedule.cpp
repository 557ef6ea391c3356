#include "daemon/reload_schedule.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/sys_error.h"
#include "daemon/reload_time.h"

namespace baton::daemon {

namespace {

constexpr Duration longest_sleep = std::chrono::seconds(60);  // then the clock may have been set

// The first bytes; a time has fewer.
std::string read_line(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  std::array<char, 64> buffer{};
  const ssize_t count = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

std::string date_text(WallTime time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  const auto whole = static_cast<std::time_t>(seconds);
  std::tm local{};
  (void)::localtime_r(&whole, &local);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

}  // namespace

ReloadSchedule::ReloadSchedule(loop::Loop& loop, log::Logger& log, std::function<void()> reload)
    : loop_(loop), log_(log), reload_(std::move(reload)), timer_(loop.timer([this] { on_timer(); })) {}

void ReloadSchedule::follow(const config::ReloadTimes& times) {
  if (times.time_file != times_.time_file || !inotify_) {
    times_ = times;
    watch();
  }
  times_ = times;
  look();
}

// The directory is watched: the file may be made anew, moved there, and removed.
void ReloadSchedule::watch() {
  changed_.reset();
  inotify_.reset();
  if (times_.time_file.empty()) return;
  const std::string folder = times_.time_file.substr(0, std::max<std::size_t>(times_.time_file.rfind('/'), 1));
  inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const bool is_watched =
      inotify_ && ::inotify_add_watch(inotify_.get(), folder.c_str(),
                                      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) >= 0;
  if (!is_watched) {
    log_.warning(to_string(last_error("watch " + folder).error()) +
                 "; the reload_time_file is looked at when the configuration is reloaded");
    return;
  }
  changed_ = loop_.watch(inotify_.get(), loop::Ready::readable, [this] { on_change(); });
}

// Whatever changed in the folder: the file is small, and is looked at.
void ReloadSchedule::on_change() {
  alignas(inotify_event) static std::array<char, 4096> buffer;  // one thread; what it says does not matter
  (void)::read(inotify_.get(), buffer.data(), buffer.size());
  look();
}

void ReloadSchedule::look() {
  const auto before = due_;
  due_.reset();
  timer_.cancel();
  if (times_.time_file.empty()) return;
  const std::string line = read_line(times_.time_file);
  const WallTime now = loop::wall_now();
  due_ = next_reload(line, now);
  if (!due_) {
    if (!line.empty()) {
      log_.warning(times_.time_file +
                   " holds no time to come; write HH:MM:SS or YYYY-MM-DD HH:MM:SS, with a Z behind for UTC");
    }
    return;
  }
  if (due_ != before) log_.notice("the next reload is at " + date_text(*due_));
  timer_.set(loop::now() + std::min<Duration>(*due_ - now, longest_sleep));
}

void ReloadSchedule::on_timer() {
  if (!due_) return;
  const WallTime now = loop::wall_now();
  if (now < *due_) return timer_.set(loop::now() + std::min<Duration>(*due_ - now, longest_sleep));
  due_.reset();
  if (!times_.repeat) (void)::unlink(times_.time_file.c_str());
  reload_();
  look();
}

ReloadMarker::ReloadMarker(const config::ReloadTimes& times, const std::string& default_path, log::Logger& log) {
  if (!times.marker) return;
  const std::string& path = times.marker->empty() ? default_path : *times.marker;
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
  if (file) {
    path_ = path;
  } else {
    log.warning(to_string(last_error("reload_file " + path).error()));
  }
}

ReloadMarker::~ReloadMarker() {
  if (!path_.empty()) (void)::unlink(path_.c_str());
}

}  // namespace baton::daemon
