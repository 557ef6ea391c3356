// How long a failover may take by the protocol and the configuration, whatever program runs. PURE.
#pragma once

#include "base/time.h"
#include "lab/topology.h"

namespace baton::lab {

// RFC 3768 §6.1 (seconds, whatever the interval), RFC 9568 §6.1.
Duration skew_time(const Target& target, int priority);
// Silence after which a backup of this priority takes over.
Duration master_down_interval(const Target& target, int priority);

}  // namespace baton::lab
