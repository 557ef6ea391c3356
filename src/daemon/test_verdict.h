// The exit codes of keepalived's -t, as 2.2.7 was seen to have them (docs/keepalived.md).
#pragma once

#include "config/load.h"

namespace baton::daemon {

// Scripts that keepalived calls a security violation: they run, and enable_script_security is not set.
bool has_open_scripts(const config::LoadResult& result);

// `has_problems`: the parts do not fit together, whatever the files say. `include_check`: -e.
int keepalived_test_code(const config::LoadResult& result, bool has_problems, bool include_check);

}  // namespace baton::daemon
