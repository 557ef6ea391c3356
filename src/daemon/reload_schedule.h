// Reloads that a file asks for (reload_time_file, reload_repeat). The file is watched with inotify; it may come, change
// and go at any time.
#pragma once

#include <functional>

#include "base/unique_fd.h"
#include "config/model.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

class ReloadSchedule {
 public:
  ReloadSchedule(loop::Loop& loop, log::Logger& log, std::function<void()> reload);

  // What the configuration says, at the start and after each reload.
  void follow(const config::ReloadTimes& times);

 private:
  void watch();
  void on_change();
  void look();
  void on_timer();

  loop::Loop& loop_;
  log::Logger& log_;
  std::function<void()> reload_;
  config::ReloadTimes times_;
  std::optional<WallTime> due_;
  UniqueFd inotify_;
  loop::Subscription changed_;
  loop::Timer timer_;
};

// The sign that a configuration is being read (reload_file): there as long as this object is.
class ReloadMarker {
 public:
  // An empty path of the configuration stands for `default_path`. Nothing is made where nothing is configured.
  ReloadMarker(const config::ReloadTimes& times, const std::string& default_path, log::Logger& log);
  ReloadMarker(const ReloadMarker&) = delete;
  ReloadMarker& operator=(const ReloadMarker&) = delete;
  ~ReloadMarker();

 private:
  std::string path_;  // empty: none was made
};

}  // namespace baton::daemon
