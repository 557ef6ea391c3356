// What a process asks the kernel for itself: memory shared with its children, real-time scheduling, locked pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

// Zero-filled memory that children inherit and that others can be passed (memfd_create(2), MAP_SHARED). Unmapped with
// the object.
class SharedMemory {
 public:
  enum class Pages : std::uint8_t {
    now,           // all of them, so that no touch can fail or wait
    when_touched,  // much that most never need
  };
  static SysResult<SharedMemory> create(std::size_t size, Pages pages = Pages::now);
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        fd_(std::move(other.fd_)) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~SharedMemory();

  void* data() const { return memory_; }
  std::size_t size() const { return size_; }
  int fd() const { return fd_.get(); }  // -1: there is no memory

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
  UniqueFd fd_;
};

// How long a real-time process may run without a system call that sleeps (setrlimit(2), RLIMIT_RTTIME): then it gets
// SIGXCPU, then SIGKILL.
struct RealTimeLimit {
  std::uint64_t told_after_us = 0;
  std::uint64_t ended_after_us = 0;
};
// SCHED_RR at that priority (1..99), not inherited by children (sched(7), SCHED_RESET_ON_FORK).
SysResult<void> set_real_time(int priority, const RealTimeLimit& limit);

// -20..19, the lower the more of the processor (nice(2)).
SysResult<void> set_nice(int nice);

// Runs on these processors alone. Those that the machine does not have are left out; EINVAL when none is left.
SysResult<void> set_processors(std::span<const unsigned> processors);

// Of a name as `ip netns` knows it; its sockets and /proc/sys/net are ours from then on.
SysResult<void> enter_network_namespace(const std::string& name);
// Of a descriptor, as network_namespace() gives it.
SysResult<void> enter_network_namespace(int descriptor);
// The one that we are in.
SysResult<UniqueFd> network_namespace();

// Pages that are here stay here, and those to come once they are touched (mlockall(2), MCL_ONFAULT): what another part
// of this program needs, and what is still shared with the process that forked us, costs nothing. Our own program and
// data are touched now, so that a disk that hangs is nothing to us from here on.
SysResult<void> lock_memory();
// Before it, for a process that is to lose CAP_IPC_LOCK: else each page that it comes to need later counts against
// RLIMIT_MEMLOCK, and a stack that grows beyond that is SIGSEGV. Fails where the limit is finite and not ours to lift.
SysResult<void> lift_memory_lock_limit();

}  // namespace baton::kernel
