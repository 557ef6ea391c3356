// Reads the rules of nf_tables from the kernel. Changes nothing; needs CAP_NET_ADMIN.
#pragma once

#include "base/sys_error.h"
#include "kernel/ruleset.h"

namespace baton::kernel {

// EPERM: not allowed to look. A kernel without nf_tables has no rules.
SysResult<Ruleset> dump_ruleset();

}  // namespace baton::kernel
