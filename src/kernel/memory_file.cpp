#include "kernel/memory_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace baton::kernel {

SysResult<UniqueFd> memory_file(std::string_view text) {
  UniqueFd file(::memfd_create("baton", MFD_CLOEXEC));
  if (!file) return last_error("memfd_create");
  while (!text.empty()) {
    const ssize_t count = ::write(file.get(), text.data(), text.size());
    if (count < 0) return last_error("write to memory");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return file;
}

SysResult<std::string> read_memory_file(const UniqueFd& file, std::size_t most) {
  struct stat status{};
  if (::fstat(file.get(), &status) < 0) return last_error("fstat");
  if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) > most) {
    return std::unexpected(SysError{"read from memory", EFBIG});
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t read = 0;
  while (read < text.size()) {
    const ssize_t count = ::pread(file.get(), text.data() + read, text.size() - read, static_cast<off_t>(read));
    if (count <= 0) return last_error("read from memory");
    read += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace baton::kernel
