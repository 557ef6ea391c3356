#include "process/track_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

namespace baton::process {

namespace {

// A file that is being written is read when its writer is done; one that comes into being, at once: it may be a link.
constexpr std::uint32_t what_matters = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
// Of a directory that the way only leads through, be it /tmp: not what goes on in it.
constexpr std::uint32_t what_matters_of_itself = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;

std::string joined(const std::string& directory, const std::string& name) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
}

std::optional<std::string> target_of_link(const std::string& path) {
  std::array<char, 4'096> target{};  // PATH_MAX
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(size));
}

struct Read {
  std::optional<std::int32_t> number;
  std::string problem;
};

// O_NONBLOCK: a FIFO without a writer must not hold up the scripts.
Read read_number(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file) return {.number = std::nullopt, .problem = std::strerror(errno)};
  std::array<char, limits::file_bytes> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return {.number = std::nullopt, .problem = std::strerror(errno)};
  return {.number = leading_number({text.data(), static_cast<std::size_t>(size)}), .problem = {}};
}

}  // namespace

std::int32_t leading_number(std::string_view text) {
  using Number = std::numeric_limits<std::int32_t>;
  const long long number = std::strtoll(std::string(text).c_str(), nullptr, 0);
  return static_cast<std::int32_t>(std::clamp<long long>(number, Number::min(), Number::max()));
}

std::set<WatchPoint> watch_points(const std::string& path) {
  std::set<WatchPoint> points;
  std::string directory = path.starts_with('/') ? "/" : ".";
  std::string rest = path;
  for (int links = 0; !rest.empty();) {
    const std::size_t start = rest.find_first_not_of('/');
    if (start == rest.npos) break;
    const std::size_t end = std::min(rest.find('/', start), rest.size());
    const std::string name = rest.substr(start, end - start);
    rest.erase(0, end);
    const std::string here = joined(directory, name);
    struct stat status{};
    const bool is_there = ::lstat(here.c_str(), &status) == 0;
    const bool is_link = is_there && S_ISLNK(status.st_mode);
    const bool is_last = rest.find_first_not_of('/') == rest.npos;
    points.insert({directory, name, is_there && !is_link && !is_last});
    if (!is_there || (is_link && ++links > limits::links_followed)) break;
    if (!is_link) {
      directory = here;
      continue;
    }
    const auto target = target_of_link(here);
    if (!target) break;
    if (target->starts_with('/')) directory = "/";
    rest.insert(0, *target);
  }
  return points;
}

void TrackFiles::set(std::vector<TrackedFile> files, bool at_start) {
  for (const File& file : files_) {
    if (file.told) told_before_[file.settings.path] = *file.told;
  }
  files_.clear();
  watches_.clear();
  readable_.reset();
  inotify_.reset();
  next_look_.reset();
  if (files.empty()) return;
  open();
  for (TrackedFile& file : files) {
    if (at_start && file.is_made) make(file);
    files_.push_back({.settings = std::move(file), .points = {}, .told = {}});
  }
  for (std::size_t index = 0; index < files_.size(); ++index) look(index);
  told_before_.clear();
}

void TrackFiles::open() {
  inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_) {
    outlets_.event(
        {Level::warning, fmt::format("inotify: {}; tracked files are looked at every second", std::strerror(errno))});
    return;
  }
  readable_ = loop_.watch(inotify_.get(), loop::Ready::readable, [this] { on_readable(); });
}

// init_file. One that is there keeps what it holds, unless it is to be overwritten; then it is a new file, as in
// keepalived, whoever's link the old one was.
void TrackFiles::make(const TrackedFile& file) {
  if (file.is_overwritten) (void)::unlink(file.path.c_str());
  const UniqueFd made(::open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!made && errno == EEXIST) return;
  const std::string text = fmt::format("{}\n", file.made_with);
  if (made && ::write(made.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return;
  outlets_.event(
      {Level::warning, fmt::format("track_file {}: cannot make {}: {}", file.name, file.path, std::strerror(errno))});
}

void TrackFiles::on_readable() {
  alignas(inotify_event) static std::array<char, 16'384> buffer;  // one thread; too large for a stack
  const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
  std::set<std::size_t> touched;
  for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= size;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const std::string name(event.len > 0 ? buffer.data() + at + sizeof event : "");
    at += static_cast<ssize_t>(sizeof event + event.len);
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      touched = all();
      break;
    }
    touched.merge(files_of(event.mask, event.wd, name));
  }
  for (const std::size_t index : touched) look(index);
}

