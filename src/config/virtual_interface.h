// Readers of the keywords about interfaces that a router makes for itself.
#pragma once

#include <optional>

#include "config/arguments.h"
#include "config/model.h"

namespace baton::config {

VirtualInterface read_virtual_interface(const Arguments& arguments, VirtualInterface::Kind kind);

// "[all] SECONDS"; nothing, reported, when it is something else.
std::optional<ExtraAnnouncements> read_extra_announcements(const Arguments& arguments, bool may_be_zero);

}  // namespace baton::config
