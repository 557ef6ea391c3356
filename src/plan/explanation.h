// Why an address is where it is after an event, as one sentence, from what the cores said of it: the reasons of their
// transitions, and the priorities of that moment. PURE.
#pragma once

#include <span>
#include <string>

#include "plan/aftermath.h"

namespace baton::plan {

std::string explain(const Aftermath& it);

// "10.0.20.101, 10.0.20.102 and 7 more".
std::string to_text(std::span<const IpAddress> addresses);

// "3.61 s", "24 ms".
std::string to_text(Duration duration);
// "web1 and web2".
std::string to_text(std::span<const NodeId> nodes, const Network& network);

}  // namespace baton::plan