// Whom something that has happened in a directory concerns.
std::set<std::size_t> TrackFiles::files_of(std::uint32_t what, int watch, const std::string& name) {
  const auto watched = watches_.find(watch);
  if (watched == watches_.end()) return {};  // of a watch that is over
  FilesByName& files_by_name = watched->second;
  if ((what & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) == 0) {
    const auto files = files_by_name.find(name);
    return files == files_by_name.end() ? std::set<std::size_t>() : files->second;
  }
  // The directory is no longer what its name leads to. Its files are followed anew.
  std::set<std::size_t> indices;
  for (const auto& [each, files] : files_by_name) indices.insert(files.begin(), files.end());
  for (const std::size_t index : indices) {
    std::erase_if(files_[index].points, [watch](const auto& point) { return point.second == watch; });
  }
  if ((what & IN_IGNORED) == 0) (void)::inotify_rm_watch(inotify_.get(), watch);
  watches_.erase(watched);
  return indices;
}

void TrackFiles::on_timeout(Instant now) {
  if (!next_look_ || *next_look_ > now) return;
  next_look_.reset();
  for (std::size_t index = 0; index < files_.size(); ++index) {
    if (!files_[index].is_watched) look(index);
  }
}

// Watched first, then read: what happens in between is an event.
void TrackFiles::look(std::size_t index) {
  File& file = files_[index];
  file.is_watched = follow(index);
  if (!file.is_watched && !next_look_) next_look_ = loop::now() + limits::unwatched_look;
  const Read read = read_number(file.settings.path);
  tell(file, read.number, read.problem);
}

// Watches what the way to the file consists of now. The way may change while we look, so we look until it stays.
bool TrackFiles::follow(std::size_t index) {
  if (!inotify_) return false;
  auto& points = files_[index].points;
  constexpr int most_looks = 3;
  for (int i = 0; i < most_looks; ++i) {
    const std::set<WatchPoint> wanted = watch_points(files_[index].settings.path);
    if (std::ranges::equal(wanted, points, {}, {}, [](const auto& point) { return point.first; })) return true;
    for (const auto& [point, watch] : std::exchange(points, {})) unwatch(point.name, watch, index);
    for (const WatchPoint& point : wanted) {
      if (const auto watch = this->watch(point, index)) points.emplace(point, *watch);
    }
  }
  return false;
}

std::optional<int> TrackFiles::watch(const WatchPoint& point, std::size_t index) {
  const std::uint32_t mask = what_matters_of_itself | (point.is_passed ? 0 : what_matters);
  const int watch = ::inotify_add_watch(inotify_.get(), point.directory.c_str(), mask);
  if (watch >= 0) {
    watches_[watch][point.name].insert(index);
    return watch;
  }
  const bool is_gone = errno == ENOENT || errno == ENOTDIR;  // meanwhile: the way has changed
  if (!is_gone && !std::exchange(has_complained_, true)) {
    outlets_.event({Level::warning, fmt::format("{} cannot be watched: {}; files there are looked at every second",
                                                point.directory, std::strerror(errno))});
  }
  return std::nullopt;
}

void TrackFiles::unwatch(const std::string& name, int watch, std::size_t index) {
  const auto watched = watches_.find(watch);
  if (watched == watches_.end()) return;
  FilesByName& files_by_name = watched->second;
  files_by_name[name].erase(index);
  if (files_by_name[name].empty()) files_by_name.erase(name);
  if (!files_by_name.empty()) return;
  (void)::inotify_rm_watch(inotify_.get(), watch);
  watches_.erase(watched);
}

void TrackFiles::tell(File& file, const Content& content, const std::string& problem) {
  if (file.told && *file.told == content) return;
  const auto before = told_before_.find(file.settings.path);
  const bool is_known = before != told_before_.end() && before->second == content;
  const auto news = file.told  ? ScriptResult::News::changed
                    : is_known ? ScriptResult::News::known
                               : ScriptResult::News::first;
  file.told = content;
  outlets_.result({.id = file.settings.id,
                   .number = content.value_or(0),
                   .news = news,
                   .text = content ? fmt::format("holds {}", *content)
                                   : fmt::format("counts as 0: {}: {}", file.settings.path, problem)});
}

std::set<std::size_t> TrackFiles::all() const {
  std::set<std::size_t> indices;
  for (std::size_t index = 0; index < files_.size(); ++index) indices.insert(index);
  return indices;
}

}  // namespace baton::process
