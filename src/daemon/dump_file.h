// Where the files that a signal asks for stand, and how they get there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sys_error.h"
#include "config/model.h"
#include "daemon/channel.h"

namespace baton::daemon {

// TMPDIR where it is the absolute path of a directory, else /tmp, as keepalived has it.
std::string temporary_directory();

// A path of the configuration that is not absolute begins in `directory`.
std::string dump_path(Dump dump, const config::Dumps& dumps, const std::string& directory);

// The whole file at once: whoever reads meanwhile reads the old one. A link at `path` is replaced, never followed.
enum class Durability : std::uint8_t { cache, disk };  // disk: its bytes are on it before the name is
SysResult<void> replace_file(const std::string& path, std::string_view text, mode_t mode,
                             Durability durability = Durability::cache);

}  // namespace baton::daemon
