// The outside world as the configuration room may see it. The real one is DiskFileReader; tests and fuzzers have one in
// memory. Paths may be relative to the process's working directory.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::config {

enum class FileError : std::uint8_t {
  missing,
  directory,
  not_regular,  // a FIFO, a device, a socket
  executable,   // keepalived refuses files with an x bit: most likely a script
  unreadable,   // permission or I/O error
  too_large,    // see limits.h
};
// "does not exist", "is a directory", ...
std::string_view explain(FileError error);

// What would happen if a program were started.
enum class ProgramState : std::uint8_t { runnable, missing, not_executable, unknown };

class FileReader {
 public:
  virtual ~FileReader() = default;

  // The whole file. At most limits::file_bytes.
  virtual std::expected<std::string, FileError> read(const std::string& path) = 0;
  // Nobody but its owner and root may read it; nullopt: not known, or another machine's.
  virtual std::optional<bool> is_private(const std::string&) { return std::nullopt; }
  // The paths that match a pattern of glob(7), sorted. Braces are not its business. too_large: it has to look at more
  // than limits::names_looked_at names.
  virtual std::expected<std::vector<std::string>, FileError> glob(const std::string& pattern) = 0;
  // A program by its path, or by its name along program_search_path. `unknown`: the files are another machine's.
  virtual ProgramState program(const std::string& name) = 0;
  // Whether an account exists; nullopt: the accounts are another machine's.
  virtual std::optional<bool> has_user(const std::string& name) = 0;
  // getenv(3).
  virtual std::optional<std::string> environment(const std::string& name) = 0;
  virtual std::string working_directory() = 0;
  virtual std::string host_name() = 0;
};

}  // namespace baton::config
