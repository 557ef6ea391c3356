// What only the whole configuration can tell: names and virtual routers given twice, scripts nobody tracks, instances
// in two groups.
#pragma once

#include "config/arguments.h"
#include "config/blocks.h"
#include "config/model.h"

namespace baton::config {

void settle_whole(const Context& context, const Defaults& defaults, Configuration& configuration);

}  // namespace baton::config
