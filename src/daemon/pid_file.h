// The pid file: says who runs, and by its lock that somebody does. Removed with the object, by the process that made
// it.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "base/unique_fd.h"

namespace baton::daemon {

// A directory and those above it, mode 0755, where they are not there yet.
void make_directories(const std::string& path);

class PidFile {
 public:
  struct Refusal {
    std::string sentence;
    bool is_held = false;  // by a daemon that runs; else it cannot be written
  };
  static std::expected<PidFile, Refusal> create(const std::string& path);
  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = default;
  ~PidFile();

 private:
  PidFile(UniqueFd fd, std::string path, pid_t owner) : fd_(std::move(fd)), path_(std::move(path)), owner_(owner) {}
  UniqueFd fd_;
  std::string path_;
  pid_t owner_ = 0;
};

}  // namespace baton::daemon
