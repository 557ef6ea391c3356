// setup_of, for the tests of the daemon.
#pragma once

#include "daemon/setup.h"
#include "unit/setup/made_setup.h"
