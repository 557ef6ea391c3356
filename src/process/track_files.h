// Files that hold a number: track_file. Each is read when something happens to it: inotify(7) watches the directory of
// every name on the way to it, so that a write, a rename into place, a new target of a symbolic link, a directory that
// comes later and one that is moved are all seen within a moment. What is mounted over the way is not: that is no event
// to inotify. A file that is missing holds 0.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"
#include "loop/loop.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr int links_followed = 40;                            // as many as the kernel follows
inline constexpr Duration unwatched_look = std::chrono::seconds(1);  // at a file that inotify cannot watch
inline constexpr std::size_t file_bytes = 128;                       // of a file that are looked at

}  // namespace limits

// The number a text begins with, in any of C's notations (0x10 is 16, 010 is 8); 0 when there is none. What does not
// fit becomes the nearest number that does.
std::int32_t leading_number(std::string_view text);

// A name in a directory: when something happens to it, the file a path leads to may be another one.
struct WatchPoint {
  std::string directory;
  std::string name;
  bool is_passed = false;  // a directory on the way: it is watched itself, as the directory of the next name
  auto operator<=>(const WatchPoint&) const = default;
};
// Every directory and symbolic link on the way, and the first name that is missing or the file itself.
std::set<WatchPoint> watch_points(const std::string& path);

class TrackFiles {
 public:
  struct Outlets {
    std::function<void(FileResult result)> result;
    std::function<void(RunnerEvent event)> event;
  };

  TrackFiles(loop::Loop& loop, Outlets outlets) : loop_(loop), outlets_(std::move(outlets)) {}

  // Replaces the list; then tells what every file holds. `at_start`: files that are to be made are made.
  void set(std::vector<TrackedFile> files, bool at_start);

  std::optional<Instant> next_timeout() const { return next_look_; }
  void on_timeout(Instant now);

 private:
  // What was read; nullopt: there is no file, or none that can be read.
  using Content = std::optional<std::int32_t>;
  struct File {
    TrackedFile settings;
    std::map<WatchPoint, int> points;  // and the inotify watch of each
    bool is_watched = true;
    std::optional<Content> told;
  };
  using FilesByName = std::map<std::string, std::set<std::size_t>>;

  void open();
  void make(const TrackedFile& file);
  void on_readable();
  void look(std::size_t index);
  bool follow(std::size_t index);
  std::optional<int> watch(const WatchPoint& point, std::size_t index);
  void unwatch(const std::string& name, int watch, std::size_t index);
  std::set<std::size_t> files_of(std::uint32_t what, int watch, const std::string& name);
  void tell(File& file, const Content& content, const std::string& problem);
  std::set<std::size_t> all() const;

  loop::Loop& loop_;
  Outlets outlets_;
  UniqueFd inotify_;
  loop::Subscription readable_;
  std::vector<File> files_;
  std::map<int, FilesByName> watches_;          // one for each directory
  std::map<std::string, Content> told_before_;  // by path, of the list before this one
  std::optional<Instant> next_look_;
  bool has_complained_ = false;
};

}  // namespace baton::process
