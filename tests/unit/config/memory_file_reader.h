// A file system in a map, for tests, golden files and fuzzing. Programs under /usr/bin exist; so do the users root and
// keepalived_script.
#pragma once

#include <fnmatch.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/file_reader.h"

namespace baton::config {

class MemoryFileReader : public FileReader {
 public:
  using Files = std::map<std::string, std::expected<std::string, FileError>>;

  bool has_script_user = true;  // the account keepalived_script

  MemoryFileReader() = default;
  explicit MemoryFileReader(Files files) : files_(std::move(files)) {}

  void add(const std::string& path, std::expected<std::string, FileError> content) {
    files_.insert_or_assign(path, std::move(content));
  }

  std::expected<std::string, FileError> read(const std::string& path) override {
    const auto found = files_.find(path);
    if (found == files_.end()) return std::unexpected(FileError::missing);
    return found->second;
  }
  std::optional<bool> is_private(const std::string& path) override { return !path.contains("open-to-all"); }
  std::expected<std::vector<std::string>, FileError> glob(const std::string& pattern) override {
    std::vector<std::string> paths;
    for (const auto& [path, content] : files_) {
      if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) paths.push_back(path);
    }
    return paths;
  }
  ProgramState program(const std::string& name) override {
    if (name.starts_with("/usr/bin/") || name.find('/') == std::string::npos) return ProgramState::runnable;
    return name.starts_with("/etc/") ? ProgramState::not_executable : ProgramState::missing;
  }
  std::optional<bool> has_user(const std::string& name) override {
    return name == "root" || (name == "keepalived_script" && has_script_user);
  }
  std::optional<std::string> environment(const std::string& name) override {
    if (name == "CREDENTIALS_DIRECTORY") return "/run/credentials/baton.service";
    return name == "SITE" ? std::optional<std::string>("berlin") : std::nullopt;
  }
  std::string working_directory() override { return "/etc/baton"; }
  std::string host_name() override { return "web1.example.net"; }

 private:
  Files files_;
};

}  // namespace baton::config
