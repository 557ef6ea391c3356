// A text that one process hands to another as a descriptor (memfd_create(2)): of any size, and whoever takes it waits
// for nobody.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

SysResult<UniqueFd> memory_file(std::string_view text);
// From its beginning; EFBIG when it is longer than `most`.
SysResult<std::string> read_memory_file(const UniqueFd& file, std::size_t most);

}  // namespace baton::kernel
