// The content of a reload_time_file: when the configuration shall be read anew. Pure: text and time in, time out.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace baton::daemon {

// What the file's first line says: "HH:MM:SS" (the next time it is so late), "YY-MM-DD HH:MM:SS" or
// "YYYY-MM-DD HH:MM:SS", local time or, with a Z behind, UTC. nullopt: it says nothing of the kind, or a date that is
// over.
std::optional<WallTime> next_reload(std::string_view text, WallTime now);

}  // namespace baton::daemon
