// startup_script and shutdown_script: run once, before the first worker and after everybody else, and waited for.
// Whether it succeeds is said and changes nothing, as with keepalived.
#pragma once

#include "daemon/setup.h"
#include "kernel/channel.h"
#include "log/logger.h"

namespace baton::daemon {

// At most its timeout: then it gets SIGTERM, and two seconds later SIGKILL. Does nothing where there is none. By a
// child of ours, so that looking up its user cannot hold us up for longer either.
void run_once(const OnceScript& script, std::string_view what, const process::ScriptRules& rules,
              const log::Options& log_options);

// The same by a runner that was called for it (call_runner), and that ends with it.
void run_once(const OnceScript& script, std::string_view what, const process::ScriptRules& rules, log::Logger& log,
              const kernel::Channel& runner);

}  // namespace baton::daemon
