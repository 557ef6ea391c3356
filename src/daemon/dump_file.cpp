#include "daemon/dump_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/unique_fd.h"

namespace baton::daemon {

namespace {

SysResult<void> fill(int fd, std::string_view text, mode_t mode, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count <= 0) return last_error("write " + path);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fchmod(fd, mode) < 0) return last_error("set the mode of " + path);
  return {};
}

}  // namespace

std::string temporary_directory() {
  const char* given = std::getenv("TMPDIR");
  struct stat status{};
  const bool is_usable = given != nullptr && given[0] == '/' && ::stat(given, &status) == 0 && S_ISDIR(status.st_mode);
  return is_usable ? given : "/tmp";
}

std::string dump_path(Dump dump, const config::Dumps& dumps, const std::string& directory) {
  const auto at = [&](const std::string& given, std::string_view name) {
    if (given.starts_with('/')) return given;
    return fmt::format("{}/{}", directory, given.empty() ? name : given);
  };
  switch (dump) {
    case Dump::data: return at(dumps.data_file, dumps.data_name);
    case Dump::stats:
    case Dump::stats_clear: return at(dumps.stats_file, "keepalived.stats");
    case Dump::json: return at(dumps.json_file, "keepalived.json");
  }
  return {};
}

SysResult<void> replace_file(const std::string& path, std::string_view text, mode_t mode, Durability durability) {
  std::string next = path + ".XXXXXX";
  const UniqueFd file(::mkostemp(next.data(), O_CLOEXEC));  // a name that nobody has, for us alone
  if (!file) return last_error("write " + path);
  auto done = fill(file.get(), text, mode, path);
  if (done && durability == Durability::disk && ::fsync(file.get()) < 0) done = last_error("write " + path);
  if (done && ::rename(next.c_str(), path.c_str()) < 0) done = last_error("write " + path);
  if (!done) (void)::unlink(next.c_str());
  return done;
}

}  // namespace baton::daemon
