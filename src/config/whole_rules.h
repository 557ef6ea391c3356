// What only the whole configuration can tell: names and virtual routers given twice, scripts nobody tracks, instances
// in two groups.
#pragma once

#include "config/arguments.h"
#include "config/blocks.h"
#include "config/model.h"

namespace baton::config {

// Every command that the runner may have to start.
std::vector<const Command*> commands_of(const Configuration& configuration);

void settle_whole(const Context& context, const Defaults& defaults, Configuration& configuration);

}  // namespace baton::config
