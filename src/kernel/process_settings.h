// What a process asks the kernel for itself: memory shared with its children, real-time scheduling, locked pages.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

// Zero-filled memory that children inherit (MAP_SHARED, anonymous). Unmapped with the object.
class SharedMemory {
 public:
  static SysResult<SharedMemory> create(std::size_t size);
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~SharedMemory();

  void* data() const { return memory_; }
  std::size_t size() const { return size_; }

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

// SCHED_RR at that priority (1..99), not inherited by children (sched(7), SCHED_RESET_ON_FORK).
SysResult<void> set_real_time(int priority);

// Of a name as `ip netns` knows it; its sockets and /proc/sys/net are ours from then on.
SysResult<void> enter_network_namespace(const std::string& name);

// Pages that are here stay here, and those to come (mlockall(2)).
SysResult<void> lock_memory();

}  // namespace baton::kernel
