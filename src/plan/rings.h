// Which routers elect one master among them, and which addresses then have one fate. PURE.
#pragma once

#include "plan/network.h"

namespace baton::plan {

// Once it is known who hears whom.
void make_rings(Network& network);

}  // namespace baton::plan
