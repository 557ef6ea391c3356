#include "config/disk_file_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/program_search_path.h"
#include "base/unique_fd.h"
#include "config/limits.h"

namespace baton::config {
namespace {

constexpr mode_t any_execute_bit = S_IXUSR | S_IXGRP | S_IXOTH;

// By the pattern of this moment: the functions that glob(3) calls have no argument of ours.
thread_local std::size_t looked_at = 0;
bool look() {
  return ++looked_at <= limits::names_looked_at;
}

ProgramState state_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? ProgramState::missing : ProgramState::unknown;
  }
  if (!S_ISREG(status.st_mode)) return ProgramState::not_executable;
  return (status.st_mode & any_execute_bit) != 0 ? ProgramState::runnable : ProgramState::not_executable;
}

}  // namespace

std::expected<std::string, FileError> DiskFileReader::read(const std::string& path) {
  // Non-blocking: a FIFO must not keep us.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) {
    const bool is_missing = errno == ENOENT || errno == ENOTDIR;
    return std::unexpected(is_missing ? FileError::missing : FileError::unreadable);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return std::unexpected(FileError::unreadable);
  if (S_ISDIR(status.st_mode)) return std::unexpected(FileError::directory);
  if (!S_ISREG(status.st_mode)) return std::unexpected(FileError::not_regular);
  if ((status.st_mode & any_execute_bit) != 0) return std::unexpected(FileError::executable);
  if (status.st_size > static_cast<off_t>(limits::file_bytes)) return std::unexpected(FileError::too_large);
  std::string text;
  text.reserve(static_cast<std::size_t>(status.st_size));
  std::array<char, 65'536> buffer{};
  while (true) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(FileError::unreadable);
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > limits::file_bytes) return std::unexpected(FileError::too_large);  // it grew while we read
  }
}

std::optional<bool> DiskFileReader::is_private(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return (status.st_mode & (S_IRGRP | S_IROTH)) == 0;
}

// Whoever reads a configuration again has others to look after: a pattern may not walk through a whole disk.
std::expected<std::vector<std::string>, FileError> DiskFileReader::glob(const std::string& pattern) {
  glob_t found{};
  found.gl_opendir = [](const char* path) -> void* { return look() ? ::opendir(path) : nullptr; };
  found.gl_readdir = [](void* directory) -> dirent* {
    return look() ? ::readdir(static_cast<DIR*>(directory)) : nullptr;
  };
  found.gl_closedir = [](void* directory) { (void)::closedir(static_cast<DIR*>(directory)); };
  found.gl_stat = [](const char* path, struct stat* status) { return look() ? ::stat(path, status) : -1; };
  found.gl_lstat = [](const char* path, struct stat* status) { return look() ? ::lstat(path, status) : -1; };
  looked_at = 0;
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_ALTDIRFUNC, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  if (looked_at > limits::names_looked_at) return std::unexpected(FileError::too_large);
  return paths;
}

ProgramState DiskFileReader::program(const std::string& name) {
  if (name.find('/') != std::string::npos) return state_of(name);
  std::string_view rest = program_search_path;  // of the daemon, whoever asks
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string directory(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (state_of(directory + "/" + name) == ProgramState::runnable) return ProgramState::runnable;
  }
  return ProgramState::missing;
}

std::optional<bool> DiskFileReader::has_user(const std::string& name) {
  if (!std::exchange(has_read_local_users_, true)) read_local_users();
  const auto [found, is_new] = users_.try_emplace(name);
  if (is_new && accounts_ == Accounts::all) found->second = ask_for_user(name);
  return found->second;
}

void DiskFileReader::read_local_users() {
  std::ifstream file("/etc/passwd");
  for (std::string line; std::getline(file, line);) users_.insert_or_assign(line.substr(0, line.find(':')), true);
}

std::optional<bool> DiskFileReader::ask_for_user(const std::string& name) {
  if (asked_ >= limits::accounts) return std::nullopt;
  std::array<char, 16'384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const bool is_answered = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0;
  asked_ = is_answered ? asked_ + 1 : limits::accounts;  // who fails once, mostly after a long wait, fails again
  return is_answered ? std::optional(found != nullptr) : std::nullopt;
}

std::optional<std::string> DiskFileReader::environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

std::string DiskFileReader::working_directory() {
  std::array<char, PATH_MAX> path{};
  return ::getcwd(path.data(), path.size()) != nullptr ? std::string(path.data()) : std::string("/");
}

std::string DiskFileReader::host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("localhost");
}

}  // namespace baton::config
