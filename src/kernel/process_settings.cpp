#include "kernel/process_settings.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

namespace baton::kernel {

SysResult<SharedMemory> SharedMemory::create(std::size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return last_error("map shared memory");
  SharedMemory shared;
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
  if (!file) return last_error("open the network namespace");
  if (::setns(file.get(), CLONE_NEWNET) != 0) return last_error("enter the network namespace");
  return {};
}

// Under a lock a page is paid for when it is mapped: what was freed is kept, and large blocks come from the heap too.
SysResult<void> lock_memory() {
  (void)::mallopt(M_MMAP_MAX, 0);
  (void)::mallopt(M_TRIM_THRESHOLD, -1);
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) < 0) return last_error("lock memory");
  return {};
}

}  // namespace baton::kernel
