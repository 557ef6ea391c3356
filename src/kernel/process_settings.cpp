#include "kernel/process_settings.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace baton::kernel {

SysResult<SharedMemory> SharedMemory::create(std::size_t size, Pages pages) {
  UniqueFd fd(::memfd_create("baton", MFD_CLOEXEC));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(size)) < 0) return last_error("shared memory");
  const int flags = MAP_SHARED | (pages == Pages::now ? MAP_POPULATE : 0);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd.get(), 0);
  if (memory == MAP_FAILED) return last_error("map shared memory");
  SharedMemory shared;
  shared.fd_ = std::move(fd);
  shared.memory_ = memory;
  shared.size_ = size;
  return shared;
}

SharedMemory::~SharedMemory() {
  if (memory_ != nullptr) (void)::munmap(memory_, size_);
}

SysResult<void> set_real_time(int priority, const RealTimeLimit& limit) {
  const rlimit time{.rlim_cur = limit.told_after_us, .rlim_max = limit.ended_after_us};
  (void)::setrlimit(RLIMIT_RTTIME, &time);
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) < 0)
    return last_error("real-time scheduling");
  return {};
}

SysResult<void> set_nice(int nice) {
  if (::setpriority(PRIO_PROCESS, 0, nice) < 0) return last_error("set the nice value");
  return {};
}

SysResult<void> set_processors(std::span<const unsigned> processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned processor : processors) {
    if (processor < CPU_SETSIZE) CPU_SET(processor, &set);
  }
  if (::sched_setaffinity(0, sizeof(set), &set) < 0) return last_error("choose processors");
  return {};
}

SysResult<void> enter_network_namespace(const std::string& name) {
  const std::string path = name.find('/') == std::string::npos ? "/run/netns/" + name : name;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return last_error("open the network namespace " + name);
  return enter_network_namespace(file.get());
}

SysResult<void> enter_network_namespace(int descriptor) {
  if (::setns(descriptor, CLONE_NEWNET) != 0) return last_error("enter the network namespace");
  return {};
}

SysResult<UniqueFd> network_namespace() {
  UniqueFd file(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!file) return last_error("open our own network namespace");
  return file;
}

namespace {

// A mapping that is larger is address space set aside, as sanitizers do, and not memory in use.
constexpr std::size_t reservation = std::size_t{1} << 30;

// A line of /proc/self/maps.
struct Mapping {
  char* begin = nullptr;
  std::size_t size = 0;
  bool is_writable = false;
  std::string file;
};

std::vector<Mapping> mappings() {
  std::vector<Mapping> result;
  std::ifstream file("/proc/self/maps");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::string access;
    std::string skipped;
    Mapping mapping;
    words >> std::hex >> begin >> dash >> end >> access >> skipped >> skipped >> skipped >> mapping.file;
    if (access.size() < 4 || access[0] != 'r') continue;
    mapping.begin = reinterpret_cast<char*>(begin);
    mapping.size = end - begin;
    mapping.is_writable = access[1] == 'w' && access[3] == 'p';
    result.push_back(std::move(mapping));
  }
  return result;
}

// Every step goes through these; the other libraries belong to other processes of the same program.
bool is_of_every_step(const std::string& file, const std::string& program) {
  constexpr std::array<std::string_view, 5> libraries{"/libc.so.", "/libstdc++.so.", "/libevent_core-", "/libmnl.so.",
                                                      "/libfmt.so."};
  return file == program ||
         std::ranges::any_of(libraries, [&](std::string_view each) { return file.find(each) != std::string::npos; });
}

}  // namespace

SysResult<void> lift_memory_lock_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) return {};
  limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) < 0) return last_error("lift RLIMIT_MEMLOCK");
  return {};
}

// Under a lock a page is paid for when it is mapped: what was freed is kept, and large blocks come from the heap too.
SysResult<void> lock_memory() {
  (void)::mallopt(M_MMAP_MAX, 0);
  (void)::mallopt(M_TRIM_THRESHOLD, -1);
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0) return last_error("lock memory");
  std::error_code ignored;  // without /proc nothing is touched, and all is locked as it is used
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  for (const Mapping& mapping : mappings()) {
    if (mapping.size > reservation) continue;
    if (!mapping.is_writable && !is_of_every_step(mapping.file, program)) continue;
    (void)::madvise(mapping.begin, mapping.size, MADV_POPULATE_READ);  // an old kernel cannot: the same
  }
  return {};
}

}  // namespace baton::kernel
