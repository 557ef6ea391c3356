#include "daemon/forgetful_memory.h"

#include <malloc.h>
#include <string.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace baton::daemon {

namespace {

// No atomic: it changes at the beginning of a role, which has one thread.
constinit bool is_on = true;

void* get(std::size_t size) {
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void* get(std::size_t size, std::align_val_t alignment) {
  const auto boundary = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(boundary, (size + boundary - 1) / boundary * boundary)) return memory;
  throw std::bad_alloc();
}

// Not inlined: where a compiler knew what was asked for, it would not believe that there is more.
[[gnu::noinline]] void give_back(void* memory) noexcept {
  if (is_on && memory != nullptr) ::explicit_bzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

void forget_registers() {
#ifdef __x86_64__
  // 16 to 31, which memcpy(3) uses where there are so many; the compiler, for any machine of the kind, never does.
  if (__builtin_cpu_supports("avx512f")) {
    asm volatile(
        ".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n\t"
        "vpxorq %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
        ".endr" ::);
  }
  if (__builtin_cpu_supports("avx")) {
    asm volatile("vzeroall" ::
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15");
  }
#endif
}

}  // namespace

void be_forgetful(bool is_forgetful) {
  is_on = is_forgetful;
}

[[gnu::noinline]] void forget_stack() {
  constexpr std::size_t deep = std::size_t{512} << 10;
  std::array<char, deep> below;
  ::explicit_bzero(below.data(), below.size());
  forget_registers();
}

}  // namespace baton::daemon

// [replacement.functions]: those of arrays, and those that do not throw, call these.
void* operator new(std::size_t size) {
  return baton::daemon::get(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return baton::daemon::get(size, alignment);
}
void operator delete(void* memory) noexcept {
  baton::daemon::give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  baton::daemon::give_back(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  baton::daemon::give_back(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  baton::daemon::give_back(memory);
}
