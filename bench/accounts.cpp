#include "accounts.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

namespace baton::bench {
namespace {

// Nanoseconds on a processor (proc(5), schedstat).
Duration own_time(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", process));
  std::int64_t nanoseconds = 0;
  file >> nanoseconds;
  return Duration(nanoseconds);
}

// cutime and cstime, fields 16 and 17, counted behind the name, which may hold anything.
Duration time_of_children(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 16; ++field) rest >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  rest >> user >> system;
  return std::chrono::nanoseconds(1'000'000'000 / sysconf(_SC_CLK_TCK)) * (user + system);
}

}  // namespace

Duration processor_time(const std::vector<pid_t>& processes) {
  Duration sum{};
  for (const pid_t process : processes) sum += own_time(process) + time_of_children(process);
  return sum;
}

std::uint64_t memory_kib(const std::vector<pid_t>& processes) {
  std::uint64_t sum = 0;
  for (const pid_t process : processes) {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", process));
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string key;
      std::uint64_t kib = 0;
      if (words >> key >> kib && key == "Pss:") sum += kib;
    }
  }
  return sum;
}

}  // namespace baton::bench
