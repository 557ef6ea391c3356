#include "process/proc_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <string_view>

#include "base/unique_fd.h"

namespace baton::process {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { (void)closedir(directory); }
};

std::optional<pid_t> pid_of(std::string_view name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

template <std::size_t size>
std::string_view read_file(pid_t pid, std::string_view name, std::array<char, size>& buffer) {
  const UniqueFd file(open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? read(file.get(), buffer.data(), buffer.size()) : -1;
  return {buffer.data(), static_cast<std::size_t>(got < 0 ? 0 : got)};
}

}  // namespace

void for_each_process(const std::function<void(pid_t)>& visit) {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir("/proc"));
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    if (const auto pid = pid_of(entry->d_name)) visit(*pid);
  }
}

// "PID (COMM) STATE ...", where COMM may hold anything.
std::optional<ProcessStatus> status_of(pid_t pid) {
  std::array<char, 1'024> buffer{};
  const std::string_view text = read_file(pid, "stat", buffer);
  const std::size_t begin = text.find('(');
  const std::size_t end = text.rfind(')');
  if (begin == text.npos || end == text.npos || end < begin || end + 2 >= text.size()) return std::nullopt;
  return ProcessStatus{.comm = std::string(text.substr(begin + 1, end - begin - 1)), .state = text[end + 2]};
}

std::vector<std::string> command_line_of(pid_t pid) {
  static std::array<char, 65'536> buffer;  // one thread; too large for a stack
  std::string_view text = read_file(pid, "cmdline", buffer);
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Duration processor_time() {
  rusage usage{};
  (void)getrusage(RUSAGE_SELF, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

bool is_still_there(int pidfd) {
  return syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) == 0 || errno != ESRCH;
}

}  // namespace baton::process
