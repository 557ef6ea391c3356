#include "lab/own_files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace baton::lab {
namespace {

// These are made anew for a machine, or are the kernel's.
constexpr std::array apart{"/proc", "/sys", "/dev", "/run"};

bool is_below(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

// The directories of the root, and every file system mounted below one of them: a layer over the one hides the other.
std::vector<std::string> directories() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/", error)) {
    const std::string path = entry.path().string();
    if (!entry.is_symlink(error) && entry.is_directory(error) && std::ranges::find(apart, path) == apart.end()) {
      found.push_back(path);
    }
  }
  std::ranges::sort(found);
  const std::vector<std::string> tops = found;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {  // proc(5): id parent device root MOUNT-POINT ...
    std::istringstream fields(line);
    std::string path;
    for (int field = 0; field < 5; ++field) fields >> path;
    struct stat status{};
    const bool is_nested = std::ranges::any_of(tops, [&](const std::string& top) { return is_below(path, top); });
    const bool is_known = std::ranges::find(found, path) != found.end();
    if (is_nested && !is_known && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) found.push_back(path);
  }
  return found;
}

SysResult<void> make_directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0) return last_error("make " + path);
  return {};
}

// Writes go to a layer in memory. `original` is the directory as it was before others were laid over its parents.
SysResult<void> overlay(const std::string& directory, int original, const std::string& layers) {
  const std::string upper = layers + "/upper";
  const std::string work = layers + "/work";
  TRY_VOID(make_directory(layers, 0755));
  TRY_VOID(make_directory(upper, 0755));
  TRY_VOID(make_directory(work, 0755));
  struct stat status{};
  if (fstat(original, &status) == 0) (void)chmod(upper.c_str(), status.st_mode & 07777);  // /tmp is sticky
  const std::string options = fmt::format("lowerdir=/proc/self/fd/{},upperdir={},workdir={}", original, upper, work);
  if (mount("overlay", directory.c_str(), "overlay", 0, options.c_str()) != 0)
    return last_error("overlay " + directory);
  return {};
}

SysResult<void> make_read_only(const std::string& directory, unsigned how_far = AT_RECURSIVE) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (mount_setattr(AT_FDCWD, directory.c_str(), how_far, &attributes, sizeof(attributes)) != 0) {
    return last_error("protect " + directory + " from the lab's programs (neither overlay nor read-only)");
  }
  return {};
}

SysResult<void> bind_read_only(const std::string& directory, int original) {
  const std::string source = fmt::format("/proc/self/fd/{}", original);
  if (mount(source.c_str(), directory.c_str(), nullptr, MS_BIND, nullptr) != 0) return last_error("bind " + directory);
  return make_read_only(directory);
}

SysResult<void> make_own(const std::string& directory, int original, const std::string& layers) {
  if (overlay(directory, original, layers)) return {};
  if (directory != "/tmp") return bind_read_only(directory, original);
  if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m") != 0) return last_error("mount /tmp");
  return {};
}

// What a script could change for the whole computer. A kernel that forbids the protection forbids the change as well.
void protect_kernel_settings() {
  for (const char* path : {"/proc/sysrq-trigger", "/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs"}) {
    if (mount(path, path, nullptr, MS_BIND, nullptr) == 0) (void)make_read_only(path);
  }
}

}  // namespace

SysResult<void> make_files_own() {
  TRY_VOID(make_directory("/run/.layers", 0700));
  const std::vector<std::string> paths = directories();
  std::vector<UniqueFd> originals;
  for (const std::string& path : paths) {
    originals.emplace_back(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!originals[i]) continue;                        // gone, or nobody's to enter
    if (access(paths[i].c_str(), F_OK) != 0) continue;  // its place is in a layer that does not show it
    TRY_VOID(make_own(paths[i], originals[i].get(), fmt::format("/run/.layers/{}", i)));
  }
  TRY_VOID(make_read_only("/", 0));  // what lies in none of the directories
  // The interfaces in /sys are those of the network namespace it was mounted in.
  if (mount("sysfs", "/sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    TRY_VOID(make_read_only("/sys"));
  }
  protect_kernel_settings();
  return {};
}

}  // namespace baton::lab
