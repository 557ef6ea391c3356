// What is waited for before addresses come and go (HookSetup): scripts, and what conntrackd is told.
#pragma once

#include "setup/setup.h"

namespace baton::setup {

// Behind all routers and groups.
void add_awaited_hooks(const config::Configuration& configuration, Setup& setup);

}  // namespace baton::setup
