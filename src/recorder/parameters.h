// What a node was made of, as bytes: names, priorities, intervals, what is tracked. No password and no key is among
// the parameters of the core (docs/decisions/0012).
#pragma once

#include "base/compact.h"
#include "vrrp/node.h"

namespace baton::recorder {

void write(const vrrp::NodeParameters& parameters, CompactWriter& out);
// What no node can be made of makes in.ok() false.
vrrp::NodeParameters read_parameters(CompactReader& in);

}  // namespace baton::recorder
