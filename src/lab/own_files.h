// What a machine sees of this computer's files: all of them, and whatever it writes it alone sees. Where the kernel has
// no overlay the files are read-only instead; what can be neither is an error, for a user's script runs there as root.
#pragma once

#include "base/sys_error.h"

namespace baton::lab {

// In a mount namespace of the caller's own, private, with an empty file system of its own at /run, and its own /proc.
SysResult<void> make_files_own();

}  // namespace baton::lab
