// The words of the room `setup`, which everybody in the daemon speaks.
#pragma once

#include "setup/setup.h"

namespace baton::daemon {

using namespace setup;

}  // namespace baton::daemon
